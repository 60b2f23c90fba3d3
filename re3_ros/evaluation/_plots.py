# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Success and precision plots."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ._compare import Summary
from ._metrics import PRECISION_THRESHOLDS, SUCCESS_THRESHOLDS, Curve


class Line(NamedTuple):
    """One tracker's curve."""

    tracker: str
    figure: float
    curve: Curve
    colour: str


def plot_success(path: Path, summaries: Iterable[Summary]) -> None:
    """Draw the mean success curves, AUC in the legend; ``summaries`` are sorted by it."""
    lines = [Line(s.tracker, s.auc, s.success, c) for s, c in _coloured(summaries)]
    labels = ("Success (mean AUC)", "IoU threshold", "share of frames above it")
    _plot(path, SUCCESS_THRESHOLDS, lines, labels)


def plot_precision(path: Path, summaries: Iterable[Summary]) -> None:
    """Draw the mean precision curves, precision at 20 pixels in the legend, best first."""
    lines = [Line(s.tracker, s.precision, s.precision_curve, c) for s, c in _coloured(summaries)]
    labels = ("Precision (at 20 px)", "centre distance in pixels", "share of frames within")
    _plot(path, PRECISION_THRESHOLDS, sorted(lines, key=lambda l: -l.figure), labels)


def _coloured(summaries: Iterable[Summary]) -> Iterable[tuple[Summary, str]]:
    """Give each tracker a colour, the same in all plots of a comparison."""
    return [(s, f"C{number % 10}") for number, s in enumerate(summaries)]


def _plot(path: Path, x: Curve, lines: Iterable[Line], labels: tuple[str, str, str]) -> None:
    from matplotlib.figure import Figure  # half a second, and only reports need it

    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.subplots()
    for line in lines:
        width = 2.5 if line.tracker.startswith("re3") else 1.3
        label = f"{line.tracker} [{line.figure:.3f}]"
        axes.plot(x, line.curve, label=label, color=line.colour, linewidth=width)
    axes.set(title=labels[0], xlabel=labels[1], ylabel=labels[2], xlim=(0, x[-1]), ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)
