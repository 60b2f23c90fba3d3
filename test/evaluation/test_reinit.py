# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import read_sequence
from re3_ros.evaluation import pool, run_reinitialised

FAR = np.array([100.0, 70, 110, 80])


class Follower:
    """Says the truth, except on the frames named in `lost`, where it is far off."""

    def __init__(self, truth, lost, log):
        self.truth, self.lost, self.log = truth, lost, log

    def init(self, image, box):
        self.index = int(np.argmax((self.truth == box).all(axis=1)))
        self.log.append(self.index)

    def update(self, image):
        self.index += 1
        return FAR if self.index in self.lost else self.truth[self.index]


@pytest.fixture
def run(write, tmp_path):
    """Return a function that runs the protocol with a tracker lost on some of 40 frames."""

    def _run(lost=(), absent=None):
        boxes = np.array([[2 + i, 20, 12, 12] for i in range(40)], float)
        sequence = read_sequence(write(tmp_path / "s", boxes, absent))
        truth = np.array([[2 + i, 20, 14 + i, 32] for i in range(40)], float)
        starts = []
        return run_reinitialised(lambda: Follower(truth, lost, starts), sequence), starts

    return _run


def counted(result):
    return np.flatnonzero(~np.isnan(result.overlaps)).tolist()


def test_without_a_drop_every_frame_counts(run):
    result, starts = run()
    assert starts == [0]
    assert (result.frames, result.drops, result.accuracy, result.robustness) == (40, 0, 1, 1)
    assert result.average == 1


def test_a_drop_skips_5_frames_starts_anew_and_burns_10(run):
    result, starts = run(lost={7})
    assert starts == [0, 13]
    assert counted(result) == [*range(8), *range(23, 40)]
    assert result.overlaps[7] == 0
    assert (result.frames, result.drops) == (25, 1)
    assert result.accuracy == pytest.approx(24 / 25)
    assert result.robustness == pytest.approx(np.exp(-30 / 25))


def test_no_drop_is_seen_while_burning_in(run):
    result, starts = run(lost={7, 15, 22})
    assert starts == [0, 13]
    assert result.drops == 1


def test_the_first_counted_frame_may_drop_again(run):
    result, starts = run(lost={7, 23})
    assert starts == [0, 13, 29]
    assert counted(result) == [*range(8), 23, 39]
    assert result.drops == 2


def test_a_start_waits_until_the_target_is_there(run):
    absent = [0] * 40
    absent[12:16] = [1] * 4
    result, starts = run(lost={7}, absent=absent)
    assert starts == [0, 16]
    assert counted(result) == [*range(8), *range(26, 40)]


def test_absent_frames_neither_count_nor_drop(run):
    absent = [0] * 40
    absent[20:24] = [1] * 4
    result, starts = run(lost={21}, absent=absent)
    assert starts == [0]
    assert (result.frames, result.drops) == (36, 0)


def test_a_drop_on_the_last_frames_starts_nothing(run):
    result, starts = run(lost={36})
    assert starts == [0]
    assert counted(result) == list(range(37))
    assert result.drops == 1


def test_a_crash_counts_as_lost_from_beginning_to_end(sequence_folder, scripted, boxes):
    sequence = read_sequence(sequence_folder)
    result = run_reinitialised(lambda: scripted([boxes[1], RuntimeError("no")]), sequence)
    assert result.failure == "frame 3 of 12: RuntimeError: no"
    assert result.accuracy == 0
    assert result.robustness < 1e-12


def test_sequences_are_pooled_by_frames(run, sequence_folder, scripted, boxes):
    dropped, _ = run(lost={7})
    good = run_reinitialised(lambda: scripted(boxes[1:]), read_sequence(sequence_folder))
    both = pool([dropped, good])
    assert (both.frames, both.drops, both.failure) == (37, 1, None)
    assert both.accuracy == pytest.approx(36 / 37)
    assert both.robustness == pytest.approx(np.exp(-30 / 37))
