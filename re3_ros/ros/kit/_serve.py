# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The process around a node that is no lifecycle node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import rclpy
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from re3_ros.errors import Re3Error

from ._parameters import ParameterSpec
from ._signals import StopFlag, stop_flag


class Served(Protocol):
    """A node that `serve` can run."""

    def close(self) -> None:
        """Do what has to be done last, while publishers still work."""

    def destroy_node(self) -> None:
        """Let go of the node."""


def serve(make: Callable[[], Served], arguments: Sequence[str] | None = None) -> int:
    """Make a node and run it until SIGINT or SIGTERM; return the exit code.

    A parameter out of its range, or one of our own errors while it is made, ends it with a line
    and exit code 1.
    """
    with stop_flag() as stop:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = make()
            try:
                spin(node, stop)
            finally:
                node.close()
                node.destroy_node()
        except (InvalidParameterTypeException, InvalidParameterValueException, Re3Error) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        finally:
            rclpy.try_shutdown()
    return 0


def spin(node: Node, stop: StopFlag) -> None:
    """Serve the node's callbacks until ``stop`` is set or the context is shut down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        while not stop.is_set and node.context.ok():
            executor.spin_once(timeout_sec=0.2)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()


def declare_parameters(node: Node, specs: Iterable[ParameterSpec]) -> None:
    """Declare parameters with meaning and range; those that are not live are read-only."""
    for spec in specs:
        descriptor = spec.descriptor()
        descriptor.read_only = not spec.live
        limits = f"one of: {', '.join(spec.choices)}; " if spec.choices else ""
        when = "any time" if spec.live else "at the start only"
        descriptor.additional_constraints = f"{limits}can be set {when}"
        node.declare_parameter(spec.name, spec.default, descriptor)
