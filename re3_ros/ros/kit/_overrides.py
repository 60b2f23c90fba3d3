# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters and remappings that were given to a node, and that mean nothing to it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from rclpy.exceptions import NameValidationException
from rclpy.node import Node

_OTHERS = ("qos_overrides.", "diagnostic_updater.")
"""What parameters of libraries begin with, which are declared when they are needed or never."""
_REMAP = ("-r", "--remap")
_SPECIAL = ("__node", "__name", "__ns")


def unknown_parameters(node: Node) -> str:
    """Return which parameters given at the start ``node`` has not declared, or nothing.

    rclpy passes over them without a word, so that a misspelt one looks as if it were set.
    """
    given = getattr(node, "_parameter_overrides", {})  # rclpy has no other way to tell
    known = list(node.get_parameters_by_prefix(""))
    unknown = [n for n in given if n not in known and not n.startswith(_OTHERS)]
    if not unknown:
        return ""
    way_out = f"`ros2 param list {node.get_fully_qualified_name()}` shows those that it has"
    return f"no such parameter here, so it has no effect: {_guesses(unknown, known)}; {way_out}"


def unknown_remappings(
    node: Node, arguments: Sequence[str], names: Iterable[str], others: Collection[str] = ()
) -> str:
    """Return which remappings in ``arguments`` begin at none of the ``names``, or nothing.

    ``names`` are those of the topics and services of ``node`` before they are remapped, relative or
    not; ``others`` are known too, and never proposed.
    """
    known = {_expanded(node, name): name for name in names}
    passed = {_expanded(node, name) for name in others}
    unknown = [
        name
        for name in _remapped(arguments, node.get_name())
        if _expanded(node, name) not in known.keys() | passed
    ]
    if not unknown:
        return ""
    topics = ", ".join(sorted(known.values()))
    guesses = _guesses(unknown, list(known.values()))
    return f"no such topic here, so remapping it has no effect: {guesses}; there are {topics}"


def _expanded(node: Node, name: str) -> str:
    try:
        return str(node.resolve_topic_name(name, only_expand=True))
    except (NameValidationException, ValueError):
        return name


def _remapped(arguments: Sequence[str], name: str) -> list[str]:
    """Return the left sides of the rules for topics and services of the node called ``name``."""
    rules = [rule for flag, rule in pairwise(arguments) if flag in _REMAP]
    sides = [rule.partition(":=")[0] for rule in rules]
    named = [side.rpartition(":") for side in sides if "://" not in side]
    return [side for whose, _, side in named if whose in ("", name) and side not in _SPECIAL]


def _guesses(unknown: Iterable[str], known: Sequence[str]) -> str:
    def guess(name: str) -> str:
        near = difflib.get_close_matches(name, known, 1)
        return f"{name} (did you mean {near[0]}?)" if near else name

    return ", ".join(guess(name) for name in unknown)
