# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Each room imports only from the rooms below it, and ROS stays in one of them."""

import ast

import pytest

ROOMS = [
    "boxes",
    "crops",
    "spatial",
    "datasets",
    "network",
    "tracking",
    "training",
    "evaluation",
    "media",
    "bench",
    "bags",
    "ros",
    "cli",
]
EVERYWHERE = {"errors", "weights"}
ROS = {"ament_index_python", "cv_bridge", "launch", "launch_ros", "rclpy", "std_srvs", "rosidl"}


def imported(tree):
    """Yield (level, dotted name) of every import in a module, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield node.level, base
            if base == "re3_ros":  # from re3_ros import boxes
                yield from ((0, f"re3_ros.{alias.name}") for alias in node.names)


def is_ros(name):
    first, *rest = name.split(".")
    return (
        first in ROS
        or first.endswith(("_msgs", "_interfaces"))
        or (first == "re3_ros" and rest[:1] in (["msg"], ["srv"], ["action"]))
    )


def complaints(room, source):
    """Say what is wrong with the imports of one module of a room."""
    allowed = {*EVERYWHERE, *ROOMS[: ROOMS.index(room)]}
    for level, name in imported(ast.parse(source)):
        parts = name.split(".")
        if level > 1:
            yield f"relative import out of the room: {'.' * level}{name}"
        elif level == 1 or parts == ["re3_ros", "__version__"]:
            continue
        elif is_ros(name):
            if room != "ros":
                yield f"{name} belongs to ROS"
        elif parts[0] == "re3_ros" and len(parts) > 1:
            if parts[1] == room:
                yield f"{name} from inside its own room: import it relatively"
            elif parts[1] in ROOMS and parts[1] not in allowed:
                yield f"{name} is above {room}"
            elif parts[1] in ROOMS and any(p.startswith("_") for p in parts[2:]):
                yield f"{name} is private to its room"


def test_every_folder_is_a_room_or_shared(root):
    folders = {p.parent.name for p in (root / "re3_ros").glob("*/__init__.py")}
    assert folders <= {*ROOMS, *EVERYWHERE}


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_downwards(room, root, modules):
    found = [
        f"{path.relative_to(root)}: {complaint}"
        for path in modules
        if path.is_relative_to(root / "re3_ros" / room)
        for complaint in complaints(room, path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_shared_modules_import_no_room(root, modules):
    shared = [p for p in modules if p.relative_to(root / "re3_ros").parts[0] not in ROOMS]
    names = {name for p in shared for _, name in imported(ast.parse(p.read_text("utf-8")))}
    assert not {n for n in names if is_ros(n) or n.removeprefix("re3_ros.").split(".")[0] in ROOMS}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("boxes", "from re3_ros.crops import crop"),
        ("boxes", "def f():\n    import re3_ros.cli"),
        ("boxes", "from re3_ros import tracking"),
        ("cli", "import rclpy"),
        ("bags", "from vision_msgs.msg import Detection2D"),
        ("bags", "from re3_ros.msg import TrackerStatus"),
        ("crops", "from re3_ros.boxes._formats import from_xywh"),
        ("crops", "from re3_ros.crops import crop"),
        ("crops", "from ..boxes import area"),
    ],
)
def test_forbidden_imports_are_seen(room, source):
    assert list(complaints(room, source))
