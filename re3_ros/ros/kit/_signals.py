# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM as a flag that a loop looks at."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Set by a signal. No threading.Event: what the signal interrupts may hold the lock of one."""

    is_set = False


@contextmanager
def stop_flag() -> Iterator[StopFlag]:
    """Return a flag that signals set; once the block is left they are ignored.

    Nothing is raised in the middle of whatever runs, as by rclpy's own handlers. A second signal is
    common (Ctrl-C reaches the process from the terminal and from `ros2 launch`), and must not kill
    the process while it ends.
    """
    flag = StopFlag()

    def stop(*_: object) -> None:
        flag.is_set = True

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield flag
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
