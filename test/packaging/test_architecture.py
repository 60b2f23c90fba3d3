# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""ARCHITECTURE.md tells the truth: its picture, its table, and every name in it."""

import ast
import re

import pytest

REMEDY = "run python scripts/architecture.py --write ."


@pytest.fixture(scope="module")
def text(root):
    return (root / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_table_is_that_of_the_imports(architecture, root, text):
    assert architecture.page(root) == text, REMEDY


def test_picture_is_that_of_the_imports(architecture, root):
    drawn = (root / architecture.PICTURE).read_text(encoding="utf-8")
    assert architecture.picture(root) == drawn, REMEDY


def test_picture_shows_every_import_by_some_way(architecture, root):
    """An import left out of the picture is one that the arrows imply."""
    graph = architecture.room_imports(root)
    drawn = architecture.direct(graph)
    for room, imports in graph.items():
        reached, waiting = set(), set(drawn[room])
        while waiting:
            other = waiting.pop()
            reached.add(other)
            waiting |= drawn[other] - reached
        assert imports <= reached, room


def test_an_import_shows_in_table_and_picture(architecture, root, tmp_path):
    before = architecture.picture(root)
    package = tmp_path / "re3_ros"
    for path in (root / "re3_ros").rglob("*.py"):
        copy = package / path.relative_to(root / "re3_ros")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert architecture.picture(tmp_path) == before
    (package / "spatial" / "_new.py").write_text("from re3_ros.network import build\n")
    assert architecture.picture(tmp_path) != before
    row = next(x for x in architecture.table(tmp_path).splitlines() if x.startswith("| [`spat"))
    assert "`network`" in row


def test_no_two_rooms_cover_each_other(architecture, root):
    places = architecture.positions(architecture.direct(architecture.room_imports(root)))
    assert len(set(places.values())) == len(architecture.ROOMS)


def names(text, rooms):
    """Return the names of the page that claim to be modules, classes or functions of ours."""
    words = re.findall(r"`([a-z]\w*(?:\.\w+)+)`", text)
    return sorted({word for word in words if word.split(".")[0] in rooms})


def exists(root, rooms, name):
    """Tell whether a name such as ``crops._warp.crop`` is defined there."""
    parts = name.split(".")
    depth = 2 if ".".join(parts[:2]) in rooms else 1
    module = root.joinpath("re3_ros", *parts[: depth + 1]).with_suffix(".py")
    scope = ast.parse(module.read_text(encoding="utf-8")).body if module.is_file() else None
    if len(parts) == depth:
        return True
    for part in parts[depth + 1 :]:
        scope = next((node for node in scope or [] if part in defined(node)), None)
        scope = getattr(scope, "body", [scope] if scope else None)
    return bool(scope)


def defined(node):
    """Return the names that a statement defines."""
    targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
    found = {target.id for target in targets if isinstance(target, ast.Name)}
    return found | ({node.name} if hasattr(node, "name") else set())


def test_every_name_on_the_page_exists(architecture, root, text):
    found = names(text, architecture.ROOMS)
    assert len(found) > 60
    assert not [name for name in found if not exists(root, architecture.ROOMS, name)]


@pytest.mark.parametrize("name", ["crops._warp.gone", "crops._gone", "tracking._states.Health.no"])
def test_a_name_that_is_gone_is_seen(architecture, root, name):
    assert not exists(root, architecture.ROOMS, name)


def test_every_link_on_the_page_leads_somewhere(root, text):
    links = re.findall(r"\]\(([^)#]+)", text)
    assert not [link for link in links if not (root / link).exists()]


def test_readme_leads_here(root):
    assert "(ARCHITECTURE.md)" in (root / "README.md").read_text(encoding="utf-8")
