# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the node: signals in, exit code out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; return the exit code.

    The signals only set a flag that the loop looks at: rclpy's own handlers raise
    KeyboardInterrupt in the middle of whatever runs, be it a transition.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    from ._node import TrackerNode  # imports torch: seconds, in which a signal may come

    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = TrackerNode()
        try:
            spin(node, stop)
        finally:
            node.do_cleanup()
            node.destroy_node()
    finally:
        rclpy.try_shutdown()
    return 0


def spin(node: Node, stop: threading.Event) -> None:
    """Serve the node's callbacks until ``stop`` is set or the context is shut down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        while not stop.is_set() and node.context.ok():
            executor.spin_once(timeout_sec=0.2)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
