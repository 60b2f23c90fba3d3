# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""NfS (Need for Speed): ``<sequence>/30/<sequence>/00001.jpg`` and ``<sequence>/30/<sequence>.txt``
and the same below ``240``, the frames a second.

Labels are VATIC's: track, x1, y1, x2, y2, frame, lost, occluded, generated, "class". Those at 30
frames a second are published at 240, so that every eighth counts; one line or frame more than
there are of the other is left out.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from re3_ros.errors import ConfigError, SourceError

from ._entry import Entry, one
from ._fields import shorten
from ._sequence import Sequence
from ._text import check_first, check_lengths, files, list_frames, read_lines

_RATES = ("30", "240")


def fits(root: Path) -> bool:
    """Say whether there is a sequence at 30 or 240 frames a second."""
    return any(any(root.glob(f"*/{rate}/*.txt")) for rate in _RATES)


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences at ``30`` (the default) or ``240`` frames a second."""
    if split not in {"", *_RATES}:
        raise ConfigError(f"layout nfs has no split {split!r}; give 30 or 240 frames a second")
    return [one(p.stem, _read, p) for p in files(root, f"*/{split or '30'}/*.txt")]


def _read(path: Path) -> Sequence:
    lines = [_parse(path, n, line) for n, line in read_lines(path)]
    rows = np.array([row for row, _ in lines]).reshape(-1, 8)
    order = np.argsort(rows[:, 5], kind="stable")
    rows = rows[order]
    frames = list_frames(path.parent / path.stem)
    if abs(len(rows) / len(frames) - 8) < 1:
        rows = rows[::8]
    if abs(len(rows) - len(frames)) == 1:
        rows, frames = rows[: len(frames)], frames[: len(rows)]
    boxes, absent = rows[:, 1:5].copy(), rows[:, 6] > 0
    check_lengths(path, boxes, frames)
    boxes[absent | (boxes[:, 2:] <= boxes[:, :2]).any(axis=1)] = np.nan
    check_first(path, boxes, int(order[0]) + 1)
    return Sequence(
        path.stem,
        frames,
        boxes,
        absent=absent,
        occluded=rows[:, 7] > 0,
        object_class=lines[0][1],
    )


def _parse(path: Path, number: int, line: str) -> tuple[list[float], str]:
    fields = line.split(maxsplit=9)
    try:
        values = [float(v) for v in fields[:8]]
        if not all(map(math.isfinite, values)):
            raise ValueError
        return values, fields[9].strip('" ')
    except (ValueError, IndexError):
        raise SourceError(
            f"{path} line {number}: {shorten(line)} is not track x1 y1 x2 y2 frame lost occluded "
            'generated "class"'
        ) from None
