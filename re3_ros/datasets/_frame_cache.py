# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames in memory, as many as fit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from re3_ros.crops import Image

from ._sequence import read_image


class FrameCache:
    """Decoded frames by path; the least recently used make room. Threads may share it.

    A copy in another process starts empty.
    """

    def __init__(self, limit: int) -> None:
        """Keep up to ``limit`` bytes of pixels."""
        self.limit = limit
        self.bytes = 0
        self._frames: OrderedDict[Path, Image] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[FrameCache], tuple[int]]:
        return FrameCache, (self.limit,)

    def read(self, path: Path) -> Image:
        """Return a frame, uint8 HxWx3 RGB, not to be written to; SourceError if unreadable."""
        with self._lock:
            if path in self._frames:
                self._frames.move_to_end(path)
                return self._frames[path]
        image = read_image(path)  # outside of the lock: this is what takes long
        with self._lock:
            self._keep(path, image)
        return image

    def _keep(self, path: Path, image: Image) -> None:
        if path in self._frames or image.nbytes > self.limit:
            return
        self._frames[path] = image
        self.bytes += image.nbytes
        while self.bytes > self.limit:
            self.bytes -= self._frames.popitem(last=False)[1].nbytes
