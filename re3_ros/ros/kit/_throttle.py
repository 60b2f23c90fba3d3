# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Say a thing once, then no more often than every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable


class Throttle:
    """Tells which messages are due: each key at most once in ``period`` seconds."""

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
        self._last[key] = now
        return self._skipped.pop(key, 0)
