# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OTB (OTB-2013, OTB-2015): ``<sequence>/img`` and ``<sequence>/groundtruth_rect.txt``.

Boxes are x,y,w,h in MATLAB's pixels, which start at 1, separated by commas, tabs or blanks.
Folders with two targets (Jogging, Skating2) have ``groundtruth_rect.1.txt`` and ``.2.txt``; their
targets are named ``Jogging.1`` and ``Jogging.2``. Human4's first file is empty and left out.
"""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import ConfigError

from ._entry import Entry, one
from ._otb_facts import ATTRIBUTES, OMITTED, OTB2013, RANGES, TB50
from ._sequence import FramePaths, Sequence
from ._text import check_first, check_lengths, corners, files, holding, list_frames, read_rows

PATTERN = "groundtruth_rect*.txt"
_SPLITS = {
    "": None,
    "tb100": set(ATTRIBUTES),
    "tb50": set(TB50.split()),
    "otb2013": set(OTB2013.split()),
}


def fits(root: Path) -> bool:
    """Say whether there is a sequence with ``groundtruth_rect.txt``."""
    return bool(holding(root, PATTERN))


def entries(root: Path, split: str) -> list[Entry]:
    """Return the targets of all folders, or of ``tb100``, ``tb50`` or ``otb2013``."""
    if split not in _SPLITS:
        raise ConfigError(f"layout otb has no split {split!r}; give tb100, tb50, otb2013 or none")
    wanted = _SPLITS[split]
    return [
        one(_name(truth), _read, truth)
        for folder in holding(root, PATTERN)
        if wanted is None or folder.name in wanted
        for truth in files(folder, PATTERN)
        if truth.stat().st_size
    ]


def _name(truth: Path) -> str:
    number = truth.stem.removeprefix("groundtruth_rect")
    return truth.parent.name + number


def _read(truth: Path) -> Sequence:
    folder = truth.parent.name
    frames = _frames(truth.parent)
    boxes = corners(truth, read_rows(truth), origin=1)
    check_lengths(truth, boxes, frames)
    start = OMITTED.get(folder, 0)
    check_lengths(truth, boxes[start:], frames[start:])
    check_first(truth, boxes[start:], start + 1)
    attributes = tuple(ATTRIBUTES.get(folder, "").split())
    return Sequence(_name(truth), frames[start:], boxes[start:], attributes=attributes)


def _frames(folder: Path) -> FramePaths:
    frames = list_frames(folder / "img")
    if folder.name not in RANGES:
        return frames
    first, last = RANGES[folder.name]
    return FramePaths(frames.folder, [n for n in frames.names if first <= _number(n) <= last])


def _number(name: str) -> int:
    stem = Path(name).stem
    return int(stem) if stem.isdecimal() else -1
