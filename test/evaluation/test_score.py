# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.datasets import Sequence
from re3_ros.errors import InputError
from re3_ros.evaluation import SequenceResult, Trajectory, run_video, score_quality, scored_frames
from re3_ros.evaluation.report import score_table, write_score

BOX = np.array([10.0, 10.0, 30.0, 30.0])


def test_perfect_scores():
    q = score_quality([0.0, 0.0, 1.0, 1.0, 1.0], [False, False, True, True, True])
    assert (q.frames, q.hits, q.roc_auc) == (5, 0.6, 1.0)
    assert (q.brier, q.calibration_error) == (0.0, 0.0)
    assert (q.bins[0].frames, q.bins[-1].frames) == (2, 3)


def test_a_worked_example():
    q = score_quality([0.95, 0.85, 0.85, 0.25], [True, False, True, False])
    # Pairs of a hit and a miss: two won by 0.95, one tied and one won by 0.85.
    assert q.roc_auc == pytest.approx((2 + 0.5 + 1) / 4)
    assert q.brier == pytest.approx((0.05**2 + 0.85**2 + 0.15**2 + 0.25**2) / 4)
    assert q.calibration_error == pytest.approx((0.05 + 2 * abs(0.85 - 0.5) + 0.25) / 4)
    assert q.false_positive_rate.tolist() == [0, 0, 0.5, 1]
    assert q.true_positive_rate.tolist() == [0, 0.5, 1, 1]


def test_the_same_score_for_all_tells_nothing():
    assert score_quality([0.7] * 10, [True] * 7 + [False] * 3).roc_auc == 0.5
    assert score_quality([0.7] * 10, [True] * 7 + [False] * 3).calibration_error < 1e-9


@pytest.mark.parametrize("hits", [[True] * 3, [False] * 3])
def test_without_both_kinds_there_is_no_area(hits):
    q = score_quality([0.2, 0.5, 0.9], hits)
    assert np.isnan(q.roc_auc)
    assert np.isfinite([q.brier, q.calibration_error]).all()


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60),
)
def test_the_area_is_the_chance_that_a_hit_scores_above_a_miss(frames):
    scores = np.array([s / 20 for s, _ in frames])
    hits = np.array([h for _, h in frames])
    q = score_quality(scores, hits)
    assert sum(b.frames for b in q.bins) == len(frames)
    if hits.all() or not hits.any():
        return
    difference = scores[hits][:, None] - scores[~hits]
    expected = (difference > 0).mean() + (difference == 0).mean() / 2
    assert q.roc_auc == pytest.approx(expected)


@given(st.floats(0.1, 5), st.floats(-3, 3))
def test_calibration_leaves_the_area_as_it_is(scale, offset):
    rng = np.random.default_rng(4)
    logits, hits = rng.normal(0, 2, 200), rng.random(200) < 0.6
    before = score_quality(1 / (1 + np.exp(-logits)), hits)
    after = score_quality(1 / (1 + np.exp(-scale * logits - offset)), hits)
    assert after.roc_auc == pytest.approx(before.roc_auc, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "hits", "said"),
    [
        ([], [], "one or more frames"),
        ([0.5], [True, False], "expected a score and a hit"),
        ([0.5, 1.5], [True, False], "a score is 1.5"),
        ([0.5, np.nan], [True, False], "a score is nan"),
    ],
)
def test_what_is_no_score_is_refused(scores, hits, said):
    with pytest.raises(InputError, match=said):
        score_quality(scores, hits)


def make_result(labelled=None):
    truth = np.tile(BOX, (5, 1))
    truth[3] = np.nan
    boxes = np.tile(BOX, (5, 1))
    boxes[2] += 100
    scores = np.array([np.nan, 0.9, 0.8, 0.7, 0.6])
    paths = tuple(Path(f"{i}.jpg") for i in range(5))
    source = Sequence("made", paths, truth, labelled=labelled)
    return SequenceResult("made", truth, Trajectory(boxes, scores, np.zeros(5)), source)


def test_a_frame_without_the_target_is_no_hit_and_the_first_frame_has_no_score():
    scores, hits = scored_frames([make_result()])
    assert scores.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert hits.tolist() == [True, False, False, True]


def test_frames_that_nobody_labelled_do_not_count():
    labelled = np.array([True, True, False, False, True])
    assert scored_frames([make_result(labelled)])[0].tolist() == [0.9, 0.6]


def test_results_without_frames_count_as_well():
    assert len(scored_frames([replace(make_result(), source=None)] * 2)[0]) == 8


class Still:
    """A video in which nothing moves."""

    name, boxes = "still", np.tile(BOX, (4, 1))

    def image(self, frame):
        return np.full((50, 60, 3), frame, np.uint8)


def test_a_video_is_shown_frame_by_frame(scripted):
    tracker = scripted([(BOX, 0.9), None, (BOX + 9, 0.2)])
    result = run_video(tracker, Still())
    assert [int(image[0, 0, 0]) for image in tracker.images] == [0, 1, 2, 3]
    assert np.array_equal(tracker.starts, [BOX])
    assert np.array_equal(result.trajectory.boxes, [BOX, BOX, BOX, BOX + 9])
    assert scored_frames([result])[0].tolist() == [0.9, 0.2]


def test_the_report(tmp_path):
    q = score_quality([0.95, 0.85, 0.85, 0.25], [True, False, True, False])
    nothing = score_quality([0.5], [True])
    qualities = {"some": q, "one": nothing}
    paths = write_score(tmp_path / "new", qualities, {"tracker": "re3"})
    document = json.loads(paths[0].read_text())
    assert document["about"] == {"tracker": "re3"}
    assert document["sets"]["some"]["roc_area"] == 0.875
    assert document["sets"]["some"]["bins"][8] == [2, 0.85, 0.5]
    assert document["sets"]["one"]["roc_area"] is None
    assert cv2.imread(str(paths[1])).std() > 10
    assert score_table(qualities).texts()[0][:4] == ["some", "4", "0.500", "0.875"]
