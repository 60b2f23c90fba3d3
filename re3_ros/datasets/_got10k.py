# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""GOT-10k: ``train``, ``val`` and ``test`` with ``GOT-10k_Train_000001/00000001.jpg`` and so on.

Beside the frames lie ``groundtruth.txt`` (x,y,w,h; one line in ``test``), ``absence.label``,
``cover.label`` (0 ... 8), ``cut_by_image.label`` and ``meta_info.ini``.
"""

from __future__ import annotations

from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path

import numpy as np

from re3_ros.errors import SourceError

from ._entry import Entry, one, sub_folders
from ._fields import read_text
from ._sequence import Sequence
from ._text import (
    check_first,
    check_lengths,
    check_marks,
    corners,
    holding,
    list_frames,
    pad,
    read_marks,
    read_rows,
)

TRUTH = "groundtruth.txt"
VISIBILITY = np.array([0.0, 0.075, 0.225, 0.375, 0.525, 0.675, 0.825, 0.95, 1.0])
"""Visible share for cover 0 ... 8: the middle of (0, 15] %, (15, 30] %, ...; 8 is all."""
MOSTLY_VISIBLE = 6
"""Cover from which a target does not count as occluded: over 75 % are seen."""


def fits(root: Path) -> bool:
    """Say whether there is a sequence named as in GOT-10k, or with its labels."""
    return any(
        folder.name.startswith("GOT-10k_") or (folder / "absence.label").is_file()
        for part in sub_folders(root, "", ("train", "val", "test"))
        for folder in holding(part, TRUTH)
    )


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences of ``train``, ``val`` or ``test``, or of whatever is there."""
    parts = sub_folders(root, split, ("train", "val", "test"))
    return [one(p.name, _read, p) for part in parts for p in holding(part, TRUTH)]


def _read(folder: Path) -> Sequence:
    path, frames = folder / TRUTH, list_frames(folder)
    boxes, labelled = pad(corners(path, read_rows(path)), len(frames))
    check_lengths(path, boxes, frames)
    marks = {}
    for name in ("absence", "cover", "cut_by_image"):
        file = folder / f"{name}.label"
        marks[name] = read_marks(file)
        check_marks(file, marks[name], len(frames))
    absent = None if marks["absence"] is None else marks["absence"] > 0
    if absent is not None:
        boxes[absent] = np.nan
    check_first(path, boxes)
    cover, cut = marks["cover"], marks["cut_by_image"]
    return Sequence(
        folder.name,
        frames,
        boxes,
        absent=absent,
        occluded=None if cover is None else cover < MOSTLY_VISIBLE,
        visibility=None if cover is None else VISIBILITY[cover.astype(int).clip(0, 8)],
        labelled=labelled,
        tags={} if cut is None else {"cut_by_image": cut > 0},
        object_class=_object_class(folder / "meta_info.ini"),
    )


def _object_class(path: Path) -> str:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(path) if path.is_file() else "", str(path))
    except IniError as error:
        raise SourceError(f"{path} cannot be read ({error}); expected key: value lines") from error
    return parser.get("METAINFO", "object_class", fallback="")
