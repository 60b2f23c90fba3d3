# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as files: JSON, CSV, figures, and one HTML report that holds it all."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import re3_ros
from re3_ros.errors import SourceError

from ._compare import Summary, summarise
from ._filmstrip import Failure, Filmstrip, Flags, filmstrip, worst_failures
from ._html import Page, render
from ._metrics import PRECISION_THRESHOLDS, SUCCESS_THRESHOLDS
from ._plots import (
    OcclusionFigures,
    Plot,
    normalised_plot,
    occlusion_plot,
    precision_plot,
    sequence_plot,
    speed_plot,
    success_plot,
)
from ._runner import Result
from ._style import pick_main, save_png, styles
from ._tables import ReportTable, failures, sequence_figures, summary_figures

FIGURES = ("auc", "precision", "normalised_precision", "mean_iou", "ms", "ms_99")
"""What is reported of a sequence and, as a mean, of a tracker."""


@dataclass(frozen=True)
class Extras:
    """What a report may hold beside the one-pass results."""

    occluded: tuple[OcclusionFigures, ...] = ()
    """AUC on all and on occluded frames, a tracker each."""
    flags: Mapping[str, Flags] | None = None
    """Occluded frames (n,) by sequence, where the data set's own labels are not to be used."""
    tables: tuple[ReportTable, ...] = ()
    """Each becomes a CSV file, a section of the HTML and an entry of the JSON."""
    paths: tuple[Plot, ...] = ()
    """Paths of the recurrent state."""
    main: str | None = None
    """The tracker that the report is about; None: the first of ours, else the first."""


def write_report(
    folder: Path | str,
    results: Mapping[str, list[Result]],
    about: Mapping[str, Any] | None = None,
    extras: Extras | None = None,
) -> list[Path]:
    """Write ``report.html``, ``results.json``, ``summary.csv``, ``sequences.csv``, a CSV for each
    further table and a PNG for each figure; return their paths.

    ``about`` (data, weights, ...) goes into JSON and HTML. The HTML holds all figures and pictures
    in itself. Results that have no frames (`Result.source`) yield no filmstrip.
    """
    root, extras = Path(folder), extras or Extras()
    root.mkdir(parents=True, exist_ok=True)
    facts = {**(about or {}), "machine": _machine()}
    summaries = summarise(results)
    page = _page(summaries, results, facts, extras)
    paths = [root / n for n in ("report.html", "results.json", "summary.csv", "sequences.csv")]
    paths[0].write_text(render(page), encoding="utf-8")
    document = _document(summaries, results, facts, extras)
    paths[1].write_text(json.dumps(document, indent=1), encoding="utf-8")
    _write_csv(paths[2], [_summary_row(s) for s in summaries])
    _write_csv(paths[3], [_row(name, r) for name, rs in results.items() for r in rs])
    return [*paths, *_write_tables(root, extras.tables), *_write_plots(root, page)]


def _page(
    summaries: list[Summary],
    results: Mapping[str, list[Result]],
    facts: Mapping[str, Any],
    extras: Extras,
) -> Page:
    main = extras.main or pick_main(results)
    looks = styles(results, main)
    plots = [
        success_plot(summaries, looks),
        precision_plot(summaries, looks),
        normalised_plot(results, looks),
        speed_plot(summaries, looks),
        occlusion_plot(extras.occluded, looks),
    ]
    return Page(
        title="Tracker evaluation",
        lede=_lede(results, facts),
        main=main,
        looks=looks,
        overview=summary_figures(results),
        sequences=sequence_figures(results),
        plots=tuple(plot for plot in plots if plot is not None),
        by_sequence=sequence_plot(results, looks),
        tables=extras.tables,
        strips=tuple(_strips(results, main, extras.flags or {})),
        paths=extras.paths,
        failures=tuple(failures(results)),
        facts=tuple(_facts(facts)),
    )


def _lede(results: Mapping[str, list[Result]], facts: Mapping[str, Any]) -> str:
    first = next(iter(results.values()))
    frames = sum(len(r.truth) for r in first)
    data = f" of {facts['data']}" if facts.get("data") else ""
    trackers, sequences = _count(len(results), "tracker"), _count(len(first), "sequence")
    return f"{trackers} on {sequences}{data}, {_count(frames, 'frame')}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _strips(
    results: Mapping[str, list[Result]], main: str, flags: Mapping[str, Flags]
) -> Iterable[Filmstrip]:
    """Return filmstrips of the main tracker's worst failures, as far as there are frames."""
    for failure in worst_failures(results[main]):
        # A frame that cannot be read is no reason to lose the report; the tables are whole.
        with contextlib.suppress(SourceError):
            yield from _strip(failure, _of_sequence(results, failure.sequence), main, flags)


def _strip(
    failure: Failure, results: Mapping[str, Result], main: str, flags: Mapping[str, Flags]
) -> Iterable[Filmstrip]:
    source = results[main].source
    if source is not None:
        occluded = flags.get(source.name, source.occluded)
        yield filmstrip(failure, source, results, main, occluded)


def _of_sequence(results: Mapping[str, list[Result]], sequence: str) -> dict[str, Result]:
    """Return each tracker's result on one sequence."""
    return {name: r for name, rs in results.items() for r in rs if r.sequence == sequence}


def _facts(facts: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield names and values for the reader."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _facts(value)
        elif value is not None:
            yield name.replace("_", " "), str(value)


def _machine() -> dict[str, str]:
    return {
        "re3_ros": re3_ros.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
    }


def _summary_row(summary: Summary) -> dict[str, Any]:
    figures = {name: _number(getattr(summary, name)) for name in FIGURES}
    counts = {"frames": summary.frames, "failures": summary.failures}
    return {"tracker": summary.tracker, **figures, **counts}


def _row(tracker: str, result: Result) -> dict[str, Any]:
    figures = {name: _number(getattr(result, name)) for name in FIGURES}
    rest = {"frames": len(result.truth), "failure": result.track.failure}
    return {"tracker": tracker, "sequence": result.sequence, **figures, **rest}


def _document(
    summaries: Iterable[Summary],
    results: Mapping[str, list[Result]],
    facts: Mapping[str, Any],
    extras: Extras,
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
        "occlusion": {
            r.tracker: {"auc": _number(r.everywhere), "auc_occluded": _number(r.occluded)}
            for r in extras.occluded
        },
        "tables": {t.name: _table_rows(t) for t in extras.tables},
        "sequences": [_row(name, r) for name, rs in results.items() for r in rs],
    }


def _table_rows(table: ReportTable) -> list[dict[str, Any]]:
    return [
        {
            c: _number(v) if isinstance(v, float) else v
            for c, v in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]


def _number(value: float) -> float | None:
    """Return the value to six digits, None where there is none: JSON knows no NaN."""
    return round(value, 6) if math.isfinite(value) else None


def _write_tables(root: Path, tables: Iterable[ReportTable]) -> list[Path]:
    written = []
    for table in tables:
        if table.rows:
            written.append(root / f"{table.name}.csv")
            _write_csv(written[-1], _table_rows(table))
    return written


def _write_plots(root: Path, page: Page) -> list[Path]:
    plots = [*page.plots, page.by_sequence, *page.paths]
    paths = [root / f"{plot.name}.png" for plot in plots]
    for path, plot in zip(paths, plots, strict=True):
        save_png(plot.figure, path)
    return paths


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
