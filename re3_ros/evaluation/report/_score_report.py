# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What scores are worth, as a table, as JSON and as a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from re3_ros.errors import writing
from re3_ros.evaluation import IdentityRow, ReportTable, ScoreQuality

from ._style import FINISHED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 200
"""Points of an ROC curve that are written down."""


def score_table(qualities: Mapping[str, ScoreQuality]) -> ReportTable:
    """Return a row for each set of frames."""
    return ReportTable(
        name="score",
        title="Score against IoU >= 0.5",
        columns=("frames of", "frames", "hits", "ROC area", "calibration error", "Brier"),
        rows=tuple(
            (name, q.frames, q.hits, q.roc_auc, q.calibration_error, q.brier)
            for name, q in qualities.items()
        ),
        note="A score is meant to be the probability that the box overlaps the object by half. "
        "Area: 1 is perfect, 0.5 is chance. Calibration error and Brier score: 0 is perfect.",
    )


def identity_table(rows: Mapping[str, IdentityRow]) -> ReportTable:
    """Return a row for each tracker."""
    return ReportTable(
        name="identity",
        title="The target among objects like it",
        columns=("tracker", "frames", "IoU", "on a rival", "switches / 100", "IoU, held clips"),
        rows=tuple(
            (name, row.rivals.frames, row.rivals.mean_iou, row.rivals.on_rival,
             row.rivals.switches, row.clips_iou)
            for name, row in rows.items()
        ),
        note="Simulated videos in which objects like the target pass over it, frames in which it "
        "and one of them are in view. On a rival: the box overlaps it more than the target. A "
        "switch is the first of such frames in a row.",
    )  # fmt: skip


def write_score(
    folder: Path | str,
    qualities: Mapping[str, ScoreQuality],
    about: Mapping[str, Any],
    kept: Mapping[str, IdentityRow] | None = None,
) -> list[Path]:
    """Write ``score.json`` and ``score.png`` (ROC and reliability); return their paths."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    paths = [root / "score.json", root / "score.png"]
    document = {"about": dict(about), "sets": {n: _document(q) for n, q in qualities.items()}}
    document["identity"] = {
        name: {field: _number(value) for field, value in row.rivals._asdict().items()}
        | {"clips_iou": _number(row.clips_iou)}
        for name, row in (kept or {}).items()
    }
    with writing(paths[0], FINISHED):
        paths[0].write_text(json.dumps(document, indent=1), encoding="utf-8")
    _plot(paths[1], qualities)
    return paths


def _document(q: ScoreQuality) -> dict[str, Any]:
    chosen = np.unique(np.linspace(0, len(q.true_positive_rate) - 1, POINTS).astype(int))
    return {
        "frames": q.frames,
        "hits": _number(q.hits),
        "roc_area": _number(q.roc_auc),
        "calibration_error": _number(q.calibration_error),
        "brier": _number(q.brier),
        "bins": [[b.frames, _number(b.score), _number(b.hits)] for b in q.bins],
        "false_alarms": [_number(v) for v in q.false_positive_rate[chosen]],
        "detections": [_number(v) for v in q.true_positive_rate[chosen]],
    }


def _plot(path: Path, qualities: Mapping[str, ScoreQuality]) -> None:
    from matplotlib.figure import Figure  # half a second, and only reports need it

    figure = Figure(figsize=(10, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, (name, q) in enumerate(qualities.items()):
        colour = f"C{number}"
        label = f"{name} [area {q.roc_auc:.3f}]"
        left.plot(q.false_positive_rate, q.true_positive_rate, color=colour, label=label)
        used = [b for b in q.bins if b.frames]
        error = f"{name} [error {q.calibration_error:.3f}]"
        scores, hits = [b.score for b in used], [b.hits for b in used]
        right.plot(scores, hits, color=colour, marker="o", label=error)
        sizes = [400 * b.frames / q.frames for b in used]
        right.scatter(scores, hits, s=sizes, color=colour, alpha=0.2)
    _label(left, "Telling hits from misses (ROC)", "false alarms", "detected hits")
    left.legend(fontsize="small", loc="lower right")
    _label(right, "Is the score a probability?", "mean score of the frames", "share of hits")
    right.legend(fontsize="small", loc="upper left")
    with writing(path, FINISHED):
        figure.savefig(path, dpi=120)


def _label(axes: Axes, title: str, x: str, y: str) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":")
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
