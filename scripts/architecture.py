#!/usr/bin/env python3
# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the rooms of the package from its imports, and list what each may import.

    python scripts/architecture.py              print the table
    python scripts/architecture.py --write .    put it into the page, and draw the picture

Needs nothing but Python. test/packaging fails while either is out of date.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOMS = (
    "boxes",
    "images",
    "shards",
    "crops",
    "datasets",
    "network",
    "network.published",
    "network.runtimes",
    "spatial",
    "control",
    "tracking",
    "media",
    "web",
    "worlds",
    "simulation",
    "training",
    "evaluation.trackers",
    "evaluation",
    "evaluation.report",
    "bags",
    "demonstrations",
    "bench",
    "ros.kit",
    "ros.tracker",
    "ros.programs",
    "ros.demos",
    "ros",
    "cli",
)
"""From the lowest to the highest: a room may import those before it. A room in a room counts."""
SHARED = ("errors", "versions", "weights")
"""What every room may import."""
PAGE = Path("ARCHITECTURE.md")
PICTURE = Path("docs", "images", "rooms.svg")
_BLOCK = re.compile(r"(<!-- rooms, [^\n]* -->\n).*?(<!-- end -->\n)", re.DOTALL)
COLUMNS = {
    **dict.fromkeys(("datasets", "simulation", "training", "evaluation", "evaluation.report"), 0),
    **dict.fromkeys(("boxes", "crops", "evaluation.trackers", "bench"), 1),
    **dict.fromkeys(("network", "network.runtimes", "tracking", "web", "cli"), 2),
    **dict.fromkeys(("images", "spatial", "media", "worlds", "bags", "demonstrations"), 3),
    **dict.fromkeys(("ros.kit", "ros.tracker", "ros.programs", "ros.demos", "ros"), 4),
    "shards": 4,
    "control": 4,
    "network.published": 5,
}
"""Where rooms stand in the picture: learning, measuring, tracking, images, ROS."""
_BOX, _GAP, _RIM = (164, 50), (18, 40), 8
"""Width and height of a room, space between two, space around all, in pixels."""

