# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Rates and latencies of the last seconds, on whatever clock the caller reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

import numpy as np

WINDOW = 10.0
"""Seconds that are looked back on."""
_MOST = 2000


class Meter:
    """What happened within `WINDOW` seconds; all times in seconds of one clock.

    When that clock jumps backwards (a simulation or a bag starts anew), what was before is
    forgotten. Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latencies: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._samples: deque[tuple[float, Mapping[str, int]]] = deque()
        self._changed: dict[str, float] = {}

    def took(self, now: float, latency: float) -> None:
        """Note that something was finished ``now``, and took that long."""
        with self._lock:
            if self._latencies and now < self._latencies[-1][0]:
                self._latencies.clear()
            self._latencies.append((now, latency))

    def sample(self, now: float, counts: Mapping[str, int]) -> None:
        """Note where counters stand that only ever rise; at 0 a simulated clock has not begun."""
        if now == 0:
            return
        with self._lock:
            if self._samples and now < self._samples[-1][0]:
                self._samples.clear()
                self._latencies.clear()
                self._changed.clear()
            last = self._samples[-1][1] if self._samples else {}
            for name, value in counts.items():
                if value != last.get(name):
                    self._changed[name] = now
            self._samples.append((now, dict(counts)))
            while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
                self._samples.popleft()  # the oldest kept is just outside the window
            while self._latencies and self._latencies[0][0] < now - WINDOW:
                self._latencies.popleft()

    def lately(self, name: str) -> int:
        """Return by how much a counter rose within the window; 0 if it began anew."""
        with self._lock:
            return max(0, self._rise(name)) if self._samples else 0

    def rate(self, name: str) -> float | None:
        """Return by how much a counter rose in a second; None while no time has passed."""
        with self._lock:
            seconds = self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0
            return self._rise(name) / seconds if seconds > 0 else None

    def unchanged(self, name: str) -> float:
        """Return for how many seconds a counter has stood still."""
        with self._lock:
            return self._samples[-1][0] - self._changed[name] if name in self._changed else 0.0

    def latency(self, *percentiles: float) -> list[float] | None:
        """Return percentiles (0 to 100) of the latencies, in seconds; None if there are none."""
        with self._lock:
            values = [latency for _, latency in self._latencies]
        return [float(v) for v in np.percentile(values, percentiles)] if values else None

    def _rise(self, name: str) -> int:
        return self._samples[-1][1].get(name, 0) - self._samples[0][1].get(name, 0)
