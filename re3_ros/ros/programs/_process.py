# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node in a process of its own, started and ended from Python."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

NODE = "re3_ros.ros"
"""Module that is the node re3_tracker."""
GRACE = 10.0
"""Seconds that a process has to end after a signal before it gets a harder one."""


def ros_arguments(
    parameters: Mapping[str, Any] | None = None,
    remappings: Mapping[str, str] | None = None,
    name: str = "",
    namespace: str = "",
) -> list[str]:
    """Return the part of a command line from ``--ros-args`` on."""
    rules = {**({"__node": name} if name else {}), **({"__ns": namespace} if namespace else {})}
    rules.update(remappings or {})
    words = ["--ros-args"]
    for key, value in (parameters or {}).items():
        words += ["-p", f"{key}:={json.dumps(value)}"]  # what is JSON is also YAML
    for source, target in rules.items():
        words += ["-r", f"{source}:={target}"]
    return words


def split_arguments(arguments: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return a command's own arguments and those of ROS, by default of this process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--ros-args") if "--ros-args" in given else len(given)
    return given[:cut], given[cut:]


class Process:
    """``python -m MODULE ARGUMENTS``; its output goes to ``log``, by default where ours does.

    ``program`` stands in the place of ``python -m``, such as ``ros2 launch re3_ros``.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        log: IO[Any] | None = None,
        program: Sequence[str] = (sys.executable, "-m"),
    ) -> None:
        command = [*program, module, *arguments]
        # A session of its own: Ctrl-C in a terminal reaches us alone, and we pass it on.
        self._child = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT if log else None, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative if a signal ended it; None while it runs."""
        return self._child.poll()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._child.send_signal(number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code; subprocess.TimeoutExpired if it lasts."""
        return self._child.wait(timeout)

    def stop(self) -> int:
        """End it, gently at first; return the exit code, 0 if it did not catch signals yet."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            if self.exit_code is not None:
                break
            self.signal(number)
            try:
                self.wait(GRACE)
            except subprocess.TimeoutExpired:
                continue
        code = self._child.wait()
        return 0 if code == -signal.SIGTERM else code


@contextmanager
def running(
    module: str, arguments: Sequence[str] = (), log: IO[Any] | None = None, **options: Any
) -> Iterator[Process]:
    """Run a `Process` for the length of the block, and end it after."""
    process = Process(module, arguments, log, **options)
    try:
        yield process
    finally:
        process.stop()
