# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM as a flag that a loop looks at."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from re3_ros.errors import Re3Error

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE = 2.0
"""Seconds that work with nothing to lose may go on after a signal; `ros2 launch` waits for 5."""
_ENDS = b"told to end, and what is under way cannot be interrupted: ending at once\n"


class StoppedError(Re3Error):
    """The process is to end, so work that takes long is not begun."""


class StopFlag:
    """Set by a signal. No threading.Event: what the signal interrupts may hold the lock of one."""

    is_set = False
    is_armed = False
    """Whether signals set it."""

    def check(self) -> None:
        """Raise StoppedError if it is set; to be called between the steps of long work."""
        if self.is_set:
            raise StoppedError("a signal told the process to end")

    @contextmanager
    def nothing_to_lose(self) -> Iterator[None]:
        """End the process, with exit code 0, if the block goes on for long after a signal.

        A step that does not return to Python, such as compiling a network, hears of no flag; a
        thread waits for the signal instead. For the main thread; elsewhere it does nothing.
        """
        if not self.is_armed or threading.current_thread() is not threading.main_thread():
            yield
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)  # or a signal handler could hang
        left = threading.Event()
        watcher = threading.Thread(target=_watch, args=(reader, left), daemon=True)
        watcher.start()
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            left.set()
            os.close(writer)  # which wakes the watcher
            watcher.join()
            os.close(reader)


def _watch(reader: int, left: threading.Event) -> None:
    """Wait for one of SIGNALS; then, unless the block is left in time, end the process."""
    while number := os.read(reader, 1):
        if number[0] in SIGNALS and not left.wait(GRACE):
            os.write(2, _ENDS)
            os._exit(0)


@contextmanager
def stop_flag() -> Iterator[StopFlag]:
    """Return a flag that signals set; once the block is left they are ignored.

    Nothing is raised in the middle of whatever runs, as by rclpy's own handlers. A second signal is
    common (Ctrl-C reaches the process from the terminal and from `ros2 launch`), and must not kill
    the process while it ends.
    """
    flag = StopFlag()
    flag.is_armed = True

    def stop(*_: object) -> None:
        flag.is_set = True

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield flag
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block at the first SIGINT or SIGTERM, and ignore the next.

    For what starts processes and has to end them, which a second signal must not keep it from.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler or signal.SIG_DFL)
