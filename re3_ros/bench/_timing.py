# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Times of one thing done many times."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

K = TypeVar("K")

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
