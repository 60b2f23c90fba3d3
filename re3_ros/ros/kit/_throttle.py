# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Say a thing once, then no more often than every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_KEYS = 32
"""Different keys that are due in one period."""


class Throttle:
    """Tells which messages are due: each key at most once in ``period`` seconds.

    Keys may hold what others send, such as the name of a target, so there may be very many: of more
    than MOST_KEYS in a period the others are held back, and none is remembered for longer.
    """

    def __init__(self, period: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._clock = clock
        self._last: dict[str, float] = {}
        self._skipped: dict[str, int] = {}

    def due(self, key: str) -> int | None:
        """Return how many were held back since the last one, or None if this one is too."""
        now = self._clock()
        if now - self._last.get(key, -self._period) < self._period:
            self._skipped[key] = self._skipped.get(key, 0) + 1
            return None
        if key not in self._last and len(self._last) >= MOST_KEYS:
            self._forget(now)
            if len(self._last) >= MOST_KEYS:
                return None
        self._last[key] = now
        return self._skipped.pop(key, 0)

    def _forget(self, now: float) -> None:
        """Forget the keys whose period is over."""
        self._last = {k: last for k, last in self._last.items() if now - last < self._period}
        self._skipped = {k: count for k, count in self._skipped.items() if k in self._last}
