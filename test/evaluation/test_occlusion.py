# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from re3_ros.datasets import Sequence, read_sequences
from re3_ros.evaluation import (
    SequenceResult,
    Trajectory,
    auc,
    occluded_frames,
    occlusion,
    occlusion_table,
)

BOX = np.array([10.0, 10.0, 30.0, 30.0])
FAR = BOX + 500


def make_sequence(name="made", frames=10, occluded=None):
    flags = None if occluded is None else np.isin(np.arange(frames), occluded)
    paths = tuple(Path(f"{i}.jpg") for i in range(frames))
    return Sequence(name, paths, np.tile(BOX, (frames, 1)), occluded=flags)


def make_result(sequence, missed=()):
    """Return a track that is perfect but for the missed frames."""
    boxes = np.tile(BOX, (len(sequence), 1))
    boxes[list(missed)] = FAR
    track = Trajectory(boxes, np.full(len(boxes), np.nan), np.zeros(len(boxes)))
    return SequenceResult(sequence.name, sequence.truth, track, sequence)


PERFECT = auc(BOX[None], BOX[None])


def test_three_readings():
    hidden = make_sequence("hidden", 10, occluded=[4, 5, 6, 7])
    clear = make_sequence("clear", 30)
    (row,) = occlusion({"t": [make_result(hidden, [6, 7, 8]), make_result(clear, range(15))]})
    assert (row.frames, row.sequences) == (4, 1)
    assert row.by_sequence == pytest.approx((0.7 * PERFECT, 0.5 * PERFECT))
    assert row.by_frame == pytest.approx((22 / 40 * PERFECT, 0.5 * PERFECT))
    assert row.by_attribute == pytest.approx((0.6 * PERFECT, 0.7 * PERFECT))
    assert row.by_sequence.loss == pytest.approx(2 / 7)
    assert row.by_attribute.loss == pytest.approx(-1 / 6)
    assert (row.everywhere, row.occluded) == tuple(row.by_sequence)


def test_every_sequence_counts_the_same_by_sequence():
    short = make_sequence("short", 10, occluded=[0])
    long = make_sequence("long", 100, occluded=range(50))
    results = [make_result(short), make_result(long, range(100))]
    (row,) = occlusion({"t": results})
    assert row.by_sequence == pytest.approx((PERFECT / 2, PERFECT / 2))
    assert row.by_frame.occluded == pytest.approx(PERFECT / 51)


def test_absent_targets_are_not_occluded():
    sequence = make_sequence("hidden", 10, occluded=[4, 5])
    truth = sequence.truth.copy()
    truth[5] = np.nan
    (row,) = occlusion({"t": [make_result(replace(sequence, truth=truth))]})
    assert row.frames == 1


def test_without_labels_there_is_no_row():
    results = {"t": [make_result(make_sequence())]}
    assert occluded_frames(make_sequence()) is None
    assert occlusion(results) == []
    assert "No sequence" in occlusion_table(results).note
    assert occlusion({"t": [make_result(make_sequence(occluded=[]))]}) == []


def test_the_smallest_loss_comes_first_and_a_tracker_that_never_hits_last():
    sequence = make_sequence("hidden", 10, occluded=[4, 5])
    table = occlusion_table(
        {
            "never": [make_result(sequence, range(10))],
            "loses": [make_result(sequence, [5])],
            "holds": [make_result(sequence)],
        }
    )
    assert [row[0] for row in table.rows] == ["holds", "loses", "never"]
    assert table.texts()[0][1:4] == [f"{PERFECT:.3f}", f"{PERFECT:.3f}", "0.0"]
    assert table.texts()[2][3] == ""  # no share of nothing
    assert table.bold()[0][1:4] == [True, True, True]
    assert table.bold()[1][3] is False


def test_labels_hold_for_a_sequence_of_the_same_name_and_length():
    flags = occluded_frames(make_sequence("Jogging1", 307))
    assert np.flatnonzero(flags)[[0, -1]].tolist() == [64, 78]  # frames 65 to 79
    assert np.flatnonzero(occluded_frames(make_sequence("Jogging1", 307), ["fully"])).size == 6
    assert occluded_frames(make_sequence("Jogging1", 306)) is None
    own = make_sequence("Jogging1", 307, occluded=[3])
    assert np.flatnonzero(occluded_frames(own)).tolist() == [3]


def test_labels_are_those_of_the_frames_that_a_slow_camera_shows(monkeypatch):
    from re3_ros.evaluation import _occlusion

    rows = ({"first": "4", "last": "8", "degree": _occlusion.DEGREES[0]},)
    asked = []
    monkeypatch.setattr(_occlusion, "label_rows", lambda table, s: asked.append(s) or rows)
    whole = make_sequence(frames=11)
    slow = whole.every(3)
    assert (len(slow), slow.stride, slow.video_frames) == (4, 3, 11)
    assert [path.name for path in slow.frames] == ["0.jpg", "3.jpg", "6.jpg", "9.jpg"]
    np.testing.assert_array_equal(occluded_frames(slow), occluded_frames(whole)[::3])
    assert occluded_frames(slow).tolist() == [False, True, True, False]
    assert whole.every(1) is whole
    flagged = make_sequence(frames=11, occluded=[3, 4]).every(3)
    assert occluded_frames(flagged).tolist() == [False, True, False, False]
    assert slow.every(2).stride == 6


def test_labels_fit_the_public_sequences(shared):
    sequences = read_sequences(shared / "data" / "bench")
    flags = {s.name: f for s in sequences if (f := occluded_frames(s)) is not None}
    assert len(flags) == 7
    assert sum(f.sum() for f in flags.values()) == 410
    assert not any(f[0] for f in flags.values())
