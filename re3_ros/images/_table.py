# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Every raw encoding that is read: how it lies in memory, and how it becomes RGB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from . import _yuv
from ._image import Image
from ._scale import scale_16_bit
from ._yuv import Planes


@dataclass(frozen=True)
class Plane:
    """One of the planes of an image, in shares of the image's width, height and step."""

    per_pixel: float = 1.0
    """Numbers in a row, for each pixel of the image's width."""
    rows: float = 1.0
    """Rows, for each row of the image."""
    step: float = 1.0
    """Bytes from row to row, for each byte of the message's step."""


@dataclass(frozen=True)
class Encoding:
    """One encoding."""

    meaning: str
    planes: tuple[Plane, ...]
    to_rgb: Callable[[Planes], Image]
    kind: str = "u1"
    """The numbers, as NumPy names them without the order of bytes."""
    even: tuple[bool, bool] = (False, False)
    """Whether width and height have to be even."""
    least: int = 1
    """Pixels a side: smaller ones OpenCV would leave black, or not check."""


_CODES = {
    "mono": (1, cv2.COLOR_GRAY2RGB),
    "rgb": (3, None),
    "bgr": (3, cv2.COLOR_BGR2RGB),
    "rgba": (4, cv2.COLOR_RGBA2RGB),
    "bgra": (4, cv2.COLOR_BGRA2RGB),
}
# OpenCV names Bayer patterns by the second row, ROS by the first: hence the crossed names.
_BAYER = {
    "rggb": cv2.COLOR_BayerBG2RGB,
    "bggr": cv2.COLOR_BayerRG2RGB,
    "gbrg": cv2.COLOR_BayerGR2RGB,
    "grbg": cv2.COLOR_BayerGB2RGB,
}
_DEPTHS = {"8": "u1", "10": "u2", "12": "u2", "14": "u2", "16": "u2"}
# OpenCV's own names carry no order of the colours; what it writes is blue first.
_CHANNELS = {"C1": "mono", "C3": "bgr", "C4": "bgra"}
_NUMBERS = {
    "8U": "u1",
    "8S": "i1",
    "16U": "u2",
    "16S": "i2",
    "32S": "i4",
    "32F": "f4",
    "64F": "f8",
}


def _colour(order: str, kind: str) -> Encoding:
    channels, code = _CODES[order]

    def read(planes: Planes) -> Image:
        pixels = planes[0].reshape(len(planes[0]), -1, channels)
        eight = pixels if kind == "u1" else scale_16_bit(pixels)
        return np.asarray(eight if code is None else cv2.cvtColor(eight, code), np.uint8)

    name = "grey" if order == "mono" else order.upper()
    return Encoding(f"{name}{_bits(kind)}", (Plane(channels),), read, kind)


def _bits(kind: str) -> str:
    if kind == "u1":
        return ""
    return " in 16 bits, stretched" if kind == "u2" else " in other numbers, stretched"


def _bayer(pattern: str, kind: str) -> Encoding:
    def read(planes: Planes) -> Image:
        colours = cv2.cvtColor(planes[0], _BAYER[pattern])
        return np.asarray(colours if kind == "u1" else scale_16_bit(colours), np.uint8)

    return Encoding(f"Bayer pattern{_bits(kind)}", (Plane(),), read, kind, least=3)


def _packed(code: int) -> Encoding:
    return Encoding("YUV 4:2:2, packed", (Plane(2),), _yuv.packed(code), even=(True, False))


_PAIR_420 = Plane(), Plane(1, 0.5)
_THREE_420 = Plane(), Plane(0.5, 0.5, 0.5), Plane(0.5, 0.5, 0.5)
_THREE_422 = Plane(), Plane(0.5, 1, 0.5), Plane(0.5, 1, 0.5)


def _planes_420(planes: tuple[Plane, ...], code: int) -> Encoding:
    meaning = f"YUV 4:2:0 in {'two' if len(planes) == 2 else 'three'} planes"
    return Encoding(meaning, planes, _yuv.stacked(code), even=(True, True))


def _planes_422(code: int) -> Encoding:
    meaning = "YUV 4:2:2 in two planes"
    return Encoding(meaning, (Plane(), Plane()), _yuv.paired(code), even=(True, False))


def _planes_444(order: slice) -> Encoding:
    return Encoding("YUV 4:4:4 in two planes", (Plane(), Plane(2, 1, 2)), _yuv.full(order))


def _all() -> Iterator[tuple[str, Encoding]]:
    for order in ("rgb", "bgr", "rgba", "bgra"):
        yield from ((f"{order}{bits}", _colour(order, _DEPTHS[bits])) for bits in ("8", "16"))
    yield from ((f"mono{bits}", _colour("mono", kind)) for bits, kind in _DEPTHS.items())
    for number, kind in _NUMBERS.items():
        yield from ((number + c, _colour(order, kind)) for c, order in _CHANNELS.items())
    for pattern in _BAYER:
        yield from ((f"bayer_{pattern}{b}", _bayer(pattern, kind)) for b, kind in _DEPTHS.items())
    yield from _yuv_all()


def _yuv_all() -> Iterator[tuple[str, Encoding]]:
    yield from ((n, _packed(cv2.COLOR_YUV2RGB_UYVY)) for n in ("yuv422", "uyvy"))
    yield from ((n, _packed(cv2.COLOR_YUV2RGB_YUY2)) for n in ("yuv422_yuy2", "yuyv"))
    yield "yvyu", _packed(cv2.COLOR_YUV2RGB_YVYU)
    yield "nv12", _planes_420(_PAIR_420, cv2.COLOR_YUV2RGB_NV12)
    yield "nv21", _planes_420(_PAIR_420, cv2.COLOR_YUV2RGB_NV21)
    for name in ("i420", "yuv420", "yuv420p"):
        yield name, _planes_420(_THREE_420, cv2.COLOR_YUV2RGB_I420)
    yield "yv12", _planes_420(_THREE_420, cv2.COLOR_YUV2RGB_YV12)
    yield "nv16", _planes_422(cv2.COLOR_YUV2RGB_YUY2)
    yield "nv61", _planes_422(cv2.COLOR_YUV2RGB_YVYU)
    three = "YUV 4:2:2 in three planes"
    yield "yuv422p", Encoding(three, _THREE_422, _yuv.planar, even=(True, False))
    yield "nv24", _planes_444(slice(None))
    yield "nv42", _planes_444(slice(None, None, -1))


ENCODINGS: Mapping[str, Encoding] = MappingProxyType(dict(_all()))
"""Name -> encoding; docs/images.md lists them."""
