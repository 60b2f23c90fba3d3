# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Types without ROS are the types of ROS."""

import json
import os
from pathlib import Path

import pytest
from rosbags.typesys import get_types_from_msg

from re3_ros.bags import ANNOTATIONS, DETECTIONS, IMAGE, STATUS, typestore
from re3_ros.bags._definitions import RE3_ROS

MSG = Path(__file__).parents[2] / "msg"

DETECTION = "vision_msgs/msg/Detection2D"
# As the real generators of Jazzy made them of the real definitions.
HASHES = {
    ANNOTATIONS: "bc4e578b1ef80953415d6f966a4cab305c8a44c8b64fc405312b6f06a08fc45e",
    IMAGE: "d31d41a9a4c4bc8eae9be757b0beed306564f7526c88ea6a4588fb9582527d47",
    DETECTIONS: "214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    DETECTION: "0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea",
    STATUS: "4c2f03666d67dcac531d7b7784d4f0237ea0f60fd60605ca295def1241fcbbc9",
}


def test_every_message_of_ours_is_here():
    assert {path.stem for path in MSG.glob("*.msg")} == set(RE3_ROS)


@pytest.mark.parametrize("name", RE3_ROS)
def test_definitions_are_those_of_the_msg_files(name):
    kind = f"re3_ros/msg/{name}"
    assert get_types_from_msg(RE3_ROS[name], kind) == get_types_from_msg(
        (MSG / f"{name}.msg").read_text(), kind
    )


@pytest.mark.parametrize("kind", HASHES)
def test_type_hashes_are_those_of_ros(kind):
    assert typestore().hash_rihs01(kind) == f"RIHS01_{HASHES[kind]}"


@pytest.mark.ros
def test_status_has_the_hash_that_was_built():
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(":")
    files = [Path(p) / "share/re3_ros/msg/TrackerStatus.json" for p in prefixes]
    found = next((f for f in files if f.is_file()), None)
    if found is None:
        pytest.skip("this ROS 2 (Humble) has no type hashes")
    hashes = {
        h["type_name"]: h["hash_string"] for h in json.loads(found.read_text())["type_hashes"]
    }
    assert typestore().hash_rihs01(STATUS) == hashes[STATUS]
