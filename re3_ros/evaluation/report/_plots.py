# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures over all sequences: success, precision, occlusion, each sequence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from re3_ros.evaluation import (
    NORMALISED_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    Curve,
    SequenceResult,
    Summary,
    centre_errors,
    precision_curve,
)

from ._style import LIGHT, Style, add_legend, drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure
MOST_BARS = 100
"""Sequences of a large data set that are drawn: those with the lowest AUC."""


@dataclass(frozen=True, eq=False)
class Plot:
    """A figure with what the report says about it."""

    name: str
    title: str
    caption: str
    alt: str
    """What a reader who cannot see it is told."""
    figure: Figure


class Line(NamedTuple):
    """One tracker's curve, and the figure that it is ranked by."""

    tracker: str
    figure: float
    curve: Curve


class OcclusionRow(Protocol):
    """A tracker's AUC on all frames, and on those in which the target is occluded."""

    @property
    def tracker(self) -> str:
        """Its name."""

    @property
    def frames(self) -> int:
        """Number of occluded frames."""

    @property
    def sequences(self) -> int:
        """Number of sequences that have such frames."""

    @property
    def everywhere(self) -> float:
        """AUC on all frames."""

    @property
    def occluded(self) -> float:
        """AUC on occluded frames."""


def success_plot(summaries: Iterable[Summary], looks: Mapping[str, Style]) -> Plot:
    """Return the mean success curves (OTB), the best AUC first."""
    return _curves(
        "success",
        "Success",
        "Share of frames whose IoU is above a threshold, mean over sequences. The area under the "
        "curve (AUC) stands behind the name.",
        ("IoU threshold", "share of frames above it"),
        SUCCESS_THRESHOLDS,
        [Line(s.tracker, s.auc, s.success) for s in summaries],
        looks,
    )


def precision_plot(summaries: Iterable[Summary], looks: Mapping[str, Style]) -> Plot:
    """Return the mean precision curves (OTB), the best precision at 20 pixels first."""
    return _curves(
        "precision",
        "Precision",
        "Share of frames whose box centre is at most so many pixels from the true one, mean over "
        "sequences. The value at 20 pixels stands behind the name.",
        ("centre distance in pixels", "share of frames within it"),
        PRECISION_THRESHOLDS,
        [Line(s.tracker, s.precision, s.precision_curve) for s in summaries],
        looks,
    )


def normalised_plot(
    results: Mapping[str, list[SequenceResult]], looks: Mapping[str, Style]
) -> Plot:
    """Return the mean normalised precision curves (TrackingNet, LaSOT), the best area first."""
    return _curves(
        "normalised_precision",
        "Normalised precision",
        "As precision, with distances in widths and heights of the true box, so that large and "
        "small objects count alike. The area under the curve stands behind the name.",
        ("centre distance in sides of the true box", "share of frames within it"),
        NORMALISED_THRESHOLDS,
        [_normalised(tracker, rs) for tracker, rs in results.items()],
        looks,
    )


