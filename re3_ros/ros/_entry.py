# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The first thing that an executable does: catch signals, then import what takes seconds."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib import import_module

LAUNCHED = "RE3_LAUNCH"
"""Environment variable: the id of the process whose end is ours too, that of `ros2 launch`."""
_PR_SET_PDEATHSIG = 1
"""Of prctl(2), in linux/prctl.h."""
ALSO = {"programs.recorder": ("rosbags",), "programs.web_box": ("aiohttp",)}
"""What modules need beside what all nodes do."""


def run(module: str) -> int:
    """Return the exit code of ``main`` of a module in this room, such as ``programs.follower``.

    While it is imported nothing has begun, and a signal ends the process with exit code 0. From
    then on signals are what ``main`` makes of them, which has to be the first thing that it does.

    Packages that are missing or too old are named in a line, with exit code 1.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    _end_with_launch(os.environ.pop(LAUNCHED, ""))
    if problem := _missing(module):
        print(f"error: {module.rpartition('.')[2]} {problem}", file=sys.stderr)
        return 1
    return int(import_module(f"{__package__}.{module}").main())


def _end_with_launch(parent: str) -> None:
    """Get SIGTERM when the process that launched this one ends, however it ends.

    Launch itself ends its nodes at Ctrl-C only: killed, told to terminate, or stopped by an
    exception, it leaves them running, and their names taken.
    """
    if not parent.isdigit() or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    try:
        os.kill(int(parent), 0)
    except ProcessLookupError:  # it ended before this was asked for
        os._exit(0)
    except PermissionError:  # it is another user's, and there
        pass


def _missing(module: str) -> str:
    from re3_ros.versions import (
        NEEDS,
        NODE,
        WEB,
        problem,
    )  # not above: launch files import this room

    known = {**NEEDS, **WEB}
    return problem({**NODE, **{name: known[name] for name in ALSO.get(module, ())}})


def _leave(_number: int, _frame: object) -> None:
    os._exit(0)  # nothing is raised in the middle of an import, where C code may meet it
