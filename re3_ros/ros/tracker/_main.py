# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the node: signals in, exit code out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from re3_ros.ros.kit import GuardedNode, StopFlag, stop_flag


def main(
    arguments: Sequence[str] | None = None, make: Callable[[], GuardedNode] | None = None
) -> int:
    """Run the node, or the one made, until SIGINT or SIGTERM; return the exit code."""
    with stop_flag() as stop:
        from ._node import TrackerNode  # imports torch: seconds, in which a signal may come

        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = make() if make else TrackerNode()
            try:
                spin(node, stop)
            finally:
                node.do_cleanup()
                node.destroy_node()
        finally:
            rclpy.try_shutdown()
    return 0


def spin(node: GuardedNode, stop: StopFlag) -> None:
    """Serve the node's callbacks until ``stop`` is set or the context is shut down.

    What the executor itself raises, or a callback of rclpy's own, is logged and counted.
    """
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        while not stop.is_set and node.context.ok():
            try:
                executor.spin_once(timeout_sec=0.2)
            except ExternalShutdownException:
                break
            except Exception as error:  # noqa: BLE001, the node must live
                node.faults.note("the executor", error)
    finally:
        executor.shutdown()
