# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of public sequences beside their boxes, in tables beside this module."""

from __future__ import annotations

import csv
import functools
from importlib import resources
from types import MappingProxyType

from re3_ros.datasets import Sequence

Row = MappingProxyType[str, str]


def label_rows(table: str, sequence: Sequence) -> tuple[Row, ...]:
    """Return the rows of a table that are about a sequence: those of its name and length.

    Frames in them are those of the whole video, whatever the sequence's stride.
    """
    return _read(table).get((sequence.name, sequence.video_length), ())


@functools.cache
def _read(table: str) -> dict[tuple[str, int], tuple[Row, ...]]:
    text = resources.files(__package__).joinpath(table).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    rows: dict[tuple[str, int], tuple[Row, ...]] = {}
    for row in csv.DictReader(lines):
        key = row["sequence"], int(row["frames"])
        rows[key] = (*rows.get(key, ()), MappingProxyType(row))
    return rows
