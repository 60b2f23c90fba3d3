# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""VOT 2013 to 2022: ``<sequence>/groundtruth.txt``, frames beside it or in ``color/``.

A line holds a rectangle (4 numbers), a polygon (8 or more), a mask (``m`` and run lengths, from
2020) or a code for no target. Polygons and masks become the box of their outermost points, as in
the paper. ``<name>.tag`` or ``<name>.label`` mark frames, the file ``sequence`` names the folder of
frames, ``list.txt`` the sequences. A workspace of the VOT toolkit has all this in ``sequences/``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from re3_ros.boxes import Boxes
from re3_ros.errors import SourceError

from ._entry import Entry, no_split, one
from ._fields import (
    check_points,
    finite,
    has_decimal_commas,
    parse_numbers,
    shorten,
    whole,
)
from ._masks import rle_to_box
from ._sequence import Flags, Sequence
from ._text import (
    check_first,
    check_lengths,
    corners,
    files,
    holding,
    list_frames,
    missing,
    read_lines,
    read_marks,
)

TRUTH = "groundtruth.txt"
_MASK = "a mask m x0,y0,w,h and lengths of runs"
_NOTHING = np.full(4, np.nan)


def fits(root: Path) -> bool:
    """Say whether there is a sequence with frames beside its truth or in ``color/``."""
    return any(
        (p / "color").is_dir() or (p / "sequence").is_file() or any(p.glob("*.jpg"))
        for p in holding(_home(root), TRUTH)
    )


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences that ``list.txt`` names, or all there are; VOT has no splits."""
    no_split("vot", split)
    root = _home(root)
    if not (root / "list.txt").is_file():
        return [one(p.name, _read, p) for p in holding(root, TRUTH)]
    names = [line.strip() for _, line in read_lines(root / "list.txt")]
    return [one(name, _read, root / name) for name in names if name]


def _home(root: Path) -> Path:
    """Return the folder of sequences: the folder itself, or that in a workspace of the toolkit."""
    inside = root / "sequences"
    return inside if (inside / "list.txt").is_file() else root


def _read(folder: Path) -> Sequence:
    path, frames = folder / TRUTH, list_frames(_frames_folder(folder))
    lines = read_lines(path)
    check_points(path, lines, 4)
    boxes = np.array([_region(path, n, line) for n, line in lines]).reshape(-1, 4)
    check_lengths(path, boxes, frames)
    check_first(path, boxes)
    marked = [*files(folder, "*.tag"), *files(folder, "*.label")]
    tags = {p.stem: _tag(p, len(frames)) for p in marked if p.is_file()}
    return Sequence(
        folder.name,
        frames,
        boxes,
        absent=missing(boxes),
        occluded=tags.get("occlusion"),
        tags=tags,
    )


def _frames_folder(folder: Path) -> Path:
    properties = folder / "sequence"
    if properties.is_file():
        pairs = (line.partition("=") for _, line in read_lines(properties))
        pattern = {k.strip(): v.strip() for k, _, v in pairs}.get("channels.color", "")
        if pattern:
            named = folder / pattern.replace("\\", "/")
            return named.parent if named.suffix else named
    return folder / "color" if (folder / "color").is_dir() else folder


def _tag(path: Path, length: int) -> Flags:
    """Return (length,) marks; like the VOT toolkit, frames after the last mark have none."""
    marks = read_marks(path)
    assert marks is not None
    filled = np.zeros(length, bool)
    filled[: len(marks)] = marks[:length] > 0
    return filled


def _region(path: Path, number: int, line: str) -> Boxes:
    if line.lstrip().startswith("m"):
        return _mask_box(path, number, line.lstrip()[1:])
    if has_decimal_commas(line):
        raise SourceError(
            f"{path} line {number}: {shorten(line)} may be points x,y or numbers with a decimal "
            "comma; give numbers with a decimal point, separated by commas"
        )
    values = parse_numbers(path, number, line, "a region")
    if len(values) == 1 or np.isnan(values).any():
        return _NOTHING
    if len(values) == 4:
        return np.asarray(corners(path, values[None], first_line=number)[0])
    if len(values) % 2 or len(values) < 6:
        raise SourceError(
            f"{path} line {number}: {shorten(line)} holds {len(values)} numbers; expected a "
            "rectangle (4), a polygon (6 or more, even), a mask (m...) or a code (1)"
        )
    points = finite(path, number, values, "a polygon").reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _mask_box(path: Path, number: int, text: str) -> Boxes:
    """Return the box of x0,y0,w,h and lengths of runs, outside first, row after row."""
    where = f"{path} line {number}: {shorten('m' + text)}"
    values = whole(path, number, parse_numbers(path, number, text, _MASK), _MASK)
    if len(values) < 4:
        raise SourceError(f"{where} holds {len(values)} numbers; expected {_MASK}")
    x, y, w, h, *runs = values
    try:
        return np.asarray(rle_to_box(w, h, runs) + np.array([x, y, x, y]))
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from None
