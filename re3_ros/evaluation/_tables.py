# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables that are the same in the terminal, in CSV files and in the HTML report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ._compare import Summary, summarise
from ._runner import Result

Value = str | float | int | None
Best = Literal["high", "low"]
WIDEST = 10_000
"""Characters."""
OVERVIEW = ("tracker", "AUC", "P 20 px", "norm. P", "AO", "SR.5", "SR.75", "ms", "ms 99 %")


@dataclass(frozen=True)
class ReportTable:
    """A table of figures, a row for each tracker, sequence, attribute ..."""

    name: str
    """Name of the CSV file, and of the section in the HTML."""
    title: str
    columns: tuple[str, ...]
    """The first names the row; a unit stands behind a comma: ``speed, ms``."""
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""
    """How the figures are counted, in a sentence or two."""
    best: Mapping[str, Best] = field(default_factory=dict)
    """Columns whose best value is set in bold, and whether the best is the highest."""
    best_in_row: bool = False
    """Whether it is the highest value of each row that is set in bold."""
    digits: int | Mapping[str, int] = 3
    """Digits behind the point of numbers that are not whole, for all or by column."""

    def __post_init__(self) -> None:
        """Raise ValueError where a row is not as long as ``columns``, or ``best`` names none."""
        odd = [row for row in self.rows if len(row) != len(self.columns)]
        if odd:
            raise ValueError(f"row {odd[0]} has {len(odd[0])} values; expected {self.columns}")
        if stray := set(self.best) - set(self.columns):
            raise ValueError(f"best names {sorted(stray)}; the columns are {self.columns}")

    def texts(self) -> list[list[str]]:
        """Return what is to be read in each cell; empty where there is no value."""
        places = [self._digits(column) for column in self.columns]
        return [[format_value(v, d) for v, d in zip(r, places, strict=True)] for r in self.rows]

    def bold(self) -> list[list[bool]]:
        """Return which cells hold a best value, ties included, as they are written."""
        texts = self.texts()
        if self.best_in_row:
            return [_marks(r, t, "high") for r, t in zip(self.rows, texts, strict=True)]
        columns = [self._column_marks(name, texts) for name in self.columns]
        return [list(marks) for marks in zip(*columns, strict=True)]

    def _column_marks(self, name: str, texts: list[list[str]]) -> list[bool]:
        if name not in self.best:
            return [False] * len(self.rows)
        at = self.columns.index(name)
        return _marks([r[at] for r in self.rows], [t[at] for t in texts], self.best[name])

    def _digits(self, column: str) -> int:
        return self.digits if isinstance(self.digits, int) else self.digits.get(column, 3)


def format_value(value: Value, digits: int = 3) -> str:
    """Return a value as it is read in a table: empty for None and for what is not finite."""
    if isinstance(value, float):
        return f"{value:,.{digits}f}" if math.isfinite(value) else ""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else value


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


def summary_figures(results: Mapping[str, list[Result]]) -> ReportTable:
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


def sequence_figures(results: Mapping[str, list[Result]]) -> ReportTable:
    """Return the AUC of each tracker on each sequence."""
    return ReportTable(
        name="sequences",
        title="AUC by sequence",
        columns=("sequence", "frames", *results),
        rows=tuple(_sequence_row(row) for row in zip(*results.values(), strict=True)),
        best_in_row=True,
    )


def summary_table(results: Mapping[str, list[Result]]) -> Table:
    """Return `summary_figures` for the terminal."""
    return rich_table(summary_figures(results))


def sequence_table(results: Mapping[str, list[Result]]) -> Table:
    """Return `sequence_figures` for the terminal."""
    return rich_table(sequence_figures(results))


def failures(results: Mapping[str, list[Result]]) -> list[str]:
    """Return a line for each sequence that counts as zero overlap, with its reason."""
    return [f"{tracker}, {r.sequence}: {r.track.failure}" for tracker, r in _failed(results)]


def _failed(results: Mapping[str, list[Result]]) -> Iterator[tuple[str, Result]]:
    for tracker, rs in results.items():
        yield from ((tracker, r) for r in rs if r.track.failure is not None)


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


def _sequence_row(row: Sequence[Result]) -> tuple[Value, ...]:
    cells = ("failed" if r.track.failure is not None else r.auc for r in row)
    return row[0].sequence, len(row[0].truth), *cells


def _marks(values: Sequence[Value], texts: Sequence[str], best: Best) -> list[bool]:
    """Return which of the values that are no counts are the best, or are written like it."""
    numbers = {t: v for t, v in zip(texts, values, strict=True) if isinstance(v, float) and t}
    if not numbers:
        return [False] * len(values)
    top = (max if best == "high" else min)(numbers, key=lambda text: numbers[text])
    return [text == top for text in texts]


def _styled(text: str, bold: bool) -> str:
    return f"[bold]{escape(text)}[/bold]" if bold else escape(text)
