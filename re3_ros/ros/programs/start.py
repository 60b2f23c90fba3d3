# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Start re3_tracker and bring it up, where there is no launch_ros.

    python -m re3_ros.ros.start [--namespace NS] [--name NAME] [--manual] [--ros-args ...]

Does what `ros2 launch re3_ros tracker.launch.py` does: starts the node, configures and activates
it through its lifecycle services, and waits. SIGINT and SIGTERM end the node, whose exit code is
ours; 1 if it could not be brought up.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from re3_ros.errors import SourceError
from re3_ros.ros.kit import StopFlag, stop_flag, temporary_node

from ._control import LifecycleClient
from ._process import NODE, Process, ros_arguments, running, split_arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    ours, given = split_arguments(arguments)
    options = _parser().parse_args(ours)
    namespace = f"/{options.namespace.strip('/')}" if options.namespace.strip("/") else ""
    named = ros_arguments(name=options.name, namespace=namespace)
    with stop_flag() as stop, running(NODE, [*named, *given]) as process:
        if not options.manual:
            try:
                bring_up(f"{namespace}/{options.name}", lambda: is_running(process, stop))
            except SourceError as error:
                if not stop.is_set:
                    print(f"start: {error}", file=sys.stderr)
                    return process.stop() or 1
        while is_running(process, stop):
            time.sleep(0.2)
        return process.stop()


def is_running(process: Process, stop: StopFlag) -> bool:
    """Tell whether the node runs and should go on."""
    return process.exit_code is None and not stop.is_set


def bring_up(target: str, alive: Callable[[], bool], timeout: float = 120.0) -> None:
    """Configure and activate the node with the full name ``target``.

    Raises SourceError if it refuses, does not answer in ``timeout`` seconds, or is not ``alive``.
    """
    with temporary_node("starter", start_parameter_services=False) as node:
        LifecycleClient(node, target, timeout, alive).bring_up()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m re3_ros.ros.start", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--namespace", default="", help="namespace of the node")
    parser.add_argument("--name", default="re3_tracker", help="name of the node")
    parser.add_argument("--manual", action="store_true", help="leave configure and activate to you")
    return parser
