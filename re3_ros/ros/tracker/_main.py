# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from re3_ros.ros.kit import GuardedNode, serve

from ._node import TrackerNode


def main(
    arguments: Sequence[str] | None = None, make: Callable[[], GuardedNode] = TrackerNode
) -> int:
    """Run the node, or the one made, until SIGINT or SIGTERM; return the exit code."""
    return serve(make, arguments)