Graph = Mapping[str, set[str]]
Point = tuple[float, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or write it and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", type=Path, metavar="ROOT", help="the repository's root")
    options = parser.parse_args(arguments)
    root = options.write or Path(__file__).resolve().parents[1]
    if options.write is None:
        print(table(root))
        return 0
    (root / PAGE).write_text(page(root), encoding="utf-8")
    (root / PICTURE).write_text(picture(root), encoding="utf-8")
    return 0


def room_of(module: str) -> str | None:
    """Return the room of a module such as ``re3_ros.ros.kit._qos``; None if it is in none."""
    parts = module.split(".")[1:]
    candidates = (".".join(parts[:depth]) for depth in (2, 1))
    return next((room for room in candidates if room in ROOMS), None)


def name_of(path: Path, root: Path) -> str:
    """Return the dotted name of a module, for an ``__init__`` that of its package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST) -> Iterator[tuple[int, str, list[str]]]:
    """Yield (level, dotted name, names) of every import of a module, in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base, names = node.module or "", [alias.name for alias in node.names]
            if base == "re3_ros" and not node.level:  # from re3_ros import boxes
                yield from ((0, f"re3_ros.{name}", []) for name in names)
            else:
                yield node.level, base, names


def room_imports(root: Path) -> dict[str, set[str]]:
    """Return for each room the rooms that its modules import."""
    graph: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in (root / "re3_ros").rglob("*.py"):
        room = room_of(name_of(path, root))
        if room is not None:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = {room_of(name) for level, name, _ in imported(tree) if not level}
            graph[room] |= {other for other in found if other is not None} - {room}
    return graph


def direct(graph: Graph) -> dict[str, set[str]]:
    """Return the graph without arrows that longer ways make superfluous."""
    reached: dict[str, set[str]] = {}
    for room in ROOMS:  # the lower ones first
        reached[room] = graph[room].union(*(reached[other] for other in graph[room]))
    return {
        room: {o for o in below if not any(o in reached[p] for p in below - {o})}
        for room, below in graph.items()
    }


def rows(graph: Graph) -> list[list[str]]:
    """Return the rooms row by row, the lowest row first, each above all that it imports."""
    height: dict[str, int] = {}
    for room in ROOMS:
        height[room] = 1 + max((height[other] for other in graph[room]), default=-1)
    return [[r for r in ROOMS if height[r] == level] for level in range(max(height.values()) + 1)]


def positions(graph: Graph) -> dict[str, Point]:
    """Return the middle of each room in the picture: its row from the imports, its column ours."""
    levels = rows(graph)
    across, down = _BOX[0] + _GAP[0], _BOX[1] + _GAP[1]
    return {
        room: (
            COLUMNS[room] * across + _BOX[0] / 2 + _RIM,
            (len(levels) - 1 - level) * down + _BOX[1] / 2 + _RIM,
        )
        for level, members in enumerate(levels)
        for room in members
    }


def purpose(root: Path, room: str) -> str:
    """Return the first sentence of what a room says of itself."""
    face = root / "re3_ros" / room.replace(".", "/") / "__init__.py"
    text = ast.get_docstring(ast.parse(face.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("``", "`")


def picture(root: Path) -> str:
    """Return the rooms and what they import as SVG."""
    graph = direct(room_imports(root))
    at = positions(graph)
    width, height = (max(p[i] for p in at.values()) + _BOX[i] / 2 + _RIM for i in (0, 1))
    arrows = [_arrow(a, b, at) for a in ROOMS for b in sorted(graph[a])]
    boxes = [_room(root, room, *at[room]) for room in ROOMS]
    return "\n".join([_head(width, height), *arrows, *boxes, "</svg>"]) + "\n"


def _head(width: float, height: float) -> str:
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"
     font-family="sans-serif" aria-label="The rooms of re3_ros; arrows point to what is imported">
<rect width="100%" height="100%" fill="#ffffff"/>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
  orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#64748b"/></marker></defs>"""


def _arrow(source: str, target: str, at: Mapping[str, Point]) -> str:
    way = _way(at[source], at[target], {place for r, place in at.items() if r != source})
    return f'<path d="{way}" fill="none" stroke="#64748b" marker-end="url(#tip)"/>'


def _way(start: Point, end: Point, taken: set[Point]) -> str:
    """Return the way of an arrow, around the rooms that stand in between."""
    (x1, y1), (x2, y2) = start, end
    right, bottom, top = _BOX[0] / 2, y1 + _BOX[1] / 2, y2 - _BOX[1] / 2 - 1
    side = right if x2 > x1 else -right

    def is_free(x: float, y: float, *corner: float) -> bool:
        low, high = sorted((x, corner[0])), sorted((y, corner[1]))
        between = (low[0] <= u <= low[1] and high[0] <= v <= high[1] for u, v in taken - {end})
        return not any(between)

    if y2 - y1 <= _BOX[1] + _GAP[1] or (x1 == x2 and is_free(x1, y1, x2, y2)):
        middle = (bottom + top) / 2
        return f"M{x1:g} {bottom:g} C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {top:g}"
    if x1 != x2 and is_free(x1, y1, x2, y1) and is_free(x2, y1, x2, y2):
        return f"M{x1 + side:g} {y1:g} H{x2:g} V{top:g}"
    if x1 != x2 and is_free(x1, y1, x1, y2) and is_free(x1, y2, x2, y2):
        return f"M{x1:g} {bottom:g} V{y2:g} H{x2 - side:g}"
    beside = x1 + right + 2 * _GAP[0]
    return f"M{x1 + right:g} {y1:g} C{beside:g} {y1:g} {beside:g} {y2:g} {x2 + right + 1:g} {y2:g}"


def _room(root: Path, room: str, x: float, y: float) -> str:
    width, height = _BOX
    files = len(list((root / "re3_ros" / room.replace(".", "/")).glob("*.py")))
    colour = "#fef3c7" if room.startswith("ros") else "#e0f2fe"
    return (
        f'<g transform="translate({x - width / 2:g} {y - height / 2:g})">'
        f'<rect width="{width}" height="{height}" rx="8" fill="{colour}" stroke="#334155"/>'
        f'<text x="{width / 2:g}" y="23" text-anchor="middle" font-size="16">{room}</text>'
        f'<text x="{width / 2:g}" y="42" text-anchor="middle" font-size="11" fill="#475569">'
        f"{files} files</text></g>"
    )


def table(root: Path) -> str:
    """Return the rooms from top to bottom: what each is for, what it imports, how large it is."""
    graph = room_imports(root)
    lines = ["| room | what it is for | imports | files |", "|---|---|---|---|"]
    for room in reversed(ROOMS):
        folder = "re3_ros/" + room.replace(".", "/")
        files = len(list((root / folder).glob("*.py")))
        used = ", ".join(f"`{o}`" for o in reversed(ROOMS) if o in graph[room]) or "none"
        lines.append(f"| [`{room}`]({folder}) | {purpose(root, room)} | {used} | {files} |")
    return "\n".join(lines)


def page(root: Path) -> str:
    """Return ARCHITECTURE.md with the table of now."""
    text = (root / PAGE).read_text(encoding="utf-8")
    return _BLOCK.sub(lambda found: f"{found[1]}\n{table(root)}\n\n{found[2]}", text)


if __name__ == "__main__":
    sys.exit(main())
