# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The live demo as its user runs it, on a short scene."""

import json
import subprocess
import sys

import cv2
import pytest
from waiting import PATIENCE

pytest.importorskip("rosbags", reason="no rosbags here: pip install rosbags")
pytestmark = pytest.mark.ros

TOPICS = {
    "/short/image": "sensor_msgs/msg/Image",
    "/short/detections": "vision_msgs/msg/Detection2DArray",
    "/short/status": "re3_ros/msg/TrackerStatus",
}


def demo(folder, *arguments):
    words = ["--output", str(folder), "--namespace", "/short", "--frames", "40", *arguments]
    words += ["--runtime", "torch"]
    command = [sys.executable, "-m", "re3_ros.ros.demo", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture(scope="module")
def done(ros, weights, tmp_path_factory):
    """Return the finished process and the folder of one demo."""
    folder = tmp_path_factory.mktemp("demo")
    run = demo(folder, "--weights", weights("still"), "--min-iou", "0.0")
    assert run.returncode == 0, run.stdout + run.stderr
    return run, folder


def test_it_says_how_well_and_how_fast(done):
    run, folder = done
    facts = json.loads((folder / "summary.json").read_text())
    assert f"mean IoU {facts['live_mean_iou']:.3f}" in run.stdout
    assert 0 <= facts["live_mean_iou"] <= 1
    assert 0 < facts["answered_share"] <= 1
    assert facts["node_latency_ms"]["median"] <= facts["node_latency_ms"]["p95"]


def test_the_bag_holds_what_was_sent_and_answered(done):
    from rosbags.rosbag2 import Reader

    _, folder = done
    facts = json.loads((folder / "summary.json").read_text())
    with Reader(folder / "bag") as bag:
        assert {c.topic: c.msgtype for c in bag.connections} == TOPICS
        counts = {c.topic: c.msgcount for c in bag.connections}
    assert counts["/short/image"] == facts["images_received"]
    assert counts["/short/detections"] == facts["images_answered"] > 0


def test_the_images_in_the_bag_are_those_of_the_scene(done):
    from re3_ros.bags import BagReader
    from re3_ros.images import read_message
    from re3_ros.worlds import DemoScene

    _, folder = done
    scene = DemoScene(0, 40)
    with BagReader(folder / "bag", "/short/image") as bag:
        message = next(iter(bag)).message()
    index = scene.index(message.header.stamp.nanosec + 10**9)
    assert (read_message(message) == scene.frame(index).image).all()


def test_the_video_has_a_frame_for_each_answer(done):
    _, folder = done
    video = cv2.VideoCapture(str(folder / "demo.mp4"))
    facts = json.loads((folder / "summary.json").read_text())
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == facts["processed"] > 0
    assert (folder / "demo.png").stat().st_size > 1000


def test_a_tracker_that_does_not_follow_is_a_failure(ros, weights, tmp_path):
    run = demo(tmp_path, "--weights", weights("drifting"), "--min-iou", "0.9")
    assert run.returncode == 1
    assert "was not followed" in run.stdout


def test_a_tracker_that_cannot_start_is_a_failure(ros, tmp_path):
    run = demo(tmp_path, "--weights", str(tmp_path / "nowhere.safetensors"))
    assert run.returncode == 1
    assert "could not be brought up" in run.stderr
    assert "no weights at" in (tmp_path / "node.log").read_text()
