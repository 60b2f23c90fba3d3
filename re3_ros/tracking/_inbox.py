# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What callers asked for and the tracking thread has not done yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from re3_ros.boxes import Boxes, check_box, size
from re3_ros.crops import Image
from re3_ros.errors import BoxError, InputError, StampError

from ._ring import SECOND, FrameRing
from ._types import Frame

MAX_STAMP = 2**63 - 1
MAX_IMAGES = 100.0
"""Longest side of a box in sides of its image: far beyond use, and far from overflow."""


@dataclass(frozen=True, eq=False)
class Request:
    """A target to be started."""

    box: Boxes
    stamp: int
    frame: Frame | None
    """The frame that the box was drawn on, None while it is yet to come."""

    def resolved(self, ring: FrameRing, max_ahead: float) -> Request:
        """Return the request with its frame, if that has come by now.

        Raises StampError if it never will, BoxError if the box does not lie in it.
        """
        frame = self.frame or find_frame(ring, self.stamp, max_ahead)
        if frame is not None:
            _check_on(self.box, frame.image)
        return Request(self.box, self.stamp, frame)


def _check_on(box: Boxes, image: Image) -> None:
    height, width = image.shape[:2]
    check_box(box, width, height)
    with np.errstate(over="ignore"):
        sides = size(box)
    if (sides > MAX_IMAGES * np.array([width, height])).any():
        w, h = sides
        raise BoxError(
            f"box is {w:g} x {h:g} pixels on an image of {width} x {height}; expected at most "
            f"{MAX_IMAGES:g} times the image"
        )


def find_frame(ring: FrameRing, stamp: int, max_ahead: float) -> Frame | None:
    """Return the frame meant by a box's stamp, None if it is yet to come; 0 means the newest.

    A box may overtake its image on the way here, by at most ``max_ahead`` seconds.
    """
    newest = ring.newest
    if newest is None:
        return None
    if stamp == 0:
        return newest
    if stamp <= newest.stamp:
        return ring.find(stamp)
    if stamp - newest.stamp > max_ahead * SECOND:
        ahead = (stamp - newest.stamp) / SECOND
        raise StampError(
            f"the box is stamped {ahead:.3f} s after the newest frame, more than max_ahead = "
            f"{max_ahead:g} s; {ring.describe()}"
        )
    return None


@dataclass(frozen=True, eq=False)
class Batch:
    """Targets to be started on the same frame."""

    frame: Frame
    boxes: dict[str, Boxes]


class Inbox:
    """Starts and drops of one camera's targets, of which only the last for each name counts."""

    def __init__(self) -> None:
        self.starts: dict[str, Request] = {}
        self.drops: set[str] = set()

    def start(self, name: str, request: Request) -> None:
        """Ask for a start, which replaces an earlier one."""
        self.starts[name] = request

    def drop(self, name: str) -> None:
        """Ask for an end; a start that still waits is called off."""
        self.starts.pop(name, None)
        self.drops.add(name)

    def concerns(self, name: str) -> bool:
        """Tell whether anything is asked for under this name."""
        return name in self.starts or name in self.drops

    def take_drops(self) -> set[str]:
        """Return and forget the names to be dropped, which comes before all starts."""
        drops, self.drops = self.drops, set()
        return drops

    def take_batch(
        self, ring: FrameRing, max_ahead: float
    ) -> tuple[Batch | None, list[InputError]]:
        """Return and forget starts whose frame has come, as far as it is one and the same frame.

        Starts that turn out to be impossible are forgotten as well, and returned as errors.
        """
        batch: Batch | None = None
        failures: list[InputError] = []
        for name, request in list(self.starts.items()):
            try:
                frame = request.resolved(ring, max_ahead).frame
            except InputError as error:
                failures.append(type(error)(f"target {name!r}: {error}"))
                del self.starts[name]
                continue
            if frame is None or (batch is not None and batch.frame is not frame):
                continue
            batch = batch or Batch(frame, {})
            batch.boxes[name] = self.starts.pop(name).box
        return batch, failures


def check_stamp(stamp: object) -> int:
    """Return a stamp in ns as int; StampError unless it is a whole number, 0 or more."""
    number = int(stamp) if isinstance(stamp, (int, np.integer)) else -1
    if isinstance(stamp, bool) or not 0 <= number <= MAX_STAMP:
        raise StampError(
            f"stamp is {stamp!r}; expected nanoseconds, a whole number from 0 to 2^63 - 1"
        )
    return number
