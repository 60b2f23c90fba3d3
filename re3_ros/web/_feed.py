# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The newest view of a camera, made into a JPEG once for all who look, and only if somebody does.

All of it runs in the loop of the server, but the encoding, which has a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, NamedTuple

import cv2
import numpy as np

from re3_ros.errors import ImageError
from re3_ros.images import Image

from ._protocol import pack
from ._settings import WebSettings
from ._views import View

_RATE_OVER = 30
"""Images that the rate is the mean of."""
_log = logging.getLogger(__name__)


class Packet(NamedTuple):
    """One image as it is sent."""

    number: int
    data: bytes


class Feed:
    """One camera. ``labels`` are the names under which targets are shown, by id."""

    def __init__(self, camera: str, settings: WebSettings, pool: Executor) -> None:
        self.camera = camera
        self.number = 0
        """Of the newest view, from 1; 0 before the first, and after `clear`."""
        self.encoded = 0
        """JPEGs made so far."""
        self.size: tuple[int, int] | None = None
        """Width and height of the last image that was shown to somebody."""
        self.labels: dict[str, str] = {}
        self._settings, self._pool = settings, pool
        self._view: View | None = None
        self._count = 0
        self._times: deque[float] = deque(maxlen=_RATE_OVER)
        self._making: asyncio.Task[Packet] | None = None
        self._made = 0

    def put(self, view: View) -> None:
        """Take the newest view."""
        self._times.append(time.monotonic())
        for name in self.labels.keys() - {target.id for target in view.targets}:
            if view.latency is not None:  # without it nobody knows which targets there are
                del self.labels[name]
        self._view = view
        self.touch()

    def touch(self) -> None:
        """Have the newest view shown anew."""
        if self._view is not None:
            self._count += 1
            self.number = self._count

    def clear(self) -> None:
        """Forget the newest view: nobody looks, and it would be an old one when somebody does."""
        self._view, self.number = None, 0
        self._times.clear()

    async def packet(self) -> Packet:
        """Return the newest view, or one shortly before it that is being encoded already."""
        if self._making is None or (self._making.done() and self._made != self.number):
            assert self._view is not None
            self._made = self.number
            self._making = asyncio.create_task(self._make(self.number, self._view))
        return await asyncio.shield(self._making)

    async def _make(self, number: int, view: View) -> Packet:
        loop, note = asyncio.get_running_loop(), view.note
        header = self._header(number, view)
        try:
            encoded = await loop.run_in_executor(self._pool, _encode, view, self._settings)
        except ImageError as error:
            note, encoded = f"an image cannot be shown: {error}", (b"", 0, 0)
        except Exception:  # noqa: BLE001, it is logged, and the page goes on
            _log.exception("an image of camera %s cannot be shown", self.camera)
            note, encoded = "an image cannot be shown; the log says why", (b"", 0, 0)
        jpeg, width, height = encoded
        if jpeg:
            self.encoded += 1
            self.size = width, height
        return Packet(
            number, pack({**header, "note": note, "width": width, "height": height}, jpeg)
        )

    def _header(self, number: int, view: View) -> dict[str, Any]:
        return {
            "camera": self.camera,
            "number": number,
            "stamp": str(view.stamp),
            "fps": self._rate(),
            "latency": None if view.latency is None else round(_finite(view.latency) * 1e3, 2),
            "targets": [_row(t, self.labels) for t in view.targets if np.isfinite(t.box).all()],
        }

    def _rate(self) -> float:
        """Return views a second; 0 while it cannot be told."""
        times = self._times
        span = times[-1] - times[0] if len(times) > 1 else 0.0
        return round((len(times) - 1) / span, 1) if span > 0 else 0.0


def _row(target: Any, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": target.id,
        "label": labels.get(target.id, target.id),
        "state": target.state.name,
        "score": round(_finite(target.score), 3),
        "box": [round(float(v), 2) for v in target.box],
    }


def _finite(value: float) -> float:
    """Return a number that JSON has; 0 for others, which a node may send."""
    return float(value) if np.isfinite(value) else 0.0


def _encode(view: View, settings: WebSettings) -> tuple[bytes, int, int]:
    """Return the JPEG of a view, and width and height of its image, which may be larger."""
    image = view.image()
    height, width = image.shape[:2]
    options = [cv2.IMWRITE_JPEG_QUALITY, settings.quality]
    bgr = cv2.cvtColor(_reduced(image, settings.side), cv2.COLOR_RGB2BGR)
    done, jpeg = cv2.imencode(".jpg", bgr, options)
    if not done:
        raise ImageError(f"an image of {width} x {height} pixels cannot be made a JPEG")
    return bytes(jpeg), width, height


def _reduced(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1:
        return image
    small = max(1, round(width * ratio)), max(1, round(height * ratio))
    return np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
