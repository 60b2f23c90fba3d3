# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of sensor_msgs/Image and sensor_msgs/CompressedImage, without ROS."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from re3_ros.crops import Image
from re3_ros.errors import ImageError


class _Layout(NamedTuple):
    """How one encoding lies in memory, and how it becomes RGB."""

    channels: int
    depth: int
    """Bytes a channel."""
    to_rgb: Callable[[NDArray[Any]], Image]


def _converter(code: int) -> Callable[[NDArray[Any]], Image]:
    return lambda pixels: np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def scale_16_bit(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return 8-bit pixels of the same shape, stretched over the values that occur.

    Cameras put 10 to 14 bits, or millimetres of depth, into 16: dividing by 256 would leave a few
    grey levels. The range is that of the 0.5 and 99.5 percentiles, rounded outwards to eighths of
    its next power of two, so that noise does not change the meaning of a grey level from one frame
    to the next and only a lasting change of the scene does.
    """
    sample = pixels[:: max(1, pixels.shape[0] // 64), :: max(1, pixels.shape[1] // 64)]
    low, high = np.percentile(sample, [0.5, 99.5])
    step = max(2.0 ** np.ceil(np.log2(max(high - low, 1.0))) / 8, 1.0)
    low, high = np.floor(low / step) * step, (np.floor(high / step) + 1) * step
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def _mono16_to_rgb(pixels: NDArray[Any]) -> Image:
    return np.asarray(cv2.cvtColor(scale_16_bit(pixels), cv2.COLOR_GRAY2RGB), np.uint8)


_BGR = _Layout(3, 1, _converter(cv2.COLOR_BGR2RGB))
_BGRA = _Layout(4, 1, _converter(cv2.COLOR_BGRA2RGB))
_MONO = _Layout(1, 1, _converter(cv2.COLOR_GRAY2RGB))
_MONO16 = _Layout(1, 2, _mono16_to_rgb)

_NATIVE = {
    "rgb8": _Layout(3, 1, np.ascontiguousarray),
    "bgr8": _BGR,
    "rgba8": _Layout(4, 1, _converter(cv2.COLOR_RGBA2RGB)),
    "bgra8": _BGRA,
    "mono8": _MONO,
    "mono16": _MONO16,
    # OpenCV's own names carry no order of the colours; what it writes is blue first.
    "8UC3": _BGR,
    "8UC4": _BGRA,
    "8UC1": _MONO,
    "16UC1": _MONO16,
}

# OpenCV names Bayer patterns by the second row, ROS by the first: hence the crossed names.
_CONVERTED = {
    "bayer_rggb8": _Layout(1, 1, _converter(cv2.COLOR_BayerBG2RGB)),
    "bayer_bggr8": _Layout(1, 1, _converter(cv2.COLOR_BayerRG2RGB)),
    "bayer_gbrg8": _Layout(1, 1, _converter(cv2.COLOR_BayerGR2RGB)),
    "bayer_grbg8": _Layout(1, 1, _converter(cv2.COLOR_BayerGB2RGB)),
    "yuv422": _Layout(2, 1, _converter(cv2.COLOR_YUV2RGB_UYVY)),
    "uyvy": _Layout(2, 1, _converter(cv2.COLOR_YUV2RGB_UYVY)),
    "yuv422_yuy2": _Layout(2, 1, _converter(cv2.COLOR_YUV2RGB_YUY2)),
    "yuyv": _Layout(2, 1, _converter(cv2.COLOR_YUV2RGB_YUY2)),
}

_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
"""What stands at the end of a whole file; some cameras append a little more."""
_TAIL = 4096
MOST_PIXELS = 2**26
"""In a compressed image: a few damaged bytes of its header must not cost gigabytes."""

NATIVE_ENCODINGS = frozenset(_NATIVE)
"""Encodings that `decode_image` reads straight from the buffer."""

CONVERTED_ENCODINGS = frozenset(_CONVERTED)
"""Bayer and YUV encodings that `convert_image` reads besides."""


def decode_image(
    data: Any, height: int, width: int, step: int, encoding: str, is_bigendian: bool = False
) -> Image:
    """Return uint8 RGB ``(height, width, 3)`` of the fields of a sensor_msgs/Image.

    ``data`` is anything with the buffer protocol; ``step`` is the length of a row in bytes. The
    pixels of rgb8 without padding are a view of ``data``, all others a copy. 16-bit images are
    scaled as in `scale_16_bit`. Raises ImageError if the size is not positive, the encoding is not
    in NATIVE_ENCODINGS, a row is longer than ``step``, or ``data`` is shorter than all rows.
    """
    return _decode(_NATIVE, data, height, width, step, encoding, is_bigendian)


def convert_image(
    data: Any, height: int, width: int, step: int, encoding: str, is_bigendian: bool = False
) -> Image:
    """Do as `decode_image`, and read the encodings of CONVERTED_ENCODINGS through OpenCV."""
    layouts = _NATIVE | _CONVERTED
    return _decode(layouts, data, height, width, step, encoding, is_bigendian)


def decode_compressed(data: Any, format: str = "") -> Image:  # noqa: A002, the message's name
    """Return uint8 RGB of the JPEG or PNG file in a sensor_msgs/CompressedImage.

    16-bit images are scaled as in `scale_16_bit`. What the file is, its own first bytes say, as
    publishers fill ``format`` in many ways. Raises ImageError if it is empty, cut off, of another
    format, damaged so that it cannot be read, or of more than MOST_PIXELS.
    """
    named = f"compressed image of format {format!r}"
    if "compressedDepth" in format:
        raise ImageError(f"{named} is not supported; use the plain depth or colour topic")
    if format and not any(name in format.lower() for name in ("jpeg", "jpg", "png")):
        raise ImageError(f"{named} is not supported; expected one with jpeg or png in its name")
    file = bytes(data)
    _check_file(file, f"{named} with {len(file)} bytes")
    try:
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
        pixels = cv2.imdecode(np.frombuffer(file, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ImageError(f"{named} with {len(file)} bytes is no readable JPEG or PNG file")
    if pixels.dtype == np.uint16:
        pixels = scale_16_bit(pixels.astype(np.uint16, copy=False))
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _check_file(file: bytes, named: str) -> None:
    """Raise ImageError for a file that OpenCV would guess at: of another kind, huge, or cut off."""
    try:
        with PIL.Image.open(io.BytesIO(file), formats=list(_ENDS)) as header:
            kind, (width, height) = str(header.format), header.size
    except Exception as error:  # damaged headers end in many ways
        raise ImageError(f"{named} is no readable JPEG or PNG file") from error
    if width * height > MOST_PIXELS:
        raise ImageError(f"{named} has {width} x {height} pixels; at most {MOST_PIXELS} are read")
    if _ENDS.get(kind, b"") not in file[-_TAIL:]:
        raise ImageError(f"{named} is no readable {kind} file: it is cut off before its end")


def _decode(
    layouts: dict[str, _Layout],
    data: Any,
    height: int,
    width: int,
    step: int,
    encoding: str,
    is_bigendian: bool,
) -> Image:
    layout = layouts.get(encoding)
    if layout is None:
        known = ", ".join(sorted(layouts))
        raise ImageError(f"encoding {encoding!r} is not supported; expected one of {known}")
    rows = _rows(data, height, width, step, encoding, layout)
    if layout.depth == 2:
        rows = rows.view(">u2" if is_bigendian else "<u2").astype(np.uint16, copy=False)
    pixels = rows.reshape(height, width, layout.channels) if layout.channels > 1 else rows
    try:
        return layout.to_rgb(pixels)
    except cv2.error as error:
        raise ImageError(f"{width} x {height} image is no {encoding}: {error.err}") from error


def _rows(
    data: Any, height: int, width: int, step: int, encoding: str, layout: _Layout
) -> NDArray[np.uint8]:
    """Return the bytes ``(height, row)`` of all rows without padding, checked."""
    if height <= 0 or width <= 0:
        raise ImageError(f"image is {width} x {height} pixels; expected at least 1 x 1")
    row = width * layout.channels * layout.depth
    if step < row:
        raise ImageError(f"step is {step} bytes; {width} pixels of {encoding} need {row} or more")
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.zeros(0, np.uint8)
    if buffer.size < step * height:
        raise ImageError(
            f"image data has {buffer.size} bytes; {height} rows of {step} bytes need "
            f"{step * height}"
        )
    rows = buffer[: step * height].reshape(height, step)
    return rows if step == row else np.ascontiguousarray(rows[:, :row])
