# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""TrackingNet: ``TRAIN_0`` ... ``TRAIN_11`` and ``TEST`` with ``frames/<sequence>/0.jpg`` and
``anno/<sequence>.txt`` (x,y,w,h; one line in ``TEST``)."""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import SourceError

from ._entry import Entry, one
from ._sequence import Sequence
from ._text import check_first, check_lengths, corners, files, list_frames, natural, pad, read_rows

_CHUNKS = ("TRAIN_*", "TEST")


def fits(root: Path) -> bool:
    """Say whether there is a chunk, or ``root`` is one."""
    return bool(_chunks(root, ""))


def entries(root: Path, split: str) -> list[Entry]:
    """Return the sequences of a chunk (``TRAIN_3``, ``TEST``), of all TRAIN chunks, or all."""
    chunks = _chunks(root, split)
    if not chunks:
        raise SourceError(f"{root} has no chunk {split or ' or '.join(_CHUNKS)} with anno/ in it")
    return [
        one(path.stem, _read, chunk, path)
        for chunk in chunks
        for path in files(chunk / "anno", "*.txt")
    ]


def _chunks(root: Path, split: str) -> list[Path]:
    patterns = {"": _CHUNKS, "train": ("TRAIN_*",), "test": ("TEST",)}.get(split, (split,))
    here = [root] if any(root.match(pattern) for pattern in patterns) else []
    found = here or [p for pattern in patterns for p in root.glob(pattern)]
    return sorted((p for p in found if (p / "anno").is_dir()), key=lambda p: natural(p.name))


def _read(chunk: Path, path: Path) -> Sequence:
    frames = list_frames(chunk / "frames" / path.stem)
    boxes, labelled = pad(corners(path, read_rows(path)), len(frames))
    check_lengths(path, boxes, frames)
    check_first(path, boxes)
    return Sequence(path.stem, frames, boxes, labelled=labelled)
