# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A node that is there for a while, in a process that is not its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions


@contextmanager
def temporary_node(name: str, arguments: Sequence[str] = (), **options: Any) -> Iterator[Node]:
    """Return a node for the length of the block, in a context of its own.

    Whoever calls may have initialised rclpy too, and Ctrl-C stays Python's. ``arguments`` are
    those of ROS (``--ros-args ...``), ``options`` those of `rclpy.node.Node`.
    """
    context = rclpy.Context()
    signals = SignalHandlerOptions.NO
    rclpy.init(args=list(arguments), context=context, signal_handler_options=signals)
    try:
        node = Node(name, context=context, **options)
        try:
            yield node
        finally:
            node.destroy_node()
    finally:
        rclpy.try_shutdown(context=context)
