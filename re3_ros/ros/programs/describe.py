# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node's topics, services and parameters, as the documentation shows them.

    python -m re3_ros.ros.describe            print the tables
    python -m re3_ros.ros.describe --write .  write them into docs/node.md and config/tracker.yaml

In docs/node.md, what stands between ``<!-- NAME, made by ... -->`` and ``<!-- end -->`` is
replaced; config/tracker.yaml is written whole. A test fails while they differ from what the node
declares.
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from re3_ros.ros.kit import ParameterSpec
from re3_ros.ros.tracker import GROUPS, PUBLISHED, SERVICES, SPECS, SUBSCRIBED, Topic

PAGE = Path("docs", "node.md")
DEFAULTS = Path("config", "tracker.yaml")
_BLOCK = re.compile(r"(<!-- (\w+), made by [^\n]* -->\n).*?(<!-- end -->\n)", re.DOTALL)
_TYPES = {bool: "bool", int: "integer", float: "double", str: "string", list: "string[]"}
_WIDTH = 100
_HEAD = """\
# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
#
# Every parameter of re3_tracker with its default. Made by python -m re3_ros.ros.describe --write .
#
# Unless marked "any time", a parameter is read at configure, and can be changed while the node is
# unconfigured. Numbers with a point need one: 1.0, not 1. `ros2 param describe /re3_tracker NAME`
# shows meaning and range of each.
/**:
  ros__parameters:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables or write the files; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m re3_ros.ros.describe", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="root of the source tree")
    folder = parser.parse_args(arguments).write
    if folder is None:
        print("\n".join(f"## {name.capitalize()}\n\n{text}" for name, text in blocks().items()))
        return 0
    for name, make in ((PAGE, page), (DEFAULTS, lambda _: defaults())):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        path.write_text(make(text), encoding="utf-8")
    return 0


def page(text: str) -> str:
    """Return the text of docs/node.md with its tables made anew."""
    made = blocks()
    return _BLOCK.sub(lambda m: f"{m[1]}\n{made[m[2]]}\n{m[3]}", text)


def blocks() -> dict[str, str]:
    """Return the tables by name, in Markdown."""
    return {
        "subscribed": _topics(SUBSCRIBED),
        "published": _topics(PUBLISHED),
        "services": _services(),
        "parameters": "\n".join(_group(name, specs) for name, specs in grouped().items()),
    }


def defaults() -> str:
    """Return the text of config/tracker.yaml."""
    return _HEAD + "\n".join(
        _lines(f"-- {name} ".ljust(_WIDTH - 6, "-")) + "".join(map(_setting, specs))
        for name, specs in grouped().items()
    )


def grouped() -> dict[str, list[ParameterSpec]]:
    """Return the parameters under the headings that they stand under."""
    found = [spec.group for spec in SPECS.values()]
    headings = dict.fromkeys((*(g for g in GROUPS if g in found), *found))
    return {name: [s for s in SPECS.values() if s.group == name] for name in headings}


def _topics(topics: Iterable[Topic]) -> str:
    rows = [(f"`{t.name}`", f"`{t.kind}`", t.qos, t.text + _needs(t)) for t in topics]
    return _table(("topic", "type", "QoS", ""), rows)


def _services() -> str:
    return _table(
        ("service", "type", ""), [(f"`{t.name}`", f"`{t.kind}`", t.text) for t in SERVICES]
    )


def _needs(topic: Topic) -> str:
    return f"; only where `{topic.needs}` is installed" if topic.needs else ""


def _group(name: str, specs: Iterable[ParameterSpec]) -> str:
    rows = [
        (f"`{s.name}`", _TYPES[type(s.default)], f"`{_value(s.default)}`", _range(s), _text(s))
        for s in specs
    ]
    return f"### {name}\n\n{_table(('parameter', 'type', 'default', 'range', ''), rows)}"


def _range(spec: ParameterSpec) -> str:
    return ", ".join(f"`{c}`" for c in spec.choices) or spec.limits()


def _text(spec: ParameterSpec) -> str:
    return spec.text.replace("<", "&lt;") + (" (**any time**)" if spec.live else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


def _setting(spec: ParameterSpec) -> str:
    """Return a parameter as lines of YAML, its meaning above it."""
    limits = f"One of: {', '.join(spec.choices)}" if spec.choices else spec.limits()
    told = [f"{spec.text[0].upper()}{spec.text[1:]}", limits, "Any time" if spec.live else ""]
    return _lines(" ".join(f"{part}." for part in told if part)) + (
        f"    {spec.name}: {_value(spec.default)}\n"
    )


def _lines(text: str) -> str:
    wrapped = textwrap.wrap(text, _WIDTH - 6, break_on_hyphens=False, break_long_words=False)
    return "".join(f"    # {line}\n" for line in wrapped)


def _value(value: Any) -> str:
    """Return a value as YAML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w-]*", value):
        return value
    return json.dumps(value)
