# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The recent frames of one camera, for boxes that a person drew a moment ago."""

from __future__ import annotations

from collections import deque

import numpy as np

from re3_ros.errors import StampError

from ._clock import SECOND
from ._types import Frame

DEFAULT_PERIOD = SECOND // 30
"""Assumed between frames, in ns, while fewer than two are remembered."""


class FrameRing:
    """References to the newest frames, at most ``frames`` of them and about ``nbytes`` bytes."""

    def __init__(self, frames: int, nbytes: int, tolerance: int = 0) -> None:
        """``tolerance`` in ns, 0 for half the median period of the frames remembered."""
        self._frames: deque[Frame] = deque(maxlen=frames)
        self._limit = nbytes
        self._tolerance = tolerance
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def newest(self) -> Frame | None:
        """The last frame, None before the first."""
        return self._frames[-1] if self._frames else None

    def append(self, frame: Frame) -> None:
        """Remember a frame; the oldest make room for it."""
        if len(self._frames) == self._frames.maxlen:
            self._forget_oldest()
        self._frames.append(frame)
        self.nbytes += frame.image.nbytes
        while self.nbytes > self._limit and len(self._frames) > 1:
            self._forget_oldest()

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()
        self.nbytes = 0

    def forget_newest(self, count: int) -> None:
        """Forget the last ``count`` frames."""
        for _ in range(min(count, len(self))):
            self.nbytes -= self._frames.pop().image.nbytes

    def keep_newest(self, count: int) -> None:
        """Forget all but the last ``count`` frames."""
        while len(self) > count:
            self._forget_oldest()

    def nearest(self, stamp: int) -> Frame | None:
        """Return the frame of that stamp or, if there is none, the nearest within the tolerance.

        Of frames with equal stamps the newest is meant. None if there is none such.
        """
        near = min(reversed(self._frames), key=lambda f: abs(f.stamp - stamp), default=None)
        fits = near is not None and abs(near.stamp - stamp) <= self.tolerance()
        return near if fits else None

    def find(self, stamp: int) -> Frame:
        """Return `nearest`. Raises StampError naming the range that is remembered."""
        near = self.nearest(stamp)
        if near is not None:
            return near
        raise StampError(
            f"no frame is remembered of stamp {_seconds(stamp)}; {self.describe()}; "
            "use stamp 0 for the newest"
        )

    def newer(self, frame: Frame) -> list[Frame]:
        """Return the frames that came after ``frame``, oldest first; all, if it is forgotten."""
        frames = list(self._frames)
        return frames[frames.index(frame) + 1 :] if frame in frames else frames

    def tolerance(self) -> int:
        """Return the difference in ns up to which a stamp means a frame."""
        return self._tolerance or self._period() // 2

    def describe(self) -> str:
        """Return a sentence on the frames remembered."""
        if not self._frames:
            return "none was received yet"
        stamps = [f.stamp for f in self._frames]
        first, last = _seconds(min(stamps)), _seconds(max(stamps))
        return f"remembered are {len(self)} from {first} to {last}"

    def _forget_oldest(self) -> None:
        self.nbytes -= self._frames.popleft().image.nbytes

    def _period(self) -> int:
        steps = np.diff([f.stamp for f in self._frames])
        moving = steps[steps > 0]
        return int(np.median(moving)) if len(moving) else DEFAULT_PERIOD


def _seconds(stamp: int) -> str:
    return f"{stamp // SECOND}.{stamp % SECOND:09d} s"


def evenly(frames: list[Frame], limit: int) -> list[Frame]:
    """Return at most ``limit`` of the frames, evenly spread, the last always among them."""
    if len(frames) <= limit:
        return frames
    picks = np.linspace(len(frames) / limit, len(frames), limit).round().astype(int) - 1
    return [frames[i] for i in picks]
