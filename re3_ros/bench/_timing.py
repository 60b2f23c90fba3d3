# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Times of one thing done many times."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K")

STAT = Path("/proc/stat")
WARM_UP = 5


@dataclass(frozen=True)
class TimingStats:
    """Milliseconds. The least is what the machine can do, the median what it did this time."""

    median: float
    p99: float
    least: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> TimingStats:
        """Return the spread of times in seconds."""
        times = np.asarray(seconds, np.float64) * 1e3
        return cls(float(np.median(times)), float(np.percentile(times, 99)), float(times.min()))


def load_now(seconds: float = 0.5) -> float:
    """Return how many processors are busy with something else, within so many seconds.

    Where the system does not tell, it is the mean number of the last minute, with our own.
    """
    if not STAT.is_file():
        return os.getloadavg()[0]
    before = _processor_time()
    time.sleep(seconds)
    total, idle = _processor_time() - before
    return float((os.cpu_count() or 1) * (1 - idle / max(total, 1)))


def _processor_time() -> NDArray[np.int64]:
    """Return all ticks of all processors since the start, and the idle among them."""
    ticks = [int(word) for word in STAT.read_text().splitlines()[0].split()[1:9]]
    return np.array([sum(ticks), ticks[3] + ticks[4]])  # idle, and waiting for a disk


def take_turns(tasks: Mapping[K, Callable[[], object]], repeats: int) -> dict[K, TimingStats]:
    """Return the spread of each task; they are done in turn, so that all meet equal conditions."""
    seconds: dict[K, list[float]] = {name: [] for name in tasks}
    for turn in range(WARM_UP + repeats):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            if turn >= WARM_UP:
                seconds[name].append(time.perf_counter() - begin)
    return {name: TimingStats.of(values) for name, values in seconds.items()}
