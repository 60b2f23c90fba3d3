# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One demonstration to learn from: tracks relative to where they began, and what they are."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from re3_ros import __version__
from re3_ros.errors import ConfigError, writing
from re3_ros.media import Closing

from ._record_table import COLUMNS, Column, TrackRow, TrackTable

FORMATS = ("csv", "parquet")
RELATIVE = (
    Column("t", "double", ".6f", "seconds since the first image of the demonstration"),
    Column("rel_x", "double", ".4f", "x minus the target's first x in the demonstration, metres"),
    Column("rel_y", "double", ".4f", "likewise"),
    Column("rel_z", "double", ".4f", "likewise"),
    Column("rel_cx", "double", ".3f", "cx minus that of its first box that was seen, pixels"),
    Column("rel_cy", "double", ".3f", "likewise"),
    Column(
        "rel_scale", "double", ".5f", "sides of the box, relative to that box: 2 = twice as big"
    ),
)
"""Columns of a demonstration after COLUMNS; of a lost target they are missing."""


@dataclass
class _Target:
    """What is told of one target."""

    first: TrackRow | None = None
    """Its first row in which it was seen."""
    first_located: TrackRow | None = None
    rows: int = 0
    rows_in_space: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def take(self, row: TrackRow) -> tuple[float | None, ...]:
        """Count a row; return where it is relative to the first one: 3 metres, 2 pixels, scale."""
        self.rows += 1
        self.states[row.state] += 1
        seen = row.state != "lost"
        if seen and self.first is None:
            self.first = row
        if row.z is not None:
            self.rows_in_space += 1
            self.first_located = self.first_located or row
        return *self._moved(row), *(self._shifted(row) if seen else (None,) * 3)

    def _moved(self, row: TrackRow) -> tuple[float | None, ...]:
        first = self.first_located
        if first is None or row.z is None:
            return (None,) * 3
        pairs = zip((row.x, row.y, row.z), (first.x, first.y, first.z), strict=True)
        return tuple(None if a is None or b is None else a - b for a, b in pairs)

    def _shifted(self, row: TrackRow) -> tuple[float, ...]:
        first = self.first
        assert first is not None
        scale = math.sqrt(row.w * row.h / (first.w * first.h)) if first.w * first.h else math.nan
        return row.cx - first.cx, row.cy - first.cy, scale

    def facts(self, camera: str, name: str) -> dict[str, Any]:
        """Return what goes into the metadata."""
        first, located = self.first, self.first_located
        return {
            "camera": camera,
            "target": name,
            "frame_id": first.frame_id if first else "",
            "first_box": [first.x1, first.y1, first.x2, first.y2] if first else None,
            "first_place": [located.x, located.y, located.z] if located else None,
            "first_place_ns": located.stamp_ns if located else None,
            "rows": self.rows,
            "rows_in_space": self.rows_in_space,
            "states": dict(self.states),
        }


class Demonstration(Closing):
    """``folder``/demonstration_NNNN, a table and a JSON beside it, under the next free number.

    Both appear when it is closed; a demonstration without a row leaves nothing behind. ``about`` is
    added to the JSON. Raises ConfigError as `TrackTable` does, OSError where it cannot be written.
    """

    def __init__(
        self, folder: Path | str, form: str = "csv", about: Mapping[str, Any] | None = None
    ) -> None:
        if form not in FORMATS:
            raise ConfigError(f"format is {form!r}; expected one of {', '.join(FORMATS)}")
        self.folder = Path(folder).expanduser()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"demonstration_{_next_number(self.folder):04d}.{form}"
        self.about = dict(about or {})
        self._hidden = self.path.with_name(f".{self.path.name}")
        self._table = TrackTable(self._hidden, (*COLUMNS, *RELATIVE))
        self._targets: dict[tuple[str, str], _Target] = {}
        self._stamps: set[tuple[str, int]] = set()
        self._begin = self._end = 0

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._table.rows

    @property
    def seconds(self) -> float:
        """From the first image to the last."""
        return (self._end - self._begin) / 1e9

    def add(self, rows: Sequence[TrackRow]) -> None:
        """Append the tracks of images."""
        for row in rows:
            if not self._table.rows and not self._targets:
                self._begin = self._end = row.stamp_ns
            self._end = max(self._end, row.stamp_ns)
            self._stamps.add((row.camera, row.stamp_ns))
            target = self._targets.setdefault((row.camera, row.target), _Target())
            t = (row.stamp_ns - self._begin) / 1e9
            self._table.add([(*row, t, *target.take(row))])

    def discard(self) -> None:
        """Leave nothing behind."""
        self._table.close()
        self._hidden.unlink(missing_ok=True)

    def close(self) -> None:
        """Put table and metadata in their place; a second call does nothing."""
        self._table.close()
        if self._hidden.exists():
            self._hidden.replace(self.path)  # first: it is what was recorded
            text = json.dumps(self._facts(), indent=2, ensure_ascii=False) + "\n"
            about = self.path.with_suffix(".json")
            with writing(about, f"the table is whole, as {self.path}"):
                about.write_text(text, encoding="utf-8")

    def _facts(self) -> dict[str, Any]:
        return {
            "table": self.path.name,
            "began_ns": self._begin,
            "ended_ns": self._end,
            "seconds": self.seconds,
            "images": len(self._stamps),
            "rows": self.rows,
            "targets": [t.facts(*key) for key, t in self._targets.items()],
            "columns": {c.name: c.text for c in (*COLUMNS, *RELATIVE)},
            "re3_ros": __version__,
            **self.about,
        }


def _next_number(folder: Path) -> int:
    numbers = [p.stem.rpartition("_")[2] for p in folder.glob("demonstration_*")]
    return max((int(n) for n in numbers if n.isdecimal()), default=0) + 1
