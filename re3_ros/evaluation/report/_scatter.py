# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures with one mark for each tracker: accuracy over speed, accuracy and robustness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from re3_ros.evaluation import Reinitialised, SequenceResult, Summary, pool, summarise

from ._plots import Plot, alt_text
from ._style import LIGHT, Style, drawn, styles

REAL_TIME = 30.0
"""Frames a second of a usual camera."""
TICKS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000)


class Point(NamedTuple):
    """Where a tracker's mark is."""

    tracker: str
    x: float
    y: float


class Axis(NamedTuple):
    """What an axis shows, and where it ends; speeds are drawn on a logarithmic one."""

    label: str
    low: float
    high: float
    speed: bool = False

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 ... 1."""
        scale: Callable[[float], float] = math.log if self.speed else float
        return (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))


def speed_plot(summaries: Iterable[Summary], looks: Mapping[str, Style]) -> Plot | None:
    """Return AUC over speed (as the paper's Fig. 3); None where no tracker's speed is known."""
    points = [Point(s.tracker, 1e3 / s.ms, s.auc) for s in summaries if math.isfinite(s.ms)]
    return _over_speed("speed", "AUC", points, looks)


def reinit_plots(
    runs: Mapping[str, list[Reinitialised]], results: Mapping[str, list[SequenceResult]]
) -> tuple[Plot, ...]:
    """Return accuracy and robustness with re-initialisation: against each other (VOT) and, where
    one-pass ``results`` tell the speed, each over it (the paper's Fig. 3)."""
    looks, summaries = styles(runs), summarise(results)
    pooled = {tracker: pool(each) for tracker, each in runs.items()}
    ms = {s.tracker: s.ms for s in summaries if math.isfinite(s.ms) and s.tracker in pooled}
    plots = [
        _against([Point(t, run.robustness, run.accuracy) for t, run in pooled.items()], looks),
        *(
            _over_speed(
                f"{figure}_speed",
                figure,
                [Point(t, 1e3 / each, getattr(pooled[t], figure)) for t, each in ms.items()],
                looks,
            )
            for figure in ("accuracy", "robustness")
        ),
    ]
    return tuple(plot for plot in plots if plot is not None)


def _against(points: Sequence[Point], looks: Mapping[str, Style]) -> Plot:
    x, y = Axis("robustness", 0, 1.18), Axis("accuracy", 0, _ceiling(points))
    return Plot(
        "accuracy_robustness",
        "Accuracy and robustness",
        "With re-initialisation after each loss: mean IoU over exp(-30 drops / frames), the chance "
        "to keep the target for 30 frames. Best is the upper right corner.",
        alt_text(
            "Accuracy and robustness", [f"{p.tracker} {p.y:.3f} and {p.x:.3f}" for p in points]
        ),
        _draw(points, x, y, looks),
    )


def _over_speed(
    name: str, what: str, points: Sequence[Point], looks: Mapping[str, Style]
) -> Plot | None:
    if not points:
        return None
    speeds = [p.x for p in points]
    x = Axis(
        "frames a second", min(*speeds, REAL_TIME) / 1.6, max(*speeds, REAL_TIME) * 3.2, speed=True
    )
    title = "Accuracy over speed" if what == "AUC" else f"{what.capitalize()} over speed, restarted"
    said = "Area under the success curve" if what == "AUC" else f"{what} with re-initialisation"
    return Plot(
        name,
        title,
        f"{said[0].upper()}{said[1:]} over frames a second, from the median time a frame with disk "
        f"reads left out. Dashed: {REAL_TIME:.0f} frames a second.",
        alt_text(title, [f"{p.tracker} {p.y:.3f} at {p.x:.0f} frames a second" for p in points]),
        _draw(points, x, Axis(what, 0, _ceiling(points)), looks),
    )


def _ceiling(points: Sequence[Point]) -> float:
    return min(1.02, max(p.y for p in points) * 1.15 + 0.02)


def _draw(points: Sequence[Point], x: Axis, y: Axis, looks: Mapping[str, Style]) -> Any:
    with drawn(3.8) as figure:
        axes = figure.subplots()
        for name, at, value in points:
            look = looks[name]
            size = 110 if look.main else 60
            axes.scatter([at], [value], s=size, c=look.colour, marker=look.marker, zorder=3)
        axes.set(xlabel=x.label, ylabel=y.label)
        if x.speed:
            axes.axvline(REAL_TIME, color=LIGHT["soft"], linestyle=(0, (4, 3)), linewidth=1)
            axes.set_xscale("log")
            axes.set_xticks(TICKS, [f"{t:,}" for t in TICKS])
            axes.set_xticks([], minor=True)
        else:
            axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
        _label(axes, points, x, y, looks)
    return figure


def _label(
    axes: Any, points: Sequence[Point], x: Axis, y: Axis, looks: Mapping[str, Style]
) -> None:
    """Write each name beside its mark, moved up where it would lie on another."""
    written: list[tuple[float, float]] = []
    for name, at, value in sorted(points, key=lambda p: p.y):
        column, row = x.share(at), y.share(value)
        while any(abs(column - c) < 0.16 and abs(row - r) < 0.05 for c, r in written):
            row += 0.0125
        written.append((column, row))
        axes.annotate(
            name,
            (at, y.low + row * (y.high - y.low)),
            (8, 0),
            textcoords="offset points",
            va="center",
            weight="bold" if looks[name].main else "normal",
        )
