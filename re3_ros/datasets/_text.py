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

from ._sequence import Flags, Frames

IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


def list_frames(folder: Path) -> Frames:
    """Return the images of a folder, numbers in names counted as numbers (2 before 10).

    Raises SourceError where the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is missing; put the frames there, named in their order")
    names = [p.name for p in folder.iterdir() if p.suffix.lower() in IMAGES]
    if not names:
        raise SourceError(f"{folder} holds no image; expected {', '.join(sorted(IMAGES))} files")
    return Frames(folder, sorted(names, key=natural))


def natural(name: str) -> list[str | int]:
    """Return a key that sorts names with the numbers in them as numbers."""
    return [int(part) if k % 2 else part for k, part in enumerate(re.split(r"(\d+)", name))]


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return (number from 1, line) of a text file; blank lines at its end are dropped."""
    try:
        text = path.read_text(encoding="utf-8").rstrip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read ({error}); expected a text file") from error
    return list(enumerate(text.splitlines(), 1))


def split_line(line: str) -> list[str]:
    """Return the fields of a line; commas, semicolons, tabs and blanks all separate."""
    return re.split(r"\s*[,;]\s*|\s+", line.strip())


def parse_numbers(path: Path, number: int, line: str) -> NDArray[np.float64]:
    """Return one line's numbers; SourceError names the line where one is none."""
    try:
        return np.array([float(v) for v in split_line(line)])
    except ValueError:
        raise SourceError(
            f"{path} line {number}: {line!r} is not x,y,w,h in pixels, or nan,nan,nan,nan"
        ) from None


def parse_box(path: Path, number: int, line: str) -> Boxes:
    """Return one line's box x,y,w,h as corners, four NaN as they are; SourceError for others."""
    box = parse_numbers(path, number, line)
    where = f"{path} line {number}: {line!r}"
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
        if line.strip() not in {"0", "1"}:
            raise SourceError(f"{path} line {number}: {line!r} is neither 0 nor 1")
    return np.array([line.strip() == "1" for _, line in lines])


def check_lengths(truth: Path, boxes: Sequence[object] | Boxes, frames: Frames) -> None:
    """Raise SourceError unless there are as many boxes as frames, at least one."""
    if len(frames) != len(boxes):
        raise SourceError(
            f"{truth} has {len(boxes)} lines but {frames.folder} holds {len(frames)} "
            "frames; give one line a frame"
        )


def check_first(truth: Path, boxes: Boxes) -> None:
    """Raise SourceError unless the target is seen in the first frame."""
    if np.isnan(boxes[0]).any():
        raise SourceError(f"{truth} line 1: the target must be seen in the first frame")
