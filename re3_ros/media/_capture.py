# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of video files, streams and cameras, through OpenCV."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from re3_ros.errors import SourceError
from re3_ros.tracking import Frame

from ._source import DEFAULT_FPS, Source

PATIENCE = 256
"""Failures in a row after which a file whose length is unknown has ended."""
STREAM_PATIENCE = 2
"""The same for a stream, of which each may take half a minute."""

_log = logging.getLogger(__name__)


class VideoSource(Source):
    """A video file or stream, stamps as in it, or a camera or live stream, stamps from the clock.

    A frame that cannot be decoded is skipped with a warning: it is not the end. What the file
    states and does not give at its end counts as missing.
    """

    def __init__(
        self, name: str, capture: cv2.VideoCapture, files: Sequence[Path] = (), patience: int = 0
    ) -> None:
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        length = int(count) if patience and 0 < count < 10**9 else None
        super().__init__(name, length, fps if 1 <= fps <= 1000 else DEFAULT_FPS, files)
        self._capture, self._patience = capture, patience
        self.is_live = not files and length is None
        self._began = time.time_ns() - time.monotonic_ns()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the file ends or the camera stops delivering."""
        read, failed, stamps = 0, 0, _Stamps(round(1e9 / self.fps))
        while failed <= self._most_failures(read):
            ok, pixels = self._capture.read()
            if not ok:
                failed += 1
                continue
            if failed:
                self.skipped, failed = self.skipped + failed, 0
                _log.warning("%s: frames after frame %d cannot be decoded", self.name, read)
            image = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            stamp = stamps.next(self._now(read))
            read += 1
            yield Frame("camera", stamp, np.asarray(image, np.uint8))
        self._conclude(read, stamps.last)

    def close(self) -> None:
        """Let go of file or camera."""
        self._capture.release()

    def _most_failures(self, read: int) -> int:
        if self.length is None:
            return self._patience
        # No more can fail than are left; the stated length may be an estimate.
        return min(max(self.length - read, 1), self._patience)

    def _conclude(self, read: int, last: int) -> None:
        """Compare what came with what the file states."""
        if not read:
            raise SourceError(
                f"{self.name} gave no frame; is the video complete, or the camera in use elsewhere?"
            )
        lost = (self.length or 0) - read
        # Where the length is an estimate, only times tell whether the end is missing.
        after = (self.length or 0) - 1 - round(last * self.fps / 1e9)
        self.missing = max(min(lost, after), 0) if after > 1 else 0
        if self.skipped:
            self.skipped = max(self.skipped, lost - self.missing)
        if self.missing:
            text = "%s ends early: %d of the %d frames that it states are missing"
            _log.warning(text, self.name, self.missing, self.length)

    def _now(self, read: int) -> int:
        if self.is_live:
            return self._began + time.monotonic_ns()
        # Some containers carry no times and answer 0 for every frame.
        told = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        return round(told * 1e6) if told > 0 else round(read * 1e9 / self.fps)


class _Stamps:
    """Stamps that grow, also when the clock of a file jumps back: it goes on from there."""

    def __init__(self, frame: int) -> None:
        self._frame, self._shift, self.last = frame, 0, -1

    def next(self, told: int) -> int:
        """Return the stamp of a frame for which the file tells ``told``, in ns."""
        stamp = told + self._shift
        if stamp <= self.last:
            self._shift += self.last + self._frame - stamp
            stamp = self.last + self._frame
        self.last = stamp
        return stamp
