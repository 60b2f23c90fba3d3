# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.datasets import read_sequence, read_sequences
from re3_ros.errors import ConfigError
from re3_ros.evaluation import mean_auc, run_ope, run_sequence


@pytest.fixture
def sequence(sequence_folder):
    return read_sequence(sequence_folder)


def test_a_tracker_that_knows_the_truth_is_perfect(sequence, scripted, boxes):
    (result,) = run_ope(lambda: scripted(boxes[1:]), [sequence])
    assert result.trajectory.failure is None
    assert result.mean_iou == 1
    assert result.auc == pytest.approx(20 / 21)
    assert result.precision == 1
    assert result.normalised_precision == 1


def test_figures_of_a_tracker_that_stays_put_by_hand(sequence, scripted, boxes):
    (result,) = run_ope(lambda: scripted([boxes[0]] * 11), [sequence])
    expected = [max(20 - 2 * i, 0) / (20 + min(2 * i, 20)) for i in range(12)]
    np.testing.assert_allclose(result.overlaps, expected)
    assert result.precision == pytest.approx(11 / 12)  # the last centre is 22 pixels off


def test_the_tracker_gets_first_box_and_all_frames_once(sequence, scripted, boxes):
    tracker = scripted(boxes[1:])
    run_sequence(lambda: tracker, sequence)
    np.testing.assert_array_equal(tracker.starts, boxes[:1])
    assert len(tracker.images) == 12
    np.testing.assert_array_equal(tracker.images[5], sequence.read(5))


def test_a_tracker_may_ask_for_bgr(sequence, scripted, boxes):
    tracker = scripted(boxes[1:], colour="bgr")
    run_sequence(lambda: tracker, sequence)
    np.testing.assert_array_equal(tracker.images[3], sequence.read(3, "bgr"))


def test_the_last_box_is_held_while_the_tracker_reports_failure(sequence, scripted, boxes):
    answers = [boxes[1], None, None, *boxes[4:]]
    track = run_sequence(lambda: scripted(answers), sequence)
    np.testing.assert_array_equal(track.boxes[2:4], [boxes[1], boxes[1]])
    assert track.failure is None


def test_scores_are_kept(sequence, scripted, boxes):
    track = run_sequence(lambda: scripted([(b, 0.25) for b in boxes[1:]]), sequence)
    assert np.isnan(track.scores[0])
    assert (track.scores[1:] == 0.25).all()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RuntimeError("out of luck"), "frame 4 of 12: RuntimeError: out of luck"),
        ([1, 2, float("nan"), 4], "frame 4 of 12: ValueError: update returned"),
        ([1, 2, float("inf"), 4], "expected x1, y1, x2, y2, finite, or None"),
        ([1, 2, 3], "expected x1, y1, x2, y2"),
        ("over there", "ValueError"),
    ],
)
def test_a_broken_tracker_counts_zero_overlap_with_the_reason(
    sequence, scripted, boxes, answer, reason
):
    (result,) = run_ope(lambda: scripted([*boxes[1:3], answer]), [sequence])
    assert reason in result.trajectory.failure
    assert result.auc == result.precision == result.mean_iou == 0


def test_the_other_sequences_go_on(data, scripted):
    fast, slow = read_sequences(data)
    trackers = iter([scripted([RuntimeError("no")]), scripted(slow.truth[1:])])
    heard = []
    results = run_ope(lambda: next(trackers), [fast, slow], heard.append)
    assert [r.trajectory.failure is None for r in results] == [False, True]
    assert mean_auc(results) == pytest.approx(10 / 21)
    assert heard == results


def test_a_damaged_frame_fails_its_sequence(sequence, scripted, boxes):
    sequence.frames[6].write_bytes(b"")
    track = run_sequence(lambda: scripted(boxes[1:]), sequence)
    assert "00000007.jpg is not a readable image" in track.failure


def test_a_tracker_that_cannot_be_made_is_the_users_business(sequence):
    def make():
        raise ConfigError("no such model")

    with pytest.raises(ConfigError):
        run_sequence(make, sequence)


def test_the_truth_is_not_handed_out(sequence, scripted, boxes):
    class Vandal(scripted):
        def init(self, image, box):
            box[:] = 0

    (result,) = run_ope(lambda: Vandal(boxes[1:]), [sequence])
    assert result.mean_iou == 1
    np.testing.assert_array_equal(sequence.truth, boxes)


def test_absent_frames_are_tracked_and_not_counted(write, tmp_path, scripted):
    boxes = np.array([[10.0, 10, 20, 20]] * 5)
    sequence = read_sequence(write(tmp_path / "s", boxes, absent=[0, 0, 1, 1, 0]))
    right = sequence.truth[0]
    tracker = scripted([right, right + 99, right + 99, right])
    (result,) = run_ope(lambda: tracker, [sequence])
    assert len(tracker.images) == 5
    assert result.mean_iou == 1


def test_reading_is_not_timed_and_every_frame_is(sequence, scripted, boxes, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    (result,) = run_ope(lambda: scripted(boxes[1:]), [sequence])
    assert (result.trajectory.seconds == 1).all()
    assert result.ms == result.ms_99 == 1000
