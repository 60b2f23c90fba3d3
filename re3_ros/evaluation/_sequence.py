# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences on disk: frames with one true box each."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, from_xywh
from re3_ros.crops import Image
from re3_ros.errors import SourceError

Colour = Literal["rgb", "bgr"]
TRUTH = "groundtruth.txt"
IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


@dataclass(frozen=True, eq=False)
class Sequence:
    """A video of one target with its true boxes."""

    name: str
    frames: tuple[Path, ...]
    """n image files, in order."""
    truth: Boxes
    """(n, 4) x1, y1, x2, y2 in pixels; NaN where the target is absent, never in row 0."""

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, index: int, colour: Colour = "rgb") -> Image:
        """Return frame ``index`` as uint8 HxWx3; SourceError names a file that cannot be read."""
        path = self.frames[index]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(f"{path} is not a readable image; replace it by an intact copy")
        if colour == "rgb":
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return np.asarray(image, np.uint8)

    def first(self, frames: int) -> Sequence:
        """Return the sequence cut to its first ``frames`` frames."""
        return Sequence(self.name, self.frames[:frames], self.truth[:frames])

    def fingerprint(self) -> str:
        """Return a hash of true boxes and of names and sizes of the frames (not of pixels)."""
        digest = hashlib.sha256(self.truth.tobytes())
        for path in self.frames:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()


def find_sequences(folder: Path | str) -> list[Path]:
    """Return the sequence folders in ``folder``, by name; ``folder`` itself if it is one.

    Raises SourceError where there are none.
    """
    root = Path(folder)
    if (root / TRUTH).is_file():
        return [root]
    found = sorted(p.parent for p in root.glob(f"*/{TRUTH}"))
    if not found:
        raise SourceError(f"{root} holds no sequence; expected folders with {TRUTH} and img/ in it")
    return found


def read_sequence(folder: Path | str) -> Sequence:
    """Read ``img/*.jpg``, ``groundtruth.txt`` (x,y,w,h a line) and, if there, ``absent.txt``.

    Raises SourceError, naming file and line, for a number that is none, a box without area, a
    target absent from the first frame, and files of different length.
    """
    root = Path(folder)
    truth = _read_truth(root / TRUTH)
    frames = _list_frames(root / "img")
    if len(frames) != len(truth):
        raise SourceError(
            f"{root / TRUTH} has {len(truth)} lines but {root / 'img'} holds {len(frames)} "
            "frames; give one line a frame"
        )
    if (root / "absent.txt").is_file():
        truth[_read_flags(root / "absent.txt", len(truth))] = np.nan
    if np.isnan(truth[0]).any():
        raise SourceError(f"{root / TRUTH} line 1: the target must be seen in the first frame")
    return Sequence(root.name, tuple(frames), truth)


def read_sequences(folder: Path | str) -> list[Sequence]:
    """Read every sequence in ``folder``; raises SourceError for the first that is broken."""
    return [read_sequence(path) for path in find_sequences(folder)]


def _list_frames(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SourceError(f"{folder} is missing; put the frames there, named in their order")
    frames = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGES)
    if not frames:
        raise SourceError(f"{folder} holds no image; expected {', '.join(sorted(IMAGES))} files")
    return frames


def _read_truth(path: Path) -> Boxes:
    return np.array([_parse_box(path, n, line) for n, line in _lines(path)]).reshape(-1, 4)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8").rstrip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read ({error}); expected a text file") from error
    return list(enumerate(text.splitlines(), 1))


def _parse_box(path: Path, number: int, line: str) -> Boxes:
    """Return one line's box as corners; commas, tabs and blanks all separate."""
    where = f"{path} line {number}: {line!r}"
    try:
        box = np.array([float(v) for v in re.split(r"[,;\s]+", line.strip())])
    except ValueError:
        raise SourceError(f"{where} is not x,y,w,h in pixels, or nan,nan,nan,nan") from None
    if box.shape != (4,):
        raise SourceError(f"{where} holds {box.size} numbers; expected x,y,w,h")
    if np.isnan(box).all():
        return box
    if not np.isfinite(box).all() or (box[2:] <= 0).any():
        raise SourceError(f"{where} is no box; w and h must be above 0, or all four nan")
    return from_xywh(box)


def _read_flags(path: Path, expected: int) -> NDArray[np.bool_]:
    lines = _lines(path)
    if len(lines) != expected:
        raise SourceError(f"{path} has {len(lines)} lines; expected {expected}, one a frame")
    for number, line in lines:
        if line.strip() not in {"0", "1"}:
            raise SourceError(f"{path} line {number}: {line!r} is neither 0 nor 1")
    return np.array([line.strip() == "1" for _, line in lines])
