# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""ALOV300++: ``imagedata++/<aspect>/<video>/00000001.jpg`` and
``alov300++_rectangleAnnotation_full/<aspect>/<video>.ann``.

A line holds the frame's number and four corners in MATLAB's pixels, which start at 1; the box is
that of the outermost points. Every fifth frame or so is labelled; the sequence goes from the first
to the last of them, and `Sequence.interpolated` fills in the others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from re3_ros.errors import ConfigError, SourceError

from ._entry import Entry, one
from ._fields import finite, whole
from ._sequence import FramePaths, Sequence
from ._text import files, list_frames, read_rows

IMAGES, LABELS = "imagedata++", "alov300++_rectangleAnnotation_full"
IN_VOT14 = {
    "01-Light_video00016",
    "01-Light_video00022",
    "01-Light_video00023",
    "02-SurfaceCover_video00012",
    "03-Specularity_video00003",
    "03-Specularity_video00012",
    "10-LowContrast_video00013",
}
"""The 7 of 314 videos that are in VOT 2014 too; GOTURN published the list, and the paper, which
trains on ALOV and tests on VOT, leaves out as many."""


def fits(root: Path) -> bool:
    """Say whether frames and labels are there under their official names."""
    return (root / IMAGES).is_dir() and (root / LABELS).is_dir()


def entries(root: Path, split: str) -> list[Entry]:
    """Return the videos that are not in VOT 2014; with split ``all``, those too."""
    if split not in {"", "all"}:
        raise ConfigError(f"layout alov has no split {split!r}; give all or none")
    return [
        one(p.stem, _read, root, p)
        for p in files(root / LABELS, "*/*.ann")
        if split or p.stem not in IN_VOT14
    ]


def _read(root: Path, path: Path) -> Sequence:
    rows = read_rows(path, 9)
    if not len(rows):
        raise SourceError(f"{path} is empty; expected lines of frame and four corners")
    aspect = path.parent.name
    labelled_frames = [
        whole(path, n, row[:1], "the number of a frame")[0] for n, row in enumerate(rows, 1)
    ]
    frames = _between(list_frames(root / IMAGES / aspect / path.stem), labelled_frames)
    numbers = [_number(name) for name in frames.names]
    boxes = np.full((len(frames), 4), np.nan)
    for line, row in enumerate(rows, 1):
        finite(path, line, row, "the corners of a box")
        if int(row[0]) not in numbers:
            raise SourceError(
                f"{path} line {line} names frame {row[0]:.0f}, which {frames.folder} lacks"
            )
        x, y = row[1::2] - 1, row[2::2] - 1
        boxes[numbers.index(int(row[0]))] = x.min(), y.min(), x.max(), y.max()
    labelled = np.isfinite(boxes).all(axis=1)
    return Sequence(path.stem, frames, boxes, labelled=labelled, attributes=(aspect,))


def _between(frames: FramePaths, labelled: list[int]) -> FramePaths:
    first, last = min(labelled), max(labelled)
    return FramePaths(frames.folder, [n for n in frames.names if first <= _number(n) <= last])


def _number(name: str) -> int:
    stem = Path(name).stem
    return int(stem) if stem.isdecimal() else -1
