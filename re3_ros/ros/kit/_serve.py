# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The process around a node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from re3_ros.errors import ConfigError, Re3Error

from ._guarded import GuardedNode
from ._logging import logged_by
from ._parameters import ParameterSpec
from ._signals import StopFlag, stop_flag


def serve(
    make: Callable[[], GuardedNode],
    arguments: Sequence[str] | None = None,
    turn: Callable[[GuardedNode], Callable[[], bool] | None] = lambda _node: None,
) -> int:
    """Make a node and run it until SIGINT or SIGTERM; return the exit code.

    A parameter out of its range, one of our own errors while it is made, or arguments that ROS does
    not understand end it with a line and exit code 1. ``turn`` returns, for the node, what `spin`
    gets.
    """
    with stop_flag() as stop:
        try:
            rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        except (RuntimeError, ValueError) as error:  # all that rcl raises is one
            return _failed(error)
        try:
            node = make()
            node.stopping = stop
            node.given = tuple(sys.argv if arguments is None else arguments)
            try:
                with logged_by(node.get_logger):
                    node.say_what_is_unknown()
                    spin(node, stop, turn(node))
            finally:
                ended = _end(node)
        except (InvalidParameterTypeException, InvalidParameterValueException, Re3Error) as error:
            return _failed(error)
        finally:
            rclpy.try_shutdown()
    return 0 if ended else 1


def spin(node: GuardedNode, stop: StopFlag, turn: Callable[[], bool] | None = None) -> None:
    """Serve the node's callbacks until ``stop`` is set or the context is shut down.

    What the executor itself raises, or a callback of rclpy's own, is logged and counted. ``turn``
    is called in between, and ends it by returning False.
    """
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    patience = 0.2 if turn is None else 0.01
    try:
        while not stop.is_set and node.context.ok():
            try:
                executor.spin_once(timeout_sec=patience)
                if turn is not None and not turn():
                    break
            except ExternalShutdownException:
                break
            except Exception as error:  # noqa: BLE001, the node must live
                node.faults.note("the executor", error)
    finally:
        executor.shutdown()


def declare_parameters(node: Node, specs: Iterable[ParameterSpec]) -> None:
    """Declare parameters with meaning and range; those that are not live are read-only.

    Raises ConfigError for a value that is none of the choices; later ones are refused.
    """
    known = {spec.name: spec for spec in specs}
    for spec in known.values():
        descriptor = spec.descriptor()
        descriptor.read_only = not spec.live
        limits = f"one of: {', '.join(spec.choices)}; " if spec.choices else ""
        when = "any time" if spec.live else "at the start only"
        descriptor.additional_constraints = f"{limits}can be set {when}"
        value = node.declare_parameter(spec.name, spec.default, descriptor).value
        if problem := spec.problem(value):
            raise ConfigError(problem)

    def check(parameters: Sequence[Parameter]) -> SetParametersResult:
        problems = [known[p.name].problem(p.value) for p in parameters if p.name in known]
        reason = "; ".join(filter(None, problems))
        return SetParametersResult(successful=not reason, reason=reason)

    node.add_on_set_parameters_callback(check)


def _end(node: GuardedNode) -> bool:
    """Close the node and let go of it; return whether nothing was raised."""
    try:
        node.close()
    except Exception as error:  # noqa: BLE001, all else has to be let go of
        node.faults.note("the end", error)
        return False
    finally:
        node.destroy_node()
    return True


def _failed(error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
    return 1
