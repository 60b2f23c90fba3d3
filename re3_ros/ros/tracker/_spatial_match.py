# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which depth image belongs to which result."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

R = TypeVar("R")
D = TypeVar("D")

WAITING = 16
"""Most depth images, and most results, that wait for their counterpart: half a second's."""


class Pair(NamedTuple, Generic[R, D]):
    """A result, and the depth image that is nearest to it in time; None if there is none."""

    result: R
    depth: D | None


class Matcher(Generic[R, D]):
    """Pairs results with depth images, whichever comes first; any thread may call any method.

    A result is paired with the depth image of its own stamp. Without one it waits until a depth
    image that is newer has come, or a result that is newer by more than the tolerance, and takes
    the nearest in time, if that is within the tolerance. Stamps are in ns, ``tolerance`` gives
    seconds. A stamp that goes back starts anew.
    """

    def __init__(self, tolerance: Callable[[], float]) -> None:
        self._tolerance = tolerance
        self._changed = threading.Condition()
        self._results: deque[tuple[int, R]] = deque()
        self._depths: deque[tuple[int, D]] = deque()
        self._newest = 0
        self._closed = False

    def add_result(self, stamp: int, result: R) -> int:
        """Let a result wait for its depth image; return how many had to leave for it."""
        gone = 0
        with self._changed:
            if stamp < self._newest:
                gone = len(self._results)
                self._results.clear()
                while self._depths and self._depths[-1][0] > stamp + self._reach():
                    self._depths.pop()  # of a time that is no more
            self._newest = stamp
            self._results.append((stamp, result))
            self._changed.notify()
            return gone + _shorten(self._results)

    def add_depth(self, stamp: int, depth: D) -> None:
        """Keep a depth image."""
        with self._changed:
            while self._depths and self._depths[-1][0] >= stamp:
                self._depths.pop()
            self._depths.append((stamp, depth))
            _shorten(self._depths)
            self._changed.notify()

    def take(self) -> Pair[R, D] | None:
        """Wait for a result whose depth image is settled; None once the matcher is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._is_settled())
            if self._closed:
                return None
            stamp, result = self._results.popleft()
            return Pair(result, self._nearest(stamp))

    def clear(self) -> None:
        """Forget what waits."""
        with self._changed:
            self._results.clear()
            self._depths.clear()

    def close(self) -> None:
        """Forget what waits, and let `take` return at once from now on."""
        self.clear()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _reach(self) -> int:
        return round(self._tolerance() * 1e9)

    def _is_settled(self) -> bool:
        """Tell whether no depth image that is still to come can be nearer to the oldest result."""
        if not self._results:
            return False
        stamp = self._results[0][0]
        newer = bool(self._depths) and self._depths[-1][0] >= stamp
        return newer or self._results[-1][0] - stamp > self._reach()

    def _nearest(self, stamp: int) -> D | None:
        away, depth = min(
            ((abs(time - stamp), depth) for time, depth in self._depths),
            key=lambda pair: pair[0],
            default=(0, None),
        )
        return depth if away <= self._reach() else None


def _shorten(waiting: deque[Any]) -> int:
    """Drop the oldest beyond `WAITING`; return how many."""
    surplus = max(0, len(waiting) - WAITING)
    for _ in range(surplus):
        waiting.popleft()
    return surplus
