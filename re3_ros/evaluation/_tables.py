# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A comparison as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from ._compare import summarise
from ._runner import Result


def summary_table(results: Mapping[str, list[Result]]) -> Table:
    """Return one row a tracker, the best mean AUC first."""
    table = Table(title="One-pass evaluation, mean over sequences", title_justify="left")
    table.add_column("tracker", no_wrap=True)
    for name in (
        "AUC",
        "P 20 px",
        "norm. P",
        "mean IoU",
        "ms",
        "ms 99 %",
        "failed",
    ):
        table.add_column(name, justify="right")
    for s in summarise(results):
        shares = (s.auc, s.precision, s.normalised_precision, s.mean_iou)
        row = [f"{v:.3f}" for v in shares] + [f"{v:.1f}" for v in (s.ms, s.ms_99)]
        table.add_row(s.tracker, *row, str(s.failures or ""))
    return table


def sequence_table(results: Mapping[str, list[Result]]) -> Table:
    """Return the AUC of each tracker on each sequence, the best of a row in bold."""
    table = Table(title="AUC by sequence", title_justify="left")
    table.add_column("sequence")
    table.add_column("frames", justify="right")
    for tracker in results:
        table.add_column(tracker, justify="right")
    for row in zip(*results.values(), strict=True):
        best = max(r.auc for r in row)
        cells = [_cell(r, best) for r in row]
        table.add_row(row[0].sequence, str(len(row[0].truth)), *cells)
    return table


def failures(results: Mapping[str, list[Result]]) -> list[str]:
    """Return a line for each sequence that counts as zero overlap, with its reason."""
    return [
        f"{tracker}, {r.sequence}: {r.track.failure}"
        for tracker, rs in results.items()
        for r in rs
        if r.track.failure is not None
    ]


def _cell(result: Result, best: float) -> str:
    if result.track.failure is not None:
        return "failed"
    text = f"{result.auc:.3f}"
    return f"[bold]{text}[/bold]" if result.auc == best else text
