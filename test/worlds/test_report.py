# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a demo are what they say."""

import json

import cv2
import numpy as np
import pytest

from re3_ros.tracking import TargetState
from re3_ros.worlds import DemoRecord, write_demo_report
from re3_ros.worlds._report import summarise

TRACKING, LOST = TargetState.TRACKING, TargetState.LOST


def perfect(scene, frames=None):
    return [DemoRecord(i, scene.truth(i)[0], 0.9, TRACKING) for i in frames or range(scene.frames)]


def test_perfect_tracker_scores_one(scene):
    summary = summarise(scene, perfect(scene), seconds=10)
    assert summary.mean_iou == pytest.approx(1)
    assert summary.found_again_after == 0
    assert summary.frames_per_second == pytest.approx(30)
    assert 10 <= summary.hidden_frames <= 20


def test_frames_without_detection_count_zero_only_while_visible(scene):
    hidden = [i for i in range(300) if scene.truth(i)[1] < 0.5]
    records = perfect(scene)
    for i in hidden:
        records[i] = DemoRecord(i, None, 0.1, LOST)
    assert summarise(scene, records, 1).mean_iou == pytest.approx(1)
    assert summarise(scene, records, 1).lost_frames == len(hidden)
    records[100] = DemoRecord(100, None, 0.1, LOST)
    visibility = 300 - len(hidden) - 1
    assert summarise(scene, records, 1).mean_iou == pytest.approx((visibility - 1) / visibility)


def test_first_frame_is_given_and_does_not_count(scene):
    records = [DemoRecord(i, None, 0.0, LOST) for i in range(300)]
    records[0] = perfect(scene, [0])[0]
    summary = summarise(scene, records, 1)
    assert summary.mean_iou == 0
    assert summary.found_again_after is None


def test_record_on_which_the_box_was_given_does_not_count_wherever_it_is(scene):
    records = [DemoRecord(i, None, 0.0, LOST) for i in range(5, 300)]
    records[0] = perfect(scene, [5])[0]
    assert summarise(scene, records, 1).mean_iou == 0


def test_finding_again_is_timed_from_when_half_is_seen(scene):
    hidden = [i for i in range(300) if scene.truth(i)[1] <= 0.02]
    back = next(i for i in range(hidden[-1], 300) if scene.truth(i)[1] >= 0.5)
    records = [
        DemoRecord(i, None, 0.0, LOST) if hidden[0] <= i < back + 7 else r
        for i, r in enumerate(perfect(scene))
    ]
    summary = summarise(scene, records, 1)
    assert summary.found_again_after == 7
    assert summary.mean_iou_before_hidden == pytest.approx(1)
    assert summary.mean_iou_after_hidden < 1


def test_dropped_frames_are_counted_but_not_scored(scene):
    summary = summarise(scene, perfect(scene, range(0, 300, 3)), 5)
    assert summary.processed == 100
    assert summary.frames == 300
    assert summary.mean_iou == pytest.approx(1)


def test_nothing_recorded_is_no_crash(scene):
    summary = summarise(scene, [], 0)
    assert (summary.mean_iou, summary.processed, summary.frames_per_second) == (0, 0, 0)


def test_report_writes_video_plot_and_figures(short_scene, tmp_path):
    records = perfect(short_scene)
    records[40] = DemoRecord(40, None, 0.2, LOST)
    folder = tmp_path / "new" / "demo"
    summary = write_demo_report(folder, short_scene, records, 2.0, {"weights": "w"})
    facts = json.loads((folder / "summary.json").read_text())
    assert facts["mean_iou"] == summary.mean_iou
    assert facts["weights"] == "w"
    assert facts["seed"] == short_scene.seed
    video = cv2.VideoCapture(str(folder / "demo.mp4"))
    assert sum(video.read()[0] for _ in range(70)) == 60
    plot = cv2.imread(str(folder / "demo.png"))
    assert plot.shape[1] > 800
    assert len(np.unique(plot.reshape(-1, 3), axis=0)) > 50
    assert f"{summary.mean_iou:.3f}" in summary.text()
