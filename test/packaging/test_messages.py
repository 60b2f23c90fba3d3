# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages as they were built: ours complete, those of others the same as everybody's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros

# Type hashes of vision_msgs 4.1.1, tf2_msgs 0.36, bond 4.0, moveit_msgs 2.6 and nav2_msgs 1.3.13,
# as their own definitions give them. ROS 2 nodes whose hashes of a type differ do not talk to each
# other.
HASHES = {
    "bond/Status": "87eaccffa254ffffadc0b61600452e8251740f06c25659a2dbda4927fdb1f70a",
    "moveit_msgs/srv/ServoCommandType": (
        "2065f4daf271249330596d344ecd48f5c2d2a52e3b21b1fc56d99c52b8eeae22"
    ),
    "nav2_msgs/action/FollowObject": (
        "4d6e71c4308e19ff8ab8d1a2f48ff27f8d1e24456280c3d0f716893f76b5494d"
    ),
    "tf2_msgs/TFMessage": "e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087",
    "vision_msgs/BoundingBox2D": "008eacbb0cf8f26e83795547bed013eec3675485ef386ec056d80eaaf1c1ce2f",
    "vision_msgs/BoundingBox3D": "bbb73a65c163d7f9bb29009c7bde9f7faa576bd2d23299c4511d19230dab4698",
    "vision_msgs/Detection2D": "0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea",
    "vision_msgs/Detection2DArray": (
        "214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968"
    ),
    "vision_msgs/Detection3D": "ddd703be132ab0b69d33121f1bb034132bfbb3b0ac5f9fb1516005ba1c8a265b",
    "vision_msgs/Detection3DArray": (
        "793f5eab9595ac1c0da07873cc859db42eae51f0ee76056db8562515d830e018"
    ),
    "vision_msgs/ObjectHypothesis": (
        "51da43cec11c01957a64d1e05a24acd18aae7745ec30b74348ad5f6d634f7f90"
    ),
    "vision_msgs/ObjectHypothesisWithPose": (
        "41c12344c0396c48b81df12467c192d99b2a0eb1463c5c37194e4223251c80bc"
    ),
    "vision_msgs/Point2D": "eab0e83f44ab4de92ceaf76dd7d0e7638f2bdd1d16ffbe16c7a136c48e407247",
    "vision_msgs/Pose2D": "b0b5d1d7b4c20dd4fcde3ed1d4b289a919290572007d67a97043814db25d3648",
}


def type_hash(package, *rest):
    name, kind = rest[-1], rest[0] if len(rest) > 1 else "msg"
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(":")
    files = [Path(p) / f"share/{package}/{kind}/{name}.json" for p in prefixes]
    found = next((f for f in files if f.is_file()), None)
    if found is None:
        pytest.skip(f"{package} is not here, or this ROS 2 (Humble) has no type hashes")
    hashes = json.loads(found.read_text(encoding="utf-8"))["type_hashes"]
    return {h["type_name"]: h["hash_string"] for h in hashes}[f"{package}/{kind}/{name}"]


@pytest.mark.parametrize("message", HASHES)
def test_messages_of_others_have_the_hashes_of_the_real_ones(message):
    assert type_hash(*message.split("/")) == f"RIHS01_{HASHES[message]}"


def test_states_of_a_target_are_those_of_the_library():
    from re3_ros.msg import TargetStatus
    from re3_ros.tracking import TargetState

    assert {s.name: s.value for s in TargetState} == {
        name: getattr(TargetStatus, name) for name in ("NEW", "TRACKING", "UNCERTAIN", "LOST")
    }


def test_status_survives_the_wire():
    from rclpy.serialization import deserialize_message, serialize_message

    from re3_ros.msg import TargetStatus, TrackerStatus

    target = TargetStatus(id="cup", state=TargetStatus.UNCERTAIN, score=0.5, frames_in_state=7)
    target.bbox.center.position.x = 1.5
    status = TrackerStatus(camera="left", targets=[target], frames_received=2**40, device="cpu")
    assert deserialize_message(serialize_message(status), TrackerStatus) == status


def test_installed_package_works_without_the_tree(tmp_path):
    code = "import re3_ros.msg, re3_ros.tracking as t; print(t.__file__)"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "-packages" in result.stdout


def test_package_xml_is_accepted(root):
    parser = pytest.importorskip("catkin_pkg.package", reason="no catkin_pkg to parse package.xml")
    warnings: list[str] = []
    package = parser.parse_package(str(root), warnings=warnings)
    package.validate()
    assert package.name == "re3_ros"
    assert not warnings
