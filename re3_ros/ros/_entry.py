# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The first thing that an executable does: catch signals, then import what takes seconds."""

from __future__ import annotations

import os
import signal
from importlib import import_module


def run(module: str) -> int:
    """Return the exit code of ``main`` of a module in this room, such as ``programs.follower``.

    While it is imported nothing has begun, and a signal ends the process with exit code 0. From
    then on signals are what ``main`` makes of them, which has to be the first thing that it does.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    return int(import_module(f"{__package__}.{module}").main())


def _leave(_number: int, _frame: object) -> None:
    os._exit(0)  # nothing is raised in the middle of an import, where C code may meet it
