# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as files: JSON, CSV, figures, and one HTML report that holds it all."""

from __future__ import annotations

import csv
import json
import math
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import re3_ros
from re3_ros.errors import writing
from re3_ros.evaluation import (
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    ReportTable,
    SequenceResult,
    Summary,
    summarise,
)

from ._html import render
from ._page import MACHINE, Extras, Page, page_of_results, page_of_tables
from ._style import FINISHED, save_png

FIGURES = (
    "auc",
    "precision",
    "normalised_precision",
    "average_overlap",
    "success_50",
    "success_75",
    "mean_iou",
    "ms",
    "ms_99",
)
"""What is reported of a sequence and, as a mean, of a tracker."""


def write_report(
    folder: Path | str,
    results: Mapping[str, list[SequenceResult]],
    about: Mapping[str, Any] | None = None,
    extras: Extras | None = None,
) -> list[Path]:
    """Write ``report.html``, ``results.json``, ``summary.csv``, ``sequences.csv``, a CSV for each
    further table and a PNG for each figure; return their paths.

    ``about`` (data, weights, ...) goes into JSON and HTML. The HTML holds all figures and pictures
    in itself. Results that have no frames (`SequenceResult.source`) yield no filmstrip.
    """
    facts = {**(about or {}), MACHINE: _machine()}
    page, summaries = page_of_results(results, facts, extras or Extras()), summarise(results)
    root = Path(folder)
    paths = _write_page(root, page, _document(summaries, results, facts, page.tables))
    tables = {
        "summary": [_summary_row(s) for s in summaries],
        "sequences": [_row(name, r) for name, rs in results.items() for r in rs],
    }
    return [*paths[:2], *_write_tables(root, tables), *paths[2:]]


def write_tables(
    folder: Path | str,
    title: str,
    lede: str,
    trackers: Iterable[str],
    about: Mapping[str, Any] | None = None,
    extras: Extras | None = None,
) -> list[Path]:
    """Write the same files for tables and figures alone, as other protocols yield them.

    ``lede`` is the line below the title; ``trackers`` gives the names their colours.
    """
    facts = {**(about or {}), MACHINE: _machine()}
    page = page_of_tables(title, lede, trackers, facts, extras or Extras())
    document = {"about": facts, "tables": _table_documents(page.tables)}
    return _write_page(Path(folder), page, document)


def _write_page(root: Path, page: Page, document: Mapping[str, Any]) -> list[Path]:
    """Write HTML, JSON, the CSV of each further table and the PNG of each figure."""
    root.mkdir(parents=True, exist_ok=True)
    html, document_path = root / "report.html", root / "results.json"
    for path, text in ((document_path, json.dumps(document, indent=1)), (html, render(page))):
        with writing(path, FINISHED):
            path.write_text(text, encoding="utf-8")
    tables = {t.name: _table_rows(t) for t in page.tables}
    return [html, document_path, *_write_tables(root, tables), *_write_plots(root, page)]


def _machine() -> dict[str, str]:
    return {
        "re3_ros": re3_ros.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
        "written": datetime.now(timezone.utc).isoformat(timespec="minutes"),
    }


def _summary_row(summary: Summary) -> dict[str, Any]:
    figures = {name: _number(getattr(summary, name)) for name in FIGURES}
    counts = {"frames": summary.frames, "failures": summary.failures}
    return {"tracker": summary.tracker, **figures, **counts}


def _row(tracker: str, result: SequenceResult) -> dict[str, Any]:
    figures = {name: _number(getattr(result, name)) for name in FIGURES}
    rest = {"frames": len(result.truth), "failure": result.failure}
    return {"tracker": tracker, "sequence": result.sequence, **figures, **rest}


def _document(
    summaries: Iterable[Summary],
    results: Mapping[str, list[SequenceResult]],
    facts: Mapping[str, Any],
    tables: Iterable[ReportTable],
) -> dict[str, Any]:
    curves = {
        s.tracker: {"success": s.success.tolist(), "precision": s.precision_curve.tolist()}
        for s in summaries
    }
    return {
        "about": dict(facts),
        "thresholds": {
            "success": SUCCESS_THRESHOLDS.tolist(),
            "precision": PRECISION_THRESHOLDS.tolist(),
        },
        "summary": [_summary_row(s) for s in summaries],
        "curves": curves,
        "tables": _table_documents(tables),
        "sequences": [_row(name, r) for name, rs in results.items() for r in rs],
    }


def _table_documents(tables: Iterable[ReportTable]) -> dict[str, Any]:
    return {t.name: {"title": t.title, "note": t.note, "rows": _table_rows(t)} for t in tables}


def _table_rows(table: ReportTable) -> list[dict[str, Any]]:
    def value(v: Any) -> Any:
        return _number(v) if isinstance(v, float) else v

    return [{c: value(v) for c, v in zip(table.columns, r, strict=True)} for r in table.rows]


def _number(value: float) -> float | None:
    """Return the value to six digits, None where there is none: JSON knows no NaN."""
    return round(value, 6) if math.isfinite(value) else None


def _write_plots(root: Path, page: Page) -> list[Path]:
    plots = [*page.plots, *([page.by_sequence] if page.by_sequence else []), *page.paths]
    paths = [root / f"{plot.name}.png" for plot in plots]
    for path, plot in zip(paths, plots, strict=True):
        save_png(plot.figure, path)
    return paths


def _write_tables(root: Path, tables: Mapping[str, list[dict[str, Any]]]) -> list[Path]:
    """Write a CSV for each table that has rows."""
    paths = []
    for name, rows in tables.items():
        if rows:
            paths.append(root / f"{name}.csv")
            _write_csv(paths[-1], rows)
    return paths


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with writing(path, FINISHED), path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
