# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The layout of Foxglove and the configuration of RViz show topics that the node has."""

import json
from pathlib import Path

import pytest
import yaml

from re3_ros.bags import typestore

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def kinds():
    """Return the type of each topic of a node with one camera in the root namespace."""
    from re3_ros.ros.tracker import PUBLISHED, SUBSCRIBED

    topics = (*SUBSCRIBED, *PUBLISHED)
    return {f"/{topic.name.lstrip('/')}": topic.kind.replace("/", "/msg/") for topic in topics}


@pytest.fixture
def layout():
    return json.loads((ROOT / "foxglove" / "re3.json").read_text(encoding="utf-8"))


def paths(value):
    """Yield all topics and paths of messages that are named anywhere."""
    if isinstance(value, str) and value.startswith("/"):
        yield value
    elif isinstance(value, dict):
        yield from paths([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from paths(item)


def panels(layout):
    """Yield the names of the panels that are laid out."""
    if isinstance(layout, str):
        yield layout
    else:
        assert layout["direction"] in {"row", "column"}
        yield from panels(layout["first"])
        yield from panels(layout["second"])


def test_foxglove_is_shown_every_panel_once(layout):
    assert sorted(panels(layout["layout"])) == sorted(layout["configById"])


def test_foxglove_is_told_topics_and_fields_that_exist(layout, kinds):
    named = set(paths(layout["configById"]))
    assert {"/image", "/annotations", "/markers", "/status.latency"} <= named
    for path in named:
        topic, *fields = path.split(".")
        kind = kinds[topic]
        for field in fields:
            name = field.partition("[")[0]
            definitions = dict(typestore().fielddefs[kind][1])
            assert name in definitions, f"{path}: {kind} has no {name}"
            kind = element(definitions[name])


def element(definition):
    """Return the name of a type, of a sequence that of its elements."""
    _, inner = definition
    if isinstance(inner, str):
        return inner
    return element(inner[0]) if isinstance(inner[0], tuple) else inner[0]


def test_rviz_is_told_topics_that_exist(kinds):
    text = (ROOT / "rviz" / "tracker.rviz").read_text(encoding="utf-8")
    displays = yaml.safe_load(text)["Visualization Manager"]["Displays"]
    shown = {d["Topic"]["Value"]: d["Class"] for d in displays if "Topic" in d}
    assert {"debug_image", "image", "markers"} == set(shown)
    for topic, display in shown.items():
        assert kinds[f"/{topic}"].rpartition("/")[2] == display.rpartition("/")[2]
