# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as files: JSON, CSV and plots."""

from __future__ import annotations

import csv
import json
import math
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import re3_ros

from ._compare import Summary, summarise
from ._metrics import PRECISION_THRESHOLDS, SUCCESS_THRESHOLDS
from ._plots import plot_precision, plot_success
from ._runner import Result

FIGURES = ("auc", "precision", "normalised_precision", "mean_iou", "ms", "ms_99")
"""What is reported of a sequence and, as a mean, of a tracker."""


def write_report(
    folder: Path | str, results: Mapping[str, list[Result]], about: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write ``results.json``, ``summary.csv``, ``sequences.csv``, ``success.png`` and
    ``precision.png``; return their paths. ``about`` (data, weights, ...) goes into the JSON."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    summaries = summarise(results)
    paths = [
        root / name
        for name in ("results.json", "summary.csv", "sequences.csv", "success.png", "precision.png")
    ]
    paths[0].write_text(json.dumps(_document(summaries, results, about or {}), indent=1))
    _write_csv(paths[1], [_summary_row(s) for s in summaries])
    _write_csv(paths[2], [_row(name, r) for name, rs in results.items() for r in rs])
    plot_success(paths[3], summaries)
    plot_precision(paths[4], summaries)
    return paths


def _summary_row(summary: Summary) -> dict[str, Any]:
    figures = {name: _number(getattr(summary, name)) for name in FIGURES}
    counts = {"frames": summary.frames, "failures": summary.failures}
    return {"tracker": summary.tracker, **figures, **counts}


def _row(tracker: str, result: Result) -> dict[str, Any]:
    figures = {name: _number(getattr(result, name)) for name in FIGURES}
    rest = {"frames": len(result.truth), "failure": result.track.failure}
    return {"tracker": tracker, "sequence": result.sequence, **figures, **rest}


def _document(
    summaries: Iterable[Summary], results: Mapping[str, list[Result]], about: Mapping[str, Any]
) -> dict[str, Any]:
    machine = {
        "re3_ros": re3_ros.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
    }
    curves = {
        s.tracker: {"success": s.success.tolist(), "precision": s.precision_curve.tolist()}
        for s in summaries
    }
    return {
        "about": {**about, "machine": machine},
        "thresholds": {
            "success": SUCCESS_THRESHOLDS.tolist(),
            "precision": PRECISION_THRESHOLDS.tolist(),
        },
        "summary": [_summary_row(s) for s in summaries],
        "curves": curves,
        "sequences": [_row(name, r) for name, rs in results.items() for r in rs],
    }


def _number(value: float) -> float | None:
    """Return the value to six digits, None where there is none: JSON knows no NaN."""
    return round(value, 6) if math.isfinite(value) else None


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
