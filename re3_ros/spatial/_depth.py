# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Depth images as REP-118 has them: distances along z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import ImageError

MILLIMETRE = 0.001
SATURATED = 65535
"""Largest number of 16 bits: some cameras send it where they see nothing."""

_FORMATS = {"16UC1": ("u2", MILLIMETRE), "mono16": ("u2", MILLIMETRE), "32FC1": ("f4", 1.0)}

DEPTH_ENCODINGS = frozenset(_FORMATS)
"""Encodings that `decode_depth` reads: millimetres in 16 bits, or metres in floating point."""


@dataclass(frozen=True)
class DepthImage:
    """Distances ``(height, width)``: uint16 or float32, in units of ``unit`` metres."""

    pixels: NDArray[Any]
    unit: float = 1.0

    @property
    def width(self) -> int:
        """Of the image, in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Of the image, in pixels."""
        return int(self.pixels.shape[0])

    def metres(self, rows: slice, columns: slice) -> NDArray[np.float64]:
        """Return a part of it in metres, NaN where nothing was measured.

        That is where it is 0 (too near, or unknown), the largest number of 16 bits, not finite, or
        negative.
        """
        raw = self.pixels[rows, columns]
        metres = raw.astype(np.float64) * self.unit
        unknown = ~(np.isfinite(metres) & (metres > 0))
        if raw.dtype.kind == "u":
            unknown |= raw == SATURATED
        metres[unknown] = np.nan
        return metres


def decode_depth(
    data: Any, height: int, width: int, step: int, encoding: str, is_bigendian: bool = False
) -> DepthImage:
    """Return the depth image in the fields of a sensor_msgs/Image, a view of ``data``.

    Raises ImageError if the encoding is not in DEPTH_ENCODINGS, the size is not positive, a row is
    longer than ``step``, or ``data`` is shorter than all rows.
    """
    if encoding not in _FORMATS:
        known = ", ".join(sorted(_FORMATS))
        raise ImageError(f"encoding {encoding!r} is not one of depth; expected one of {known}")
    code, unit = _FORMATS[encoding]
    kind = np.dtype((">" if is_bigendian else "<") + code)
    row = width * kind.itemsize
    if height <= 0 or width <= 0 or step < row:
        size = f"{width} x {height} pixels with a step of {step} bytes"
        raise ImageError(f"depth image is {size}; expected 1 x 1 pixels or more of {encoding}")
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.zeros(0, np.uint8)
    if buffer.size < step * height:
        needed = f"{height} rows of {step} bytes need {step * height}"
        raise ImageError(f"depth image has {buffer.size} bytes; {needed}")
    rows = buffer[: step * height].reshape(height, step)[:, :row]
    if step % kind.itemsize:
        rows = np.ascontiguousarray(rows)
    return DepthImage(rows.view(kind), unit)


def read_depth(message: Any) -> DepthImage:
    """Return the depth image in a sensor_msgs/Image, or any object with its fields.

    Raises ImageError, see `decode_depth`.
    """
    size = int(message.height), int(message.width), int(message.step)
    return decode_depth(message.data, *size, message.encoding, bool(message.is_bigendian))
