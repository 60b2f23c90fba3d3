# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Text files of labels and folders of frames, as all data sets have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, from_xywh
from re3_ros.errors import SourceError

from ._fields import parse_numbers, read_text, shorten, split_line, whole
from ._sequence import Flags, FramePaths

_MARKS = "a whole number for each frame"
IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


def list_frames(folder: Path) -> FramePaths:
    """Return the images of a folder, numbers in names counted as numbers (2 before 10).

    Raises SourceError where the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is missing; put the frames there, named in their order")
    names = [
        p.name
        for p in folder.iterdir()
        if p.suffix.lower() in IMAGES and not p.name.startswith(".")
    ]
    if not names:
        raise SourceError(f"{folder} holds no image; expected {', '.join(sorted(IMAGES))} files")
    return FramePaths(folder, sorted(names, key=natural))


def natural(name: str) -> list[str | int]:
    """Return a key that sorts names with the numbers in them as numbers."""
    return [int(part) if k % 2 else part for k, part in enumerate(re.split(r"(\d+)", name))]


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return (number from 1, line) of a text file; blank lines at its end are dropped."""
    return list(enumerate(read_text(path).rstrip().splitlines(), 1))


def parse_box(path: Path, number: int, line: str) -> Boxes:
    """Return one line's box x,y,w,h as corners, four NaN as they are; SourceError for others."""
    box = parse_numbers(path, number, line)
    where = f"{path} line {number}: {shorten(line)}"
    if box.shape != (4,):
        raise SourceError(f"{where} holds {box.size} numbers; expected x,y,w,h")
    if np.isnan(box).all():
        return box
    if not np.isfinite(box).all() or (box[2:] <= 0).any():
        raise SourceError(f"{where} is no box; w and h must be above 0, or all four nan")
    return from_xywh(box)


def read_flags(path: Path, expected: int) -> Flags:
    """Return a file of 0 and 1, one a frame; SourceError names the line of anything else."""
    lines = read_lines(path)
    if len(lines) != expected:
        raise SourceError(f"{path} has {len(lines)} lines; expected {expected}, one a frame")
    for number, line in lines:
        if split_line(line) not in (["0"], ["1"]):
            raise SourceError(f"{path} line {number}: {shorten(line)} is neither 0 nor 1")
    return np.array([split_line(line) == ["1"] for _, line in lines])


def check_lengths(truth: Path, boxes: Sequence[object] | Boxes, frames: FramePaths) -> None:
    """Raise SourceError unless there are as many boxes as frames, at least one."""
    if len(frames) != len(boxes) or not len(boxes):
        raise SourceError(
            f"{truth} has {len(boxes)} lines but {frames.folder} holds {len(frames)} "
            "frames; give one line a frame"
        )


def check_first(truth: Path, boxes: Boxes, line: int = 1) -> None:
    """Raise SourceError unless the target is seen in the first frame, of which ``line`` tells."""
    if np.isnan(boxes[0]).any():
        raise SourceError(f"{truth} line {line}: the target must be seen in the first frame")


def files(folder: Path, pattern: str) -> list[Path]:
    """Return what matches a pattern below a folder, in natural order, hidden files left out: a Mac
    packs a ``._name`` beside each file."""
    found = [p for p in folder.glob(pattern) if not p.name.startswith(".")]
    return sorted(found, key=lambda p: natural(str(p.relative_to(folder))))


def holding(root: Path, pattern: str) -> list[Path]:
    """Return the folders that hold a file of this pattern: ``root`` alone, or its children."""
    if any(root.glob(pattern)):
        return [root]
    return sorted({p.parent for p in root.glob(f"*/{pattern}")}, key=lambda p: natural(p.name))


def read_rows(path: Path, columns: int = 4) -> NDArray[np.float64]:
    """Return a table of numbers (n, columns), however separated; NaN stays NaN.

    Raises SourceError, naming the line, for anything that is no number and for other lengths.
    """
    rows = []
    for number, line in read_lines(path):
        row = parse_numbers(path, number, line, "" if columns == 4 else f"{columns} numbers")
        if len(row) != columns:
            hint = " (a decimal comma?)" if len(row) == 2 * columns else ""
            raise SourceError(
                f"{path} line {number}: {shorten(line)} holds {len(row)} numbers; expected "
                f"{columns}{hint}"
            )
        rows.append(row)
    return np.array(rows).reshape(-1, columns)


def corners(
    path: Path, rows: NDArray[np.float64], origin: float = 0.0, first_line: int = 1
) -> Boxes:
    """Return boxes x,y,w,h (n, 4) as corners; rows with NaN or a side of 0 become NaN: absent.

    ``origin`` is the coordinate of the first pixel (1 where MATLAB wrote the file), ``first_line``
    the number of the line that row 0 is from. Raises SourceError, naming the line, for negative
    sides and infinite numbers.
    """
    bad = (rows[:, 2:] < 0).any(axis=1) | np.isinf(rows).any(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise SourceError(
            f"{path} line {first_line + row}: {rows[row].tolist()} is no box x,y,w,h; w and h "
            "must be above 0, or 0 or nan where the target is absent"
        )
    absent = np.isnan(rows).any(axis=1) | (rows[:, 2:] == 0).any(axis=1)
    boxes = from_xywh(rows) - origin
    boxes[absent] = np.nan
    return boxes


def missing(boxes: Boxes) -> Flags:
    """Return (n,) which of boxes (n, 4) are NaN."""
    return np.asarray(np.isnan(boxes).any(axis=1))


def read_marks(path: Path) -> NDArray[np.float64] | None:
    """Return the numbers of a file, on one line or on many, or None where it is missing."""
    if not path.is_file():
        return None
    lines = [
        np.array(whole(path, n, parse_numbers(path, n, line, _MARKS), _MARKS), np.float64)
        for n, line in read_lines(path)
        if line.strip()
    ]
    return np.concatenate(lines) if lines else np.empty(0)


def check_marks(path: Path, marks: NDArray[np.float64] | None, expected: int) -> None:
    """Raise SourceError unless there is one mark a frame, or no file of marks at all."""
    if marks is not None and len(marks) != expected:
        raise SourceError(f"{path} has {len(marks)} marks; expected {expected}, one a frame")


def pad(boxes: Boxes, length: int) -> tuple[Boxes, Flags | None]:
    """Return boxes filled up with NaN, and which frames are labelled (None: all).

    Test sets are published with the first box alone.
    """
    if len(boxes) != 1 or length <= 1:
        return boxes, None
    filled = np.full((length, 4), np.nan)
    filled[0] = boxes[0]
    return filled, np.arange(length) == 0
