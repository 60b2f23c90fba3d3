# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A run of the servo above the table, and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from re3_ros.errors import writing
from re3_ros.images import Image
from re3_ros.tracking import TargetState

PICTURES = (0.0, 0.2, 0.38, 0.58, 0.99)
"""Parts of the run at which an image is kept."""
_INK, _BLUE, _RED, _GREY = "#1b1d21", "#1f5fbf", "#c24a18", "#9a9ea6"
_SHADES = {TargetState.UNCERTAIN: 0.16, TargetState.LOST: 0.30}


class ServoRow(NamedTuple):
    """One image, the truth about it, and what the tracker said."""

    time: float
    """In s, from the begin."""
    offset: float
    """Pixels from the middle of the image to that of the object's true box."""
    distance: float
    """Metres along z to the object's middle."""
    visibility: float
    state: TargetState | None
    """None before the target was there."""
    score: float


@dataclass
class ServoRun:
    """A whole run."""

    distance: float
    """Metres that are to be kept to what is seen of the object."""
    rows: list[ServoRow] = field(default_factory=list)
    commands: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, m/s, rad/s)."""
    pictures: list[tuple[ServoRow, Image]] = field(default_factory=list)

    def before(self, time: float) -> ServoRow:
        """Return the last row before a time, or the first one."""
        return [self.rows[0], *(row for row in self.rows if row.time <= time)][-1]

    def is_close(self, row: ServoRow, pixels: float, part: float) -> bool:
        """Tell whether the object was in its place."""
        return row.offset <= pixels and abs(row.distance / self.distance - 1) <= part

    def moved_while_lost(self, reaction: float) -> bool:
        """Tell whether a command moved the arm when the target was lost for ``reaction`` s."""
        return any(
            (speed or turn) and self._is_lost(time, reaction) for time, speed, turn in self.commands
        )

    def _is_lost(self, now: float, reaction: float) -> bool:
        known = [row.state for row in self.rows if now - reaction <= row.time <= now]
        return bool(known) and all(state == TargetState.LOST for state in known)


def draw(run: ServoRun, path: Path) -> None:
    """Draw a run into a PNG: images, errors and commands over time. Raises OutputError."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 8), layout="constrained")
    grid = figure.add_gridspec(4, 1, height_ratios=[1.15, 1, 1, 0.8])
    slots = grid[0].subgridspec(1, max(1, len(run.pictures)))
    for index, (row, image) in enumerate(run.pictures):
        axes = figure.add_subplot(slots[0, index])
        axes.imshow(image)
        axes.axhline(image.shape[0] / 2, color="white", lw=0.5, alpha=0.7)
        axes.axvline(image.shape[1] / 2, color="white", lw=0.5, alpha=0.7)
        state = "no target yet" if row.state is None else row.state.name
        axes.set_title(f"{row.time:.1f} s, {state}", fontsize=9)
        axes.set_axis_off()
    plots = [figure.add_subplot(grid[1])]
    plots += [figure.add_subplot(grid[i], sharex=plots[0]) for i in (2, 3)]
    _draw_errors(plots[0], plots[1], run)
    _draw_commands(plots[2], run)
    for axes in plots:
        _shade(axes, run.rows)
        axes.grid(alpha=0.25)
        axes.set_xlim(0, run.rows[-1].time)
        axes.label_outer()
    plots[-1].set_xlabel("time in s; shaded: UNCERTAIN (light), LOST (dark)")
    with writing(path):
        figure.savefig(path, dpi=110)


def _draw_errors(offset: Any, distance: Any, run: ServoRun) -> None:
    times = [row.time for row in run.rows]
    offset.plot(times, [row.offset for row in run.rows], color=_INK, lw=1.4, label="offset (truth)")
    offset.set(ylabel="from the middle, px", ylim=(0, None))
    seen = offset.twinx()
    seen.plot(times, [row.visibility for row in run.rows], color=_GREY, lw=1, ls="--")
    seen.set(ylabel="part that is seen", ylim=(-0.02, 1.05))
    distance.plot(times, [row.distance for row in run.rows], color=_INK, lw=1.4)
    distance.axhline(run.distance, color=_BLUE, lw=1, ls=":")
    distance.set_ylabel("distance, m\n(dotted: wanted)")


def _draw_commands(axes: Any, run: ServoRun) -> None:
    times, speeds = [c[0] for c in run.commands], [c[1] for c in run.commands]
    axes.step(times, speeds, where="post", color=_RED, lw=1.2)
    axes.set(ylabel="commanded speed,\nm/s", ylim=(-0.005, None))


def _shade(axes: Any, rows: Sequence[ServoRow]) -> None:
    """Shade the times at which the target was not seen."""
    ends = [*(row.time for row in rows[1:]), rows[-1].time]
    for row, end in zip(rows, ends, strict=True):
        if row.state in _SHADES:
            axes.axvspan(row.time, end, color=_RED, alpha=_SHADES[row.state], lw=0)
