# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos at the pace of people: from the first box on, as fast as they were taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from re3_ros.tracking import Frame

SLICE = 0.05
"""Seconds after which a wait looks whether it is to end."""


def paced(
    frames: Iterable[Frame],
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Yield frames at the times that their stamps tell, or later; ``stop`` ends a wait.

    Whoever takes them slowly is not hurried afterwards: time begins anew.
    """
    begin: float | None = None
    for frame in frames:
        due = frame.stamp / 1e9
        begin = clock() - due if begin is None else begin
        while (left := begin + due - clock()) > 0 and not stop():
            rest(min(left, SLICE))
        begin = max(begin, clock() - due)
        yield frame


def started(
    frames: Iterable[Frame],
    ready: Callable[[Frame], bool],
    stop: Callable[[], bool] = lambda: False,
    rest: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Yield frames, the first not before ``ready``, which is asked with it again and again."""
    for index, frame in enumerate(frames):
        while not index and not ready(frame) and not stop():
            rest(SLICE)
        yield frame