def occlusion_plot(rows: Iterable[OcclusionRow], looks: Mapping[str, Style]) -> Plot | None:
    """Return AUC on all against occluded frames (the paper's Fig. 5); None without figures."""
    rows = sorted(rows, key=lambda r: r.everywhere)
    if not rows:
        return None
    with drawn(1 + 0.36 * len(rows)) as figure:
        axes = figure.subplots()
        for y, row in enumerate(rows):
            look = looks[row.tracker]
            xs, colour = (row.everywhere, row.occluded), look.colour
            axes.plot(xs, (y, y), color=colour, linewidth=look.width + 1, alpha=0.6, zorder=2)
            axes.scatter(xs[:1], [y], s=70, c=colour, zorder=3)
            axes.scatter(
                xs[1:], [y], s=70, c=LIGHT["paper"], edgecolors=colour, linewidths=2, zorder=3
            )
            axes.annotate(
                loss_text(row), (max(xs), y), (10, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(range(len(rows)), [row.tracker for row in rows])
        axes.set(xlabel="AUC", ylim=(-0.6, len(rows) - 0.4), xlim=(0, 1))
        axes.grid(visible=False, axis="y")
    said = [f"{r.tracker} {r.everywhere:.3f} and {r.occluded:.3f} ({loss_text(r)})" for r in rows]
    return Plot(
        "occlusion",
        "All frames against occluded frames",
        f"Means over the {rows[0].sequences} sequences with occluded frames. Full mark: AUC on all "
        f"their frames; open mark: AUC on the {rows[0].frames} in which the target is labelled as "
        "occluded. Beside them the relative change.",
        alt_text("AUC on all and on occluded frames", said[::-1]),
        figure,
    )


def sequence_plot(results: Mapping[str, list[SequenceResult]], looks: Mapping[str, Style]) -> Plot:
    """Return each sequence's AUC: a bar for the main tracker, marks for the others."""
    main = next(name for name, look in looks.items() if look.main)
    order = np.argsort([r.auc for r in results[main]])[:MOST_BARS]
    names = [results[main][i].sequence for i in order]
    left_out = len(results[main]) - len(names)
    rest = f" The {left_out} sequences on which it did best are left out." if left_out else ""
    rows = range(len(names))
    with drawn(1.5 + 0.22 * len(names)) as figure:
        axes = figure.subplots()
        for name, look in looks.items():
            values = [results[name][i].auc for i in order]
            if look.main:
                axes.barh(rows, values, 0.66, color=look.colour, alpha=0.4, label=name)
            else:
                shape: Any = {"c": look.colour, "marker": look.marker, "edgecolors": LIGHT["paper"]}
                axes.scatter(values, rows, s=34, linewidths=0.6, zorder=3, label=name, **shape)
        axes.set_yticks(rows, names)
        axes.set(xlabel="AUC", xlim=(0, 1), ylim=(-0.7, len(names) - 0.3))
        axes.grid(visible=False, axis="y")
        add_legend(figure)
    said = [f"{r.sequence} {r.auc:.2f}" for r in (results[main][i] for i in order[::-1])]
    return Plot(
        "by_sequence",
        "AUC of each sequence",
        f"Area under the success curve. Bars: {main}; marks: the others.{rest}",
        alt_text(f"AUC of {main} by sequence, the best first", said),
        figure,
    )


def loss_text(row: OcclusionRow) -> str:
    """Return the relative change of AUC under occlusion, signed, in percent."""
    if row.everywhere <= 0 or not math.isfinite(row.occluded):
        return ""
    return f"{100 * (row.occluded / row.everywhere - 1):+.1f} %".replace("-", "−")


def _curves(
    name: str,
    title: str,
    caption: str,
    labels: tuple[str, str],
    x: Curve,
    lines: Sequence[Line],
    looks: Mapping[str, Style],
) -> Plot:
    lines = sorted(lines, key=lambda line: -line.figure)
    with drawn(3.8 + 0.11 * len(lines)) as figure:
        axes = figure.subplots()
        for number, line in enumerate(lines):
            look, label = looks[line.tracker], f"{line.tracker} {line.figure:.3f}"
            axes.plot(
                x,
                line.curve,
                label=label,
                color=look.colour,
                linestyle=look.dash,
                linewidth=look.width,
                zorder=3 - number / len(lines),
            )
        axes.set(xlabel=labels[0], ylabel=labels[1], xlim=(0, x[-1]), ylim=(0, 1))
        add_legend(figure)
    alt = alt_text(f"{title} plot", [f"{line.tracker} {line.figure:.3f}" for line in lines])
    return Plot(name, title, caption, alt, figure)


def _normalised(tracker: str, results: Iterable[SequenceResult]) -> Line:
    far = [centre_errors(r.truth, r.trajectory.boxes, normalised=True) for r in results]
    curve = np.mean([precision_curve(d, NORMALISED_THRESHOLDS) for d in far], axis=0)
    return Line(tracker, float(curve.mean()), curve)


def alt_text(title: str, parts: Iterable[str]) -> str:
    """Return what a figure says, in a sentence."""
    return f"{title}: {', '.join(parts)}."
