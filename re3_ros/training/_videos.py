# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks from labelled videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes, from_xywh, size
from re3_ros.crops import Image, crop
from re3_ros.errors import SourceError


@dataclass(frozen=True)
class Clip:
    """A labelled video in memory."""

    name: str
    images: tuple[Image, ...]
    boxes: Boxes
    """(n, 4) pixels, NaN where the object is absent."""


@dataclass(frozen=True)
class VideoTrack:
    """Some frames of a clip, in playing order; the interface of `SimulatedTrack`."""

    images: tuple[Image, ...]
    boxes: Boxes
    visible: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)

    def crop(self, frame: int, box: ArrayLike, size: int, context: float) -> Image:
        """Return the crop of a frame around ``box``: uint8 (size, size, 3) RGB."""
        return crop(self.images[frame], box, size, context)


def read_clip(folder: Path) -> Clip:
    """Return the clip of ``folder/img/*.jpg`` and ``folder/groundtruth.txt`` (x,y,w,h or nan).

    Raises SourceError naming the folder where images and lines do not match or are unreadable.
    """
    paths = sorted((folder / "img").glob("*.jpg"))
    try:
        rows = np.loadtxt(folder / "groundtruth.txt", delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder / 'groundtruth.txt'}: {error}") from error
    if not paths or rows.shape != (len(paths), 4):
        raise SourceError(f"{folder} has {len(paths)} images but boxes of shape {rows.shape}")
    images = []
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(f"{path} is not a readable image")
        images.append(np.asarray(image[..., ::-1], np.uint8, order="C"))
    return Clip(folder.name, tuple(images), from_xywh(rows))


def draw_track(rng: np.random.Generator, clips: Sequence[Clip], frames: int) -> VideoTrack:
    """Return ``frames`` frames of a random clip, at a random pace, forwards or backwards.

    A clip that is too short for that is played to and fro. The first frame shows the object; the
    box of a frame without it is the last one known, and ``visible`` is 0 there.
    """
    clip = clips[int(rng.integers(len(clips)))]
    known = np.flatnonzero(np.isfinite(clip.boxes).all(axis=1) & (size(clip.boxes) > 4).all(axis=1))
    start, pace = int(rng.choice(known)), int(rng.choice([1, 1, 1, 2, 3]))
    last = len(clip.images) - 1
    steps = start + rng.choice([-1, 1]) * pace * np.arange(frames)
    order = last - np.abs(last - np.mod(steps, 2 * last)) if last else np.zeros(frames, int)
    boxes, present = _hold(clip.boxes[order])
    images = tuple(clip.images[i] for i in order)
    if rng.random() < 0.5:
        images = tuple(image[:, ::-1].copy() for image in images)
        boxes = (boxes * [-1, 1, -1, 1] + [images[0].shape[1], 0] * 2)[:, [2, 1, 0, 3]]
    return VideoTrack(images, boxes, present)


def _hold(boxes: Boxes) -> tuple[Boxes, NDArray[np.float64]]:
    present = np.isfinite(boxes).all(axis=1)
    latest = np.maximum.accumulate(np.where(present, np.arange(len(boxes)), 0))
    return boxes[latest], np.asarray(present, np.float64)
