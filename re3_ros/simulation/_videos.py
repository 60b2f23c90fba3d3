# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks from labelled videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes, from_xywh, is_valid, size
from re3_ros.crops import crop
from re3_ros.errors import SourceError
from re3_ros.images import Image, read_picture
from re3_ros.shards import CLIPS, EXPECTED, Sample, read_samples

TABLE = "groundtruth.txt"
"""Of a clip in a folder of its own: the boxes of its frames."""
BOXES = "boxes.txt"
"""The same of a clip in a shard."""
SHOWN = 0.3
"""Share of an object that must be seen for it to count as visible."""


@dataclass(frozen=True)
class Clip:
    """A labelled video."""

    name: str
    images: Sequence[Image]
    boxes: Boxes
    """(n, 4) pixels, NaN where the object is absent."""

    @property
    def rivals(self) -> Boxes:
        """(0, n, 4): nobody marked objects like the target."""
        return np.zeros((0, len(self.boxes), 4))

    def image(self, frame: int) -> Image:
        """Return a frame, uint8 HxWx3 RGB."""
        return self.images[frame]


@dataclass(frozen=True)
class VideoTrack:
    """Some frames of a clip, in playing order; the interface of `SimulatedTrack`."""

    images: tuple[Image, ...]
    boxes: Boxes
    visibility: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)

    def crop(self, frame: int, box: ArrayLike, size: int, context: float) -> Image:
        """Return the crop of a frame around ``box``: uint8 (size, size, 3) RGB."""
        return crop(self.images[frame], box, size, context)


@dataclass(frozen=True)
class ClipEntry:
    """A clip on disk, of which only the name is known yet."""

    name: str
    files: Path | Sample
    """A folder, or a sample of a shard."""

    def read(self) -> Clip:
        """Return the clip, decoded.

        Raises SourceError naming the clip where images and lines do not match or are unreadable,
        where a box lies outside of its image, and where no frame shows the object.
        """
        if isinstance(self.files, Path):
            return read_clip(self.files)
        files, where = self.files.files, self.files.where
        frames = [files[suffix].picture for suffix in sorted(files) if suffix.endswith(".jpg")]
        if BOXES not in files:
            raise SourceError(f"{where} has no {BOXES}; {EXPECTED}")
        return _clip(self.name, where, files[BOXES].read().decode(errors="replace"), frames)


def list_clips(folder: Path) -> list[ClipEntry]:
    """Return the clips in a folder: one in each of its folders, and those in its shards.

    Raises SourceError for a folder that is missing, and for a shard that is damaged.
    """
    if not folder.is_dir():
        raise SourceError(
            f"{folder} is not a folder; give `videos` folders of clips, or leave it empty"
        )
    folders = [ClipEntry(p.name, p) for p in sorted(folder.iterdir()) if p.is_dir()]
    packed = [ClipEntry(str(s.facts.get("name")), s) for s in read_samples(folder, CLIPS)]
    return [*folders, *packed]


def read_clip(folder: Path) -> Clip:
    """Return the clip of ``folder/img/*.jpg`` and ``folder/groundtruth.txt`` (x,y,w,h or nan).

    Raises SourceError as `ClipEntry.read`.
    """
    paths = clip_frames(folder)
    table = folder / TABLE
    try:
        text = table.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SourceError(f"{table}: {error}") from error
    return _clip(folder.name, str(folder), text, [partial(read_picture, path) for path in paths])


def clip_frames(folder: Path) -> list[Path]:
    """Return the frames of a clip in a folder of its own, in order."""
    return sorted(p for p in (folder / "img").glob("*.jpg") if not p.name.startswith("."))


def _clip(name: str, where: str, table: str, frames: Sequence[Callable[[], Image]]) -> Clip:
    try:
        rows = np.loadtxt(table.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        raise SourceError(f"{where}, {TABLE}: {error}") from error
    if not frames or rows.shape != (len(frames), 4):
        raise SourceError(f"{where} has {len(frames)} images but boxes of shape {rows.shape}")
    images, boxes = [read() for read in frames], from_xywh(rows)
    try:
        _check_inside(boxes, images, np.arange(len(boxes)))
        _starts(boxes, np.ones(len(boxes)))
    except SourceError as error:
        raise SourceError(f"{where}: {error}") from error
    return Clip(name, tuple(images), boxes)


def sample_track(
    rng: np.random.Generator, clips: Sequence[Clip], frames: int, slow: float = 0.0
) -> VideoTrack:
    """Return ``frames`` frames of a random clip, at a random pace, forwards or backwards.

    A share ``slow`` is at a half to a quarter of the frame rate beside that. A clip that is too
    short is played to and fro. The first frame shows the object; the box of a frame without it is
    the last one known, and ``visibility`` is 0 there.
    """
    clip = clips[int(rng.integers(len(clips)))]
    visibility = np.asarray(np.isfinite(clip.boxes).all(axis=1), np.float64)
    return sample_frames(rng, clip.boxes, visibility, frames, clip.images.__getitem__, slow)


def sample_frames(
    rng: np.random.Generator,
    boxes: Boxes,
    visibility: NDArray[np.float64],
    frames: int,
    read: Callable[[int], Image],
    slow: float = 0.0,
) -> VideoTrack:
    """Return ``frames`` frames of a video of n frames, as `sample_track` does.

    ``boxes`` (n, 4) are NaN where there is none, ``visibility`` (n,) says how much of the object is
    seen, ``read`` returns a frame. Raises SourceError if no frame shows the object in more than
    4 x 4 pixels, and for a box outside of its frame.
    """
    start, pace = int(rng.choice(_starts(boxes, visibility))), int(rng.choice([1, 1, 1, 2, 3]))
    if slow > 0 and rng.random() < slow:
        pace = int(rng.integers(2, 5))
    last = len(boxes) - 1
    steps = start + rng.choice([-1, 1]) * pace * np.arange(frames)
    order = last - np.abs(last - np.mod(steps, 2 * last)) if last else np.zeros(frames, int)
    images = tuple(read(int(i)) for i in order)
    _check_inside(boxes[order], images, order)
    held = _hold(boxes[order])
    if rng.random() < 0.5:
        images = tuple(image[:, ::-1].copy() for image in images)
        held = (held * [-1, 1, -1, 1] + [images[0].shape[1], 0] * 2)[:, [2, 1, 0, 3]]
    visibility = np.where(np.isfinite(boxes).all(axis=1), visibility, 0.0)
    return VideoTrack(images, held, visibility[order])


def _starts(boxes: Boxes, visibility: NDArray[np.float64]) -> NDArray[np.int_]:
    """Return the frames with which a track may begin."""
    large = np.isfinite(boxes).all(axis=1) & (size(boxes) > 4).all(axis=1)
    known = np.flatnonzero(large & (visibility >= SHOWN))
    if not len(known):
        raise SourceError("no frame shows the object in more than 4 x 4 pixels")
    return known


def _check_inside(boxes: Boxes, images: Sequence[Image], order: NDArray[np.int_]) -> None:
    for box, image, index in zip(boxes, images, order, strict=True):
        height, width = image.shape[:2]
        if np.isfinite(box).all() and not is_valid(box, width, height, min_size=0):
            numbers = ", ".join(f"{v:g}" for v in box)
            raise SourceError(
                f"frame {index + 1}: box ({numbers}) lies outside the {width} x {height} image"
            )


def _hold(boxes: Boxes) -> Boxes:
    """Return boxes whose NaN are replaced by the last known ones."""
    present = np.isfinite(boxes).all(axis=1)
    latest = np.maximum.accumulate(np.where(present, np.arange(len(boxes)), 0))
    return boxes[latest]
