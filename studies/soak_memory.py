# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Memory, threads and files of a process over time, and whether they grow: for `soak.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

mpl.use("agg")

BLOCKS = 20
T_97_5 = 2.101
"""97.5 percentile of Student's t with BLOCKS - 2 degrees of freedom."""
SETTLED = 0.1
"""Part of a run that is left out of slopes: caches fill, pools reach their size."""
MEMORY, LATENCY, SHARE, FIT = "#1f5fa8", "#b4531f", "#3f7d3f", "#222222"


class Slope(NamedTuple):
    """How much something grows, with its 95 % confidence interval, in units of y per unit of x."""

    value: float
    low: float
    high: float
    intercept: float

    def text(self, unit: str, factor: float = 1.0) -> str:
        """Return it in words."""
        value, low, high = (factor * v for v in self[:3])
        return f"{value:+.3f} {unit} (95 %: {low:+.3f} to {high:+.3f})"


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Fit a line to the means of BLOCKS equal parts of what comes after SETTLED of the run.

    Samples of memory that lie near each other are nearly equal: taken one by one they would feign
    certainty. Means of long parts are far less so. Raises ValueError for too short a run.
    """
    times, values = np.asarray(x, float), np.asarray(y, float)
    kept = times >= times[0] + SETTLED * (times[-1] - times[0])
    if kept.sum() < 2 * BLOCKS:
        raise ValueError(f"{kept.sum()} samples after the first tenth; expected {2 * BLOCKS}")
    a = np.array([part.mean() for part in np.array_split(times[kept], BLOCKS)])
    b = np.array([part.mean() for part in np.array_split(values[kept], BLOCKS)])
    spread = float(((a - a.mean()) ** 2).sum())
    value = float(((a - a.mean()) * (b - b.mean())).sum()) / spread
    intercept = float(b.mean() - value * a.mean())
    residual = b - intercept - value * a
    error = float(np.sqrt((residual**2).sum() / (BLOCKS - 2) / spread))
    return Slope(value, value - T_97_5 * error, value + T_97_5 * error, intercept)


def resources(pid: int) -> dict[str, float]:
    """Return what Linux says of a process.

    ``anonymous`` is the memory in bytes that is its own (heap and stacks, no files and no shared
    memory), ``resident`` all that it has in RAM; ``threads``; ``files`` open; ``cpu`` seconds.
    """
    folder = Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
    return {
        "anonymous": 1024.0 * int(status["RssAnon"].split()[0]),
        "resident": 1024.0 * int(status["VmRSS"].split()[0]),
        "threads": float(status["Threads"]),
        "files": float(len(list((folder / "fd").iterdir()))),
        "cpu": sum(int(t) for t in ticks) / 100,
    }


def columns(samples: Sequence[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """Return the samples by name, as arrays."""
    return {name: np.array([s[name] for s in samples], float) for name in samples[0]}


def plot_line(axes: Axes, x: Any, y: Any, fit: Slope | None, label: str, colour: str) -> None:
    """Draw a quantity over x and, if given, its fitted line over the part that was fitted."""
    axes.plot(x, y, color=colour, linewidth=0.8)
    if fit is not None:
        ends = np.array([x[0] + SETTLED * (x[-1] - x[0]), x[-1]])
        axes.plot(ends, fit.intercept + fit.value * ends, color=FIT, linewidth=1.2, linestyle="--")
    axes.set_ylabel(label)
    axes.grid(visible=True, alpha=0.3)
    axes.margins(x=0.01)


def whole(low: float, high: float) -> str:
    """Return a range of whole numbers, shortly."""
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
