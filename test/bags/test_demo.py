# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The demo goes from bag to bag, and its report is about what the bag holds."""

import json

import pytest

from re3_ros.bags import (
    SCENE_TOPIC,
    BagReader,
    read_records,
    report_scene_bag,
    track_scene_bag,
    write_scene_bag,
)
from re3_ros.tracking import TargetState
from re3_ros.worlds import DemoScene


@pytest.fixture(scope="module")
def scene():
    return DemoScene(seed=1, frames=30)


def test_scene_to_report(scene, session, tmp_path):
    rendered = []
    write_scene_bag(tmp_path / "scene", scene, rendered.append)
    assert rendered == list(range(30))
    with BagReader(tmp_path / "scene", SCENE_TOPIC) as reader:
        assert reader.length == 30
    seconds = track_scene_bag(tmp_path, scene, session, "finder")
    records = read_records(tmp_path / "tracked", scene)
    assert [r.frame for r in records] == list(range(30))
    assert all((r.box is None) == (r.state == TargetState.LOST) for r in records)
    summary = report_scene_bag(tmp_path, scene, seconds, {"weights": "finder"})
    assert summary.processed == 30
    assert json.loads((tmp_path / "summary.json").read_text())["weights"] == "finder"
    assert {p.name for p in tmp_path.iterdir()} == {
        "demo.mp4",
        "demo.png",
        "scene",
        "summary.json",
        "tracked",
    }


def test_second_run_replaces_the_first(scene, session, tmp_path):
    for _ in range(2):
        write_scene_bag(tmp_path / "scene", scene)
    with BagReader(tmp_path / "scene") as reader:
        assert reader.length == 30
