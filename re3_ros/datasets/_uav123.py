# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""UAV123 and UAV20L: ``data_seq/UAV123/<folder>/000001.jpg`` and ``anno/UAV123/<sequence>.txt``.

Boxes are x,y,w,h in MATLAB's pixels, which start at 1, NaN where the target is hidden or away.
Several sequences may lie in one folder, each over its own frames: from the number that the
benchmark lists, as many as there are boxes.
"""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import ConfigError

from ._entry import Entry, one
from ._sequence import FramePaths, Sequence
from ._text import (
    check_first,
    check_lengths,
    corners,
    files,
    list_frames,
    missing,
    read_marks,
    read_rows,
)

# First frames of the parts of a folder, as the benchmark's configSeqs lists them.
_PARTS = """
bird1 1 775 1573; car1 1 751 1627; car6 1 487 1807 2953 3925; car8 1 1357; car16 1 415;
group1 1 1333 2515 3925; group2 1 907 1771; group3 1 1567 2827 4369; person2 1 1189;
person4 1 1501; person5 1 877; person7 1 1249; person8 1 1075; person12 1 601; person14 1 847 1813;
person17 1 1501; person19 1 1243 2791; truck4 1 577; uav1 1 1555 2473
"""
STARTS = {
    f"{row.split()[0]}_{part}": (row.split()[0], int(start))
    for row in _PARTS.strip().split(";")
    for part, start in enumerate(row.split()[1:], 1)
}
"""Sequence -> (folder, number of its first frame); every other sequence has its own folder."""
ATTRIBUTES = ("SV", "ARC", "LR", "FM", "FOC", "POC", "OV", "BC", "IV", "VC", "CM", "SOB")
"""Scale variation, aspect ratio change, low resolution, fast motion, full and partial occlusion,
out of view, background clutter, illumination variation, viewpoint change, camera motion, similar
object: the columns of ``anno/<set>/att/<sequence>.txt``."""


def fits(root: Path) -> bool:
    """Say whether ``data_seq`` and ``anno`` are there."""
    return (root / "data_seq").is_dir() and (root / "anno").is_dir()


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences of ``UAV123`` (the default) or ``UAV20L``."""
    if split not in {"", "UAV123", "UAV20L"}:
        raise ConfigError(f"layout uav123 has no split {split!r}; give UAV123, UAV20L or none")
    labels = root / "anno" / (split or "UAV123")
    return [one(p.stem, _read, root, p) for p in files(labels, "*.txt")]


def _read(root: Path, path: Path) -> Sequence:
    boxes = corners(path, read_rows(path), origin=1)
    own = (path.stem, 1)
    folder, start = own if path.parent.name == "UAV20L" else STARTS.get(path.stem, own)
    frames = _part(list_frames(root / "data_seq" / "UAV123" / folder), start, len(boxes))
    check_lengths(path, boxes, frames)
    check_first(path, boxes)
    absent = missing(boxes)
    attributes = _attributes(path.parent / "att" / path.name)
    return Sequence(path.stem, frames, boxes, absent=absent, attributes=attributes)


def _part(frames: FramePaths, start: int, length: int) -> FramePaths:
    wanted = range(start, start + length)
    names = [n for n in frames.names if Path(n).stem.isdecimal() and int(Path(n).stem) in wanted]
    return FramePaths(frames.folder, names)


def _attributes(path: Path) -> tuple[str, ...]:
    marks = read_marks(path)
    if marks is None:
        return ()
    return tuple(name for name, mark in zip(ATTRIBUTES, marks, strict=False) if mark)
