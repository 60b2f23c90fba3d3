# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""LaSOT: ``<class>/<class>-<n>/img``, ``groundtruth.txt``, ``full_occlusion.txt`` and
``out_of_view.txt`` (0 or 1 for each frame, separated by commas).

As in its evaluation, a target that is wholly occluded or out of view counts as absent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from re3_ros.errors import ConfigError

from ._entry import Entry, one
from ._sequence import Flags, Sequence
from ._text import (
    check_first,
    check_lengths,
    check_marks,
    corners,
    list_frames,
    natural,
    read_marks,
    read_rows,
)

TRUTH = "groundtruth.txt"
# The test set: four sequences of each class.
_TEST = """
airplane 1 9 13 15; basketball 1 6 7 11; bear 2 4 6 17; bicycle 2 7 9 18; bird 2 3 15 17; boat 3 4
12 17; book 3 10 11 19; bottle 1 12 14 18; bus 2 5 17 19; car 2 6 9 17; cat 1 3 18 20; cattle 2 7
12 13; chameleon 3 6 11 20; coin 3 6 7 18; crab 3 6 12 18; crocodile 3 4 10 14; cup 1 4 7 17; deer
4 8 10 14; dog 1 7 15 19; drone 2 7 13 15; electricfan 1 10 18 20; elephant 1 12 16 18; flag 2 3 5
9; fox 2 3 5 20; frog 3 4 9 20; gametarget 1 2 7 13; gecko 1 5 16 19; giraffe 2 10 13 15; goldfish
3 7 8 10; gorilla 4 6 9 13; guitar 3 8 10 16; hand 2 3 9 16; hat 1 2 5 18; helmet 5 11 13 19;
hippo 1 7 9 20; horse 1 4 12 15; kangaroo 2 5 11 14; kite 4 6 10 15; leopard 1 7 16 20;
licenseplate 6 12 13 15; lion 1 5 12 20; lizard 1 3 6 13; microphone 2 6 14 16; monkey 3 4 9 17;
motorcycle 1 3 9 18; mouse 1 8 9 17; person 1 5 10 12; pig 2 10 13 18; pool 3 7 12 15; rabbit 10
13 17 19; racing 10 15 16 20; robot 1 5 8 19; rubicCube 1 6 14 19; sepia 6 8 13 16; shark 2 3 5 6;
sheep 3 5 7 9; skateboard 3 8 16 19; spider 14 16 18 20; squirrel 8 11 13 19; surfboard 4 5 8 12;
swing 10 14 17 20; tank 6 9 14 16; tiger 4 6 12 18; train 1 7 11 20; truck 3 6 7 16; turtle 5 8 9
16; umbrella 2 9 17 19; volleyball 1 13 18 19; yoyo 7 15 17 19; zebra 10 14 16 17
"""
TEST = {f"{row.split()[0]}-{n}" for row in _TEST.strip().split(";") for n in row.split()[1:]}
"""The 280 sequences of protocol II's test set; the other 1,120 are for training."""

USED = {"monkey-17": 2260}
"""Sequence -> frames that LaSOT's evaluation uses; the others are left out."""


def fits(root: Path) -> bool:
    """Say whether there is a sequence with ``full_occlusion.txt`` in the folder of a class."""
    return any(root.glob("*/*/full_occlusion.txt")) or any(root.glob("*/full_occlusion.txt"))


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences of ``train``, ``test`` (protocol II), or all; root may be one class."""
    if split not in {"", "train", "test"}:
        raise ConfigError(f"layout lasot has no split {split!r}; give train, test or none")
    folders = [p.parent for depth in ("*/*", "*") for p in root.glob(f"{depth}/{TRUTH}")]
    return [
        one(p.name, _read, p)
        for p in sorted(folders, key=lambda p: natural(p.name))
        if not split or (p.name in TEST) == (split == "test")
    ]


def _read(folder: Path) -> Sequence:
    path, frames = folder / TRUTH, list_frames(folder / "img")
    boxes = corners(path, read_rows(path))
    boxes, frames = boxes[: USED.get(folder.name)], frames[: USED.get(folder.name)]
    check_lengths(path, boxes, frames)
    hidden = _flags(folder / "full_occlusion.txt", len(frames))
    away = _flags(folder / "out_of_view.txt", len(frames))
    absent = hidden | away
    boxes[absent] = np.nan
    check_first(path, boxes)
    return Sequence(
        folder.name,
        frames,
        boxes,
        absent=absent,
        occluded=hidden,
        tags={"full_occlusion": hidden, "out_of_view": away},
        object_class=folder.name.rpartition("-")[0],
    )


def _flags(path: Path, length: int) -> Flags:
    marks = read_marks(path)
    if marks is not None:
        marks = marks[: USED.get(path.parent.name)]
    check_marks(path, marks, length)
    return np.zeros(length, bool) if marks is None else marks > 0
