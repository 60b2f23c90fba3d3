# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images that come when they come, put on the even frames of a video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from re3_ros.errors import ConfigError, StampError

MAX_PAUSE = 5.0
"""Seconds without an image over which an episode is not carried on."""
MOST_FPS = 1000
T = TypeVar("T")


class Slot(NamedTuple, Generic[T]):
    """One frame of the video and what it shows."""

    stamp: int
    """Of the image, ns."""
    item: T
    held: bool
    """Whether it repeats the frame before, as no image is of its time."""


@dataclass
class Timeline(Generic[T]):
    """Frame ``n`` shows the image nearest to ``n / fps`` seconds after the first.

    A frame without an image within half a period repeats the one before.
    """

    fps: int
    surplus: int = 0
    """Images that found no frame, as another was nearer."""
    held: int = 0
    """Frames that repeat the one before."""
    late: int = 0
    """Images whose stamp goes backwards."""

    def __post_init__(self) -> None:
        self._begin: int | None = None
        self._slot = 0
        self._waiting: Slot[T] | None = None

    def add(self, stamp: int, item: T) -> Iterator[Slot[T]]:
        """Take an image; yield the frames that are decided by it.

        Raises StampError for a pause of more than MAX_PAUSE seconds.
        """
        new = Slot(stamp, item, False)
        if self._begin is None or self._waiting is None:
            self._begin, self._waiting = stamp, new
            return
        before = self._waiting
        if stamp <= before.stamp:
            self.late += 1
            return
        if stamp - before.stamp > MAX_PAUSE * 1e9:
            raise StampError(
                f"no image came for {(stamp - before.stamp) / 1e9:.1f} s; an episode may pause for "
                f"{MAX_PAUSE:g} s at most: cut the bag there, and record both parts"
            )
        slot = self._nearest(stamp)
        if slot == self._slot:
            self.surplus += 1
            if self._off(stamp) < self._off(before.stamp):
                self._waiting = new
            return
        yield before
        for _ in range(slot - self._slot - 1):
            self.held += 1
            yield before._replace(held=True)
        self._slot, self._waiting = slot, new

    def flush(self) -> Iterator[Slot[T]]:
        """Yield the last frame."""
        if self._waiting is not None:
            yield self._waiting
        self._waiting = None

    def _nearest(self, stamp: int) -> int:
        assert self._begin is not None
        return round((stamp - self._begin) * self.fps / 1e9)

    def _off(self, stamp: int) -> float:
        assert self._begin is not None
        return abs(stamp - self._begin - self._slot * 1e9 / self.fps)


def estimate_fps(stamps: list[int]) -> int:
    """Return the rate of images from their stamps in ns: the median, as a whole number.

    Raises StampError for fewer than two, or where they stand still.
    """
    steps = np.diff(np.asarray(stamps, np.int64))
    steps = steps[steps > 0]
    if not len(steps):
        raise StampError(
            f"the stamps of {len(stamps)} images tell no rate; give it, as --fps or the "
            "parameter fps"
        )
    return check_fps(max(1, round(1e9 / float(np.median(steps)))))


def check_fps(fps: int) -> int:
    """Return a rate of frames. Raises ConfigError for one that cannot be."""
    if not 1 <= fps <= MOST_FPS:
        raise ConfigError(f"fps is {fps}; expected 1 to {MOST_FPS}")
    return fps
