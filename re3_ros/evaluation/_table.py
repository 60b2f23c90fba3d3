# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A table of figures: what analyses give, and reports and terminals show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Value = str | float | int | None
Best = Literal["high", "low"]


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


def _marks(values: Sequence[Value], texts: Sequence[str], best: Best) -> list[bool]:
    """Return which of the values that are no counts are the best, or are written like it."""
    numbers = {t: v for t, v in zip(texts, values, strict=True) if isinstance(v, float) and t}
    if not numbers:
        return [False] * len(values)
    top = (max if best == "high" else min)(numbers, key=lambda text: numbers[text])
    return [text == top for text in texts]
