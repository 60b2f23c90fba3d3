# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Rooms import only from those below them, no imports run in circles, ROS stays in one room."""

import ast
import importlib.util
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "scripts" / "architecture.py"
_spec = importlib.util.spec_from_file_location("architecture", PROGRAM)
architecture = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(architecture)
ROOMS, imported, name_of, room_of = (
    getattr(architecture, name) for name in ("ROOMS", "imported", "name_of", "room_of")
)
ROS = {"ament_index_python", "cv_bridge", "launch", "launch_ros", "rclpy", "std_srvs", "rosidl"}
MOST_FILES = 25


def is_ros(name):
    first, *rest = name.split(".")
    return (
        first in ROS
        or first.endswith(("_msgs", "_interfaces"))
        or (first == "re3_ros" and rest[:1] in (["msg"], ["srv"], ["action"]))
    )


def complaints(room, source):
    """Say what is wrong with the imports of one module of a room."""
    for level, name, _ in imported(ast.parse(source)):
        if level > 1:
            yield f"relative import out of the room: {'.' * level}{name}"
        elif level == 1 or name == "re3_ros.__version__":
            continue
        elif is_ros(name):
            if room.split(".")[0] != "ros":
                yield f"{name} belongs to ROS"
        elif name.startswith("re3_ros."):
            yield from _complaints_of_ours(room, name)


def _complaints_of_ours(room, name):
    other = room_of(name)
    if other is None:
        if name.split(".")[1] not in architecture.SHARED:
            yield f"{name} is in no room"
    elif other == room:
        yield f"{name} from inside its own room: import it relatively"
    elif ROOMS.index(other) > ROOMS.index(room):
        yield f"{name} is above {room}"
    elif any(part.startswith("_") for part in name.split(".")[1:]):
        yield f"{name} is private to its room"
    elif other.startswith("ros.") and not room.startswith("ros"):
        yield f"{name} lies behind re3_ros.ros: import it from there"


@pytest.fixture(scope="module")
def parsed(root, modules):
    """Return the names of the modules and their trees."""
    return {name_of(p, root): (p, ast.parse(p.read_text(encoding="utf-8"))) for p in modules}


def test_every_folder_is_a_room_or_shared(root):
    package = root / "re3_ros"
    folders = [p.parent.relative_to(package) for p in package.rglob("__init__.py")]
    assert {".".join(f.parts) for f in folders} - {""} == {*ROOMS, "weights"}


def test_no_room_is_overcrowded(root):
    folders = {p.parent for p in (root / "re3_ros").rglob("*.py")}
    crowded = {str(f.relative_to(root)): len(list(f.glob("*.py"))) for f in folders}
    assert not {folder: count for folder, count in crowded.items() if count > MOST_FILES}


@pytest.mark.parametrize("room", ROOMS)
def test_room_says_what_it_is_for(room, root):
    face = root / "re3_ros" / room.replace(".", "/") / "__init__.py"
    assert ast.get_docstring(ast.parse(face.read_text(encoding="utf-8")))


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_downwards(room, root, modules):
    found = [
        f"{path.relative_to(root)}: {complaint}"
        for path in modules
        if room_of(name_of(path, root)) == room
        for complaint in complaints(room, path.read_text(encoding="utf-8"))
    ]
    assert not found


def edges(name, path, tree, names):
    """Return the modules of ours that a module imports, packages standing for their faces."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for level, base, members in imported(tree):
        full = ".".join(filter(None, [package, base])) if level else base
        found |= {f"{full}.{m}" if f"{full}.{m}" in names else full for m in members or [""]}
    return {module for module in found if module in names and module != name}


def test_no_module_is_part_of_a_circle(parsed):
    graph = {name: edges(name, path, tree, parsed) for name, (path, tree) in parsed.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_shared_modules_import_no_room(parsed):
    shared = [tree for name, (_, tree) in parsed.items() if room_of(name) is None]
    names = {name for tree in shared for _, name, _ in imported(tree)}
    assert not {n for n in names if is_ros(n) or (n.startswith("re3_ros") and room_of(n))}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("boxes", "from re3_ros.crops import crop"),
        ("boxes", "def f():\n    import re3_ros.cli"),
        ("boxes", "from re3_ros import tracking"),
        ("boxes", "from re3_ros.attic import old"),
        ("cli", "import rclpy"),
        ("cli", "from re3_ros.ros.programs import running"),
        ("bags", "from vision_msgs.msg import Detection2D"),
        ("bags", "from re3_ros.msg import TrackerStatus"),
        ("crops", "from re3_ros.boxes._formats import from_xywh"),
        ("crops", "from re3_ros.crops import crop"),
        ("crops", "from ..boxes import area"),
        ("network", "from re3_ros.network.runtimes import candidates"),
        ("ros.kit", "from re3_ros.ros.tracker import main"),
    ],
)
def test_forbidden_imports_are_seen(room, source):
    assert list(complaints(room, source))


def test_circles_are_seen():
    sources = {"re3_ros.a": "from .b import x", "re3_ros.b": "def f():\n    from .a import y"}
    trees = {name: ast.parse(source) for name, source in sources.items()}
    graph = {name: edges(name, Path("module.py"), tree, trees) for name, tree in trees.items()}
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()
