# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What callers asked for and the tracking thread has not done yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from re3_ros.boxes import Boxes, check_box
from re3_ros.errors import InputError, StampError

from ._clock import SECOND
from ._ring import FrameRing
from ._sizes import check_sides
from ._types import Frame

MAX_STAMP = 2**63 - 1


@dataclass(frozen=True)
class Limits:
    """What requests are checked against."""

    max_ahead: float
    """Seconds by which a box may overtake its frame."""
    max_side: float
    """Longest side of a box, in sides of its image."""


@dataclass(frozen=True, eq=False)
class Request:
    """A target to be started."""

    box: Boxes
    stamp: int
    frame: Frame | None
    """The frame that the box was drawn on, None while it is yet to come."""
    after: Frame | None = None
    """If there is one, and ``stamp`` is 0: the frame whose successor is meant."""

    def resolved(self, ring: FrameRing, heads: Sequence[int], limits: Limits) -> Request:
        """Return the request with its frame, if that has come by now.

        Raises StampError if it never will, BoxError if the box does not lie in it, or is too large.
        """
        frame = self.frame or self._find(ring, heads, limits.max_ahead)
        if frame is not None:
            height, width = frame.image.shape[:2]
            check_sides(check_box(self.box, width, height), width, height, limits.max_side)
        return replace(self, frame=frame)

    def _find(self, ring: FrameRing, heads: Sequence[int], max_ahead: float) -> Frame | None:
        if self.stamp:
            return find_frame(ring, heads, self.stamp, max_ahead)
        return None if ring.newest is self.after else ring.newest


def find_frame(ring: FrameRing, heads: Sequence[int], stamp: int, max_ahead: float) -> Frame | None:
    """Return the frame meant by a box's stamp, not 0; None if it is yet to come.

    ``heads`` are the newest stamps, see `Clock.heads`. A box may overtake its image on the way
    here, by at most ``max_ahead`` seconds.
    """
    near = ring.nearest(stamp)
    if near is not None and (near.stamp >= stamp or near.stamp not in heads):
        return near
    if not heads:  # nothing is known of the time
        return None
    if any(0 < stamp - head <= max_ahead * SECOND for head in heads):
        return None
    ahead = stamp - max(heads)
    if ahead <= 0:
        return ring.find(stamp)
    raise StampError(
        f"the box is stamped {ahead / SECOND:.3f} s after the newest frame, more than max_ahead = "
        f"{max_ahead:g} s; {ring.describe()}; use stamp 0 for the newest",
        setting="max_ahead",
    )


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
        self, ring: FrameRing, heads: Sequence[int], limits: Limits
    ) -> tuple[Batch | None, list[InputError]]:
        """Return and forget starts whose frame has come, as far as it is one and the same frame.

        Starts that turn out to be impossible are forgotten as well, and returned as errors.
        """
        batch: Batch | None = None
        failures: list[InputError] = []
        for name, request in list(self.starts.items()):
            try:
                frame = request.resolved(ring, heads, limits).frame
            except InputError as error:
                failures.append(type(error)(f"target {name!r}: {error}", setting=error.setting))
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
