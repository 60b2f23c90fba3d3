# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables that are the same in the terminal, in CSV files and in the HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from re3_ros.evaluation import Best, ReportTable, SequenceResult, Summary, Value, summarise

WIDEST = 10_000
"""Characters."""
OVERVIEW = ("tracker", "AUC", "P 20 px", "norm. P", "AO", "SR.5", "SR.75", "ms", "ms 99 %")


def rich_table(table: ReportTable) -> Table:
    """Return the table for the terminal."""
    drawn = Table(title=table.title, caption=table.note or None, title_justify="left")
    drawn.caption_justify = "left"
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for texts, marks in zip(table.texts(), table.bold(), strict=True):
        drawn.add_row(*(_styled(t, b) for t, b in zip(texts, marks, strict=True)))
    return drawn


def print_table(table: ReportTable, console: Console | None = None) -> None:
    """Print a table as wide as it is: a terminal may break its lines, but no figure is cut."""
    console, drawn = console or Console(), rich_table(table)
    wanted = console.measure(drawn, options=console.options.update(max_width=WIDEST)).maximum
    console.width = max(console.width, wanted)
    console.print(drawn)


def summary_table(results: Mapping[str, list[SequenceResult]]) -> ReportTable:
    """Return one row a tracker, the best mean AUC first."""
    summaries = summarise(results)
    names: tuple[str, ...] = OVERVIEW
    if any(s.failures for s in summaries):
        names = (*names, "failed")
    best: dict[str, Best] = dict.fromkeys(names[1:7], "high")
    return ReportTable(
        name="overview",
        title="One-pass evaluation, mean over sequences",
        columns=names,
        rows=tuple(_summary_row(s)[: len(names)] for s in summaries),
        best={**best, "ms": "low", "ms 99 %": "low"},
        digits={"ms": 2, "ms 99 %": 1},
    )


def sequence_table(results: Mapping[str, list[SequenceResult]]) -> ReportTable:
    """Return the AUC of each tracker on each sequence."""
    return ReportTable(
        name="sequences",
        title="AUC by sequence",
        columns=("sequence", "frames", *results),
        rows=tuple(_sequence_row(row) for row in zip(*results.values(), strict=True)),
        best_in_row=True,
    )


def rich_summary_table(results: Mapping[str, list[SequenceResult]]) -> Table:
    """Return `summary_table` for the terminal."""
    return rich_table(summary_table(results))


def rich_sequence_table(results: Mapping[str, list[SequenceResult]]) -> Table:
    """Return `sequence_table` for the terminal."""
    return rich_table(sequence_table(results))


def failures(results: Mapping[str, list[SequenceResult]]) -> list[str]:
    """Return a line for each sequence that counts as zero overlap, with its reason."""
    return [f"{tracker}, {r.sequence}: {r.trajectory.failure}" for tracker, r in _failed(results)]


def _failed(results: Mapping[str, list[SequenceResult]]) -> Iterator[tuple[str, SequenceResult]]:
    for tracker, rs in results.items():
        yield from ((tracker, r) for r in rs if r.trajectory.failure is not None)


def _summary_row(s: Summary) -> tuple[Value, ...]:
    shares = (s.average_overlap, s.success_50, s.success_75)
    return (
        s.tracker,
        s.auc,
        s.precision,
        s.normalised_precision,
        *shares,
        s.ms,
        s.ms_99,
        s.failures or None,
    )


def _sequence_row(row: Sequence[SequenceResult]) -> tuple[Value, ...]:
    cells = ("failed" if r.trajectory.failure is not None else r.auc for r in row)
    return row[0].sequence, len(row[0].truth), *cells


def _styled(text: str, bold: bool) -> str:
    return f"[bold]{escape(text)}[/bold]" if bold else escape(text)
