# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of a sensor_msgs/Image, without ROS."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import ImageError

from ._image import Image
from ._table import ENCODINGS, Encoding
from ._yuv import Planes


def decode_raw(
    data: Any, height: int, width: int, step: int, encoding: str, is_bigendian: bool = False
) -> Image:
    """Return uint8 RGB ``(height, width, 3)`` of the fields of a sensor_msgs/Image.

    ``data`` is anything with the buffer protocol; ``step`` is the length of a row in bytes, of
    encodings in planes that of the first plane, or of a row in all planes together. The pixels of
    rgb8 without padding are a view of ``data``, all others a copy. Numbers of more than 8 bits are
    scaled as in `scale_16_bit`.

    Raises ImageError if the size is not positive or not one that the encoding can have, the
    encoding is not in ENCODINGS, a row is longer than ``step``, or ``data`` is too short.
    """
    layout = ENCODINGS.get(encoding)
    if layout is None:
        known = ", ".join(sorted(ENCODINGS))
        raise ImageError(f"encoding {encoding!r} is not supported; expected one of {known}")
    _check_size(height, width, encoding, layout)
    planes = _planes(data, height, width, step, encoding, layout, ">" if is_bigendian else "<")
    try:
        return layout.to_rgb(planes)
    except cv2.error as error:
        raise ImageError(f"{width} x {height} image is no {encoding}: {error.err}") from error


def _check_size(height: int, width: int, encoding: str, layout: Encoding) -> None:
    """Raise ImageError for a size that not every OpenCV checks before it writes."""
    size = f"{encoding} image is {width} x {height} pixels"
    if height < layout.least or width < layout.least:
        raise ImageError(f"{size}; expected at least {layout.least} x {layout.least}")
    for name, length, even in zip(("width", "height"), (width, height), layout.even, strict=True):
        if even and length % 2:
            raise ImageError(f"{size}; expected an even {name}, as pixels share their colour")


def _planes(
    data: Any, height: int, width: int, step: int, encoding: str, layout: Encoding, order: str
) -> Planes:
    """Return the planes as native numbers without padding, checked."""
    number = np.dtype(layout.kind).itemsize
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.zeros(0, np.uint8)
    rows = [round(height * p.rows) for p in layout.planes]
    lengths = [round(width * p.per_pixel) * number for p in layout.planes]
    if len(rows) > 1 and step * height == buffer.size == sum(np.multiply(rows, lengths)):
        step = lengths[0]  # some drivers count all planes into a row
    steps = [int(step * p.step) for p in layout.planes]
    if step < lengths[0] or any(s < n for s, n in zip(steps, lengths, strict=True)):
        needed = f"{width} pixels of {encoding} need {lengths[0]} or more"
        raise ImageError(f"step is {step} bytes; {needed}")
    total = sum(n * s for n, s in zip(rows, steps, strict=True))
    if buffer.size < total:
        raise ImageError(
            f"image data has {buffer.size} bytes; {sum(rows)} rows of {step} bytes need {total}"
        )
    kind, begin, planes = np.dtype(order + layout.kind), 0, []
    for count, stride, length in zip(rows, steps, lengths, strict=True):
        plane = buffer[begin : begin + count * stride].reshape(count, stride)[:, :length]
        planes.append(_native(np.ascontiguousarray(plane), kind))
        begin += count * stride
    return planes


def _native(plane: NDArray[np.uint8], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return rows of bytes as numbers in this machine's order, aligned as OpenCV expects."""
    if kind.itemsize == 1:
        return plane.view(kind)
    return np.require(plane.view(kind).astype(kind.newbyteorder("="), copy=False), None, "A")
