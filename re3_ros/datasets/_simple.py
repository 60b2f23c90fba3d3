# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The simple layout: a folder with ``img/`` and ``groundtruth.txt`` per sequence."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

import re3_ros
from re3_ros.errors import SourceError

from ._entry import Entry, no_split, one
from ._sequence import Sequence
from ._text import (
    check_first,
    check_lengths,
    list_frames,
    missing,
    parse_box,
    read_flags,
    read_lines,
)

TRUTH = "groundtruth.txt"


def default_data_folder() -> Path:
    """Return the folder of shared data: ``RE3_SHARED``, or ``shared`` beside this project."""
    return Path(os.environ.get("RE3_SHARED") or Path(re3_ros.__file__).parents[2] / "shared")


def find_sequences(folder: Path | str) -> list[Path]:
    """Return the sequence folders in ``folder``, by name; ``folder`` itself if it is one.

    Raises SourceError where there are none.
    """
    root = Path(folder)
    found = _folders(root)
    if not found:
        raise SourceError(f"{root} holds no sequence; expected folders with {TRUTH} and img/ in it")
    return found


def read_sequence(folder: Path | str) -> Sequence:
    """Read ``img/*.jpg``, ``groundtruth.txt`` (x,y,w,h a line) and, if there, ``absent.txt``.

    Raises SourceError, naming file and line, for a number that is none, a box without area, a
    target absent from the first frame, and files of different length.
    """
    root = Path(folder)
    path = root / TRUTH
    truth = np.array([parse_box(path, n, line) for n, line in read_lines(path)]).reshape(-1, 4)
    frames = list_frames(root / "img")
    check_lengths(path, truth, frames)
    if (root / "absent.txt").is_file():
        truth[read_flags(root / "absent.txt", len(truth))] = np.nan
    check_first(path, truth)
    return Sequence(root.name, frames, truth, absent=missing(truth))


def fits(root: Path) -> bool:
    """Say whether there is a sequence with its frames in ``img/``."""
    return any((p / "img").is_dir() for p in _folders(root))


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences below ``root``; this layout has no splits."""
    no_split("simple", split)
    return [one(p.name, read_sequence, p) for p in _folders(root)]


def _folders(root: Path) -> list[Path]:
    if (root / TRUTH).is_file():
        return [root]
    return sorted(p.parent for p in root.glob(f"*/{TRUTH}"))
