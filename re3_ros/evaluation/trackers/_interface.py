# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker has to offer to be measured, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes
from re3_ros.datasets import Colour, Sequence
from re3_ros.images import Image

FAR = 1e9
"""Pixels; a box out there is taken for a tracker gone mad."""
Answer = ArrayLike | tuple[ArrayLike, float] | None


class VisualTracker(Protocol):
    """What can be evaluated. Images are uint8 HxWx3, boxes x1, y1, x2, y2 in pixels.

    Images are RGB unless the tracker has an attribute ``colour = "bgr"``. With
    ``takes_paths = True`` it is given the files' paths instead, and its reading of them is timed.
    If it has a method ``close()``, that is called when a sequence is done.
    """

    def init(self, image: Image, box: Boxes) -> object:
        """Start on ``image``; the return value is ignored."""

    def update(self, image: Image) -> Answer:
        """Return the box (4,), or box and score, or None: not found, the last box is held."""


class PathTracker(Protocol):
    """A `VisualTracker` that reads the frames itself."""

    takes_paths: bool

    def init(self, path: Path, box: Boxes) -> object:
        """Start on the image at ``path``."""

    def update(self, path: Path) -> Answer:
        """Return what `VisualTracker.update` returns."""


AnyTracker = VisualTracker | PathTracker
TrackerFactory = Callable[[], AnyTracker]


class RunningTracker:
    """A tracker at work: knows what frames it takes, and ends what it has started."""

    def __init__(self, factory: TrackerFactory) -> None:
        tracker: Any = factory()
        self.init, self.update = tracker.init, tracker.update
        self.close: Callable[[], object] = getattr(tracker, "close", lambda: None)
        self._paths: bool = getattr(tracker, "takes_paths", False)
        self._colour: Colour = getattr(tracker, "colour", "rgb")

    def read(self, sequence: Sequence, index: int) -> Any:
        """Return a frame as the tracker wants it."""
        return sequence.frames[index] if self._paths else sequence.read(index, self._colour)


def parse_prediction(answer: Any, last: Boxes) -> tuple[Boxes, float]:
    """Return box and score of a tracker's answer; ValueError for what is neither."""
    if answer is None:
        return last, np.nan
    box, score = answer, np.nan
    if isinstance(answer, tuple) and len(answer) == 2:
        box, score = answer
    array = np.asarray(box, np.float64)
    if array.shape != (4,) or not (np.abs(array) < FAR).all():
        raise ValueError(f"update returned {box!r}; expected x1, y1, x2, y2, finite, or None")
    return array, float(score)
