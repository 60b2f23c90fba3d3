# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Figures on the terminal, as JSON, and as a plot."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.table import Table

from re3_ros.errors import writing
from re3_ros.network.runtimes import LayerTime

from ._instructions import describe_instructions
from ._model import StageRow
from ._precision import PrecisionRow
from ._session import LatencyRow

Rows = Sequence[LatencyRow] | Sequence[StageRow] | Sequence[PrecisionRow] | Sequence[LayerTime]


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, versions, threads."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((l.split(":")[1].strip() for l in lines if l.startswith("model name")), "")
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "opencv": cv2.__version__,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "instructions": describe_instructions(),
    }


def session_table(rows: Sequence[LatencyRow]) -> Table:
    """Return latencies as a table."""
    table = Table(title="Image to boxes, milliseconds", title_justify="left")
    times = ("median", "99 %", "least", "between frames", "processors")
    _columns(table, "tracker", ("cameras", "targets", *times, "mean IoU", "kB a target"))
    for r in rows:
        latency = r.latency.median, r.latency.p99, r.latency.least
        shown = *latency, r.between.median, r.work, r.mean_iou
        held = "" if math.isnan(r.held) else f"{r.held / 1e3:.0f}"
        counts = str(r.cameras), str(r.targets)
        table.add_row(r.tracker, *counts, *(f"{value:.2f}" for value in shown), held)
    return table


def precision_table(rows: Sequence[PrecisionRow]) -> Table:
    """Return the means over the runs of each sequence as a table."""
    table = Table(title="Success AUC, means over runs", title_justify="left")
    _columns(table, "sequence", ("runtime", "runs", "AUC", "AUC of torch", "same boxes, IoU"))
    for sequence, runtime in dict.fromkeys((r.sequence, r.runtime) for r in rows):
        own = [r for r in rows if (r.sequence, r.runtime) == (sequence, runtime)]
        figures = np.mean([(r.auc, r.exact, r.agreement) for r in own], axis=0)
        table.add_row(sequence, runtime, str(len(own)), *(f"{value:.3f}" for value in figures))
    return table


def model_table(rows: Sequence[StageRow]) -> Table:
    """Return stages as a table, a row for each runtime and stage, a column for each number."""
    counts = sorted({r.targets for r in rows})
    table = Table(title="Median (least) by targets, milliseconds", title_justify="left")
    _columns(table, "runtime", ("stage", *(str(n) for n in counts)))
    times = {(r.runtime, r.stage, r.targets): r.time for r in rows}
    for runtime, stage in dict.fromkeys((r.runtime, r.stage) for r in rows):
        cells = [times[runtime, stage, n] for n in counts]
        table.add_row(runtime, stage, *(f"{t.median:.2f} ({t.least:.2f})" for t in cells))
    return table


def layers_table(rows: Sequence[LayerTime], sizes: bool = True) -> Table:
    """Return layers as a table, the slowest first; without ``sizes`` all of one kind in one row."""
    table = Table(title="Layers, least milliseconds", title_justify="left")
    _columns(table, "layer", ("arithmetic", "layers", "MFLOP", "ms", "GFLOP/s", "share"))
    for graph, targets in dict.fromkeys((r.graph, r.targets) for r in rows):
        own = [r for r in rows if (r.graph, r.targets) == (graph, targets)]
        if not sizes:
            own = _by_kind(own)
        whole = sum(r.milliseconds for r in own)
        heading = f"{graph}, {targets} {'target' if targets == 1 else 'targets'}"
        operations = sum(r.operations for r in own)
        table.add_row(f"[bold]{heading}", "", *_layer_cells(len(own), operations, whole, whole))
        for r in own:
            cells = _layer_cells(r.layers, r.operations, r.milliseconds, whole)
            table.add_row(f"  {r.kind} {r.size}".rstrip(), r.precision, *cells)
    return table


def _layer_cells(layers: int, operations: float, time: float, whole: float) -> list[str]:
    counted = [f"{operations / 1e6:.1f}", f"{time:.3f}", f"{operations / time / 1e6:.0f}"]
    if not operations:
        counted[0] = counted[2] = ""
    return [str(layers), *counted, f"{time / whole:.0%}"]


def _by_kind(rows: Sequence[LayerTime]) -> list[LayerTime]:
    """Return one row for each kind and arithmetic, the slowest first."""
    kinds: dict[tuple[str, str], LayerTime] = {}
    for r in rows:
        known = kinds.get((r.kind, r.precision))
        kinds[r.kind, r.precision] = (
            replace(r, size="")
            if known is None
            else replace(
                known,
                layers=known.layers + r.layers,
                operations=known.operations + r.operations,
                milliseconds=known.milliseconds + r.milliseconds,
            )
        )
    return sorted(kinds.values(), key=lambda r: -r.milliseconds)


def _columns(table: Table, first: str, others: Sequence[str]) -> None:
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")


def write_results(path: Path, about: Mapping[str, Any], rows: Rows) -> list[Path]:
    """Write ``path`` (.json) and, where there are several numbers of targets, a plot beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"about": dict(about), "rows": [asdict(r) for r in rows]}
    with writing(path):
        path.write_text(json.dumps(content, indent=1) + "\n")
    lines = _lines(rows)
    if not any(len(points) > 1 for points in lines.values()):
        return [path]
    picture = path.with_suffix(".png")
    _plot(lines, picture)
    return [path, picture]


def _lines(rows: Rows) -> dict[str, list[tuple[int, float]]]:
    """Return median milliseconds over targets, by what is drawn as one line."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for r in rows:
        if isinstance(r, LatencyRow):
            name = r.tracker if r.cameras == 1 else f"{r.tracker}, {r.cameras} cameras"
            lines.setdefault(name, []).append((r.targets, r.latency.median))
        elif isinstance(r, StageRow) and r.stage in ("step", "joint"):
            lines.setdefault(f"{r.runtime}, {r.stage}", []).append((r.targets, r.time.median))
    return lines


def _plot(lines: Mapping[str, list[tuple[int, float]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, points in lines.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("targets")
    axes.set_ylabel("median latency, ms")
    axes.set_xticks(
        sorted({n for points in lines.values() for n, _ in points}),
        labels=[str(n) for n in sorted({n for points in lines.values() for n, _ in points})],
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    with writing(path, f"the figures are in {path.stem}.json"):
        figure.savefig(path, dpi=120)
