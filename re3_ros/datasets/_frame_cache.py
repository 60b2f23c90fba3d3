# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels in memory, as many as fit; what was not used for longest makes room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Generic, TypeVar

from re3_ros.images import Image, read_picture

from ._masks import Mask
from ._stills import Still

K = TypeVar("K")
V = TypeVar("V")


class _Recent(Generic[K, V]):
    """The most recently used values up to a number of bytes. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self.limit, self.bytes = limit, 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, key: K, value: V, size: int) -> V:
        with self._lock:
            if key not in self._kept and size <= self.limit:
                self._kept[key] = value, size
                self.bytes += size
                while self.bytes > self.limit:
                    self.bytes -= self._kept.popitem(last=False)[1][1]
        return value


class FrameCache:
    """Decoded frames by path. A copy in another process starts empty."""

    def __init__(self, limit: int) -> None:
        """Keep up to ``limit`` bytes of pixels."""
        self.limit = limit
        self._recent: _Recent[Path, Image] = _Recent(limit)

    def __reduce__(self) -> tuple[type[FrameCache], tuple[int]]:
        return FrameCache, (self.limit,)

    @property
    def bytes(self) -> int:
        """Bytes of pixels that are kept now."""
        return self._recent.bytes

    def read(self, path: Path) -> Image:
        """Return a frame, uint8 HxWx3 RGB, not to be written to; SourceError if unreadable."""
        kept = self._recent.get(path)
        if kept is not None:
            return kept
        image = read_picture(path)
        return self._recent.keep(path, image, image.nbytes)


class StillCache:
    """Photographs and masks of stills. A copy in another process starts empty."""

    def __init__(self, limit: int) -> None:
        """Keep up to ``limit`` bytes of pixels."""
        self.limit = limit
        self._recent: _Recent[int, tuple[Still, Image, Mask | None]] = _Recent(limit)

    def __reduce__(self) -> tuple[type[StillCache], tuple[int]]:
        return StillCache, (self.limit,)

    @property
    def bytes(self) -> int:
        """Bytes of pixels that are kept now."""
        return self._recent.bytes

    def read(self, still: Still) -> tuple[Image, Mask | None]:
        """Return photograph and mask, not to be written to; SourceError if unreadable."""
        kept = self._recent.get(id(still))
        if kept is None:
            image, mask = still.image(), still.mask()
            size = image.nbytes + (0 if mask is None else mask.nbytes)
            # The still is kept too, so that no other one can take over its id.
            kept = self._recent.keep(id(still), (still, image, mask), size)
        return kept[1:]
