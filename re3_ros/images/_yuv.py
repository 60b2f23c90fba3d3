# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From luma and chroma to RGB: BT.601 in video range, as OpenCV converts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ._image import Image

Planes = list[NDArray[Any]]
"""The planes of one image, (rows, numbers a row) each, contiguous and checked."""

_FROM_YUV = np.array([[1.164, 0, 1.596], [1.164, -0.391, -0.813], [1.164, 2.018, 0]])
_LEAST = np.array([16.0, 128.0, 128.0])


def packed(code: int) -> Callable[[Planes], Image]:
    """Return the reader of YUV 4:2:2 in one plane, in the order of an OpenCV ``code``."""
    return lambda planes: _convert(planes[0].reshape(len(planes[0]), -1, 2), code)


def stacked(code: int) -> Callable[[Planes], Image]:
    """Return the reader of YUV 4:2:0 in two or three planes, which OpenCV wants as one."""

    def read(planes: Planes) -> Image:
        width = planes[0].shape[1]
        return _convert(np.concatenate([p.ravel() for p in planes]).reshape(-1, width), code)

    return read


def paired(code: int) -> Callable[[Planes], Image]:
    """Return the reader of YUV 4:2:2 in two planes; ``code`` is that of the same in one."""
    return lambda planes: _convert(np.dstack(planes), code)


def planar(planes: Planes) -> Image:
    """Return RGB of YUV 4:2:2 in three planes."""
    luma, *chroma = planes
    return _convert(
        np.dstack([luma, np.dstack(chroma).reshape(luma.shape)]), cv2.COLOR_YUV2RGB_YUY2
    )


def full(order: slice) -> Callable[[Planes], Image]:
    """Return the reader of YUV 4:4:4 in two planes; ``order`` puts the chroma as u, v."""

    def read(planes: Planes) -> Image:
        chroma = planes[1].reshape(*planes[0].shape, 2)[..., order]
        matrix = np.column_stack([_FROM_YUV, -_FROM_YUV @ _LEAST])
        return np.asarray(cv2.transform(np.dstack([planes[0], chroma]), matrix), np.uint8)

    return read


def _convert(pixels: NDArray[Any], code: int) -> Image:
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)
