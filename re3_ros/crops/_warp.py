# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The warp of a search window to the square that the network sees.

The steps are those of the published code, so that published weights see what they were trained
on: the window is rounded to whole pixels, cut to the image, resized without keeping the aspect
ratio, and what lies outside the image is black.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image

from ._window import CONTEXT, search_window

Rois = NDArray[np.int64]
"""(N, 8), a row for each crop: left, top, width and height of the region of the image that it
shows, then column, row, columns and rows of where it shows that; all in whole pixels. A crop that
shows nothing has zeros."""


def crop(image: Image, box: ArrayLike, size: int = 227, context: float = CONTEXT) -> Image:
    """Return what the network sees of ``image`` around ``box``: uint8 ``(size, size, 3)``.

    A box that is not finite, has no area, or whose window misses the image gives a black crop.
    """
    (only,) = crop_many(image, np.asarray(box, np.float64)[None], size, context)
    return np.asarray(only)


def crop_many(image: Image, boxes: ArrayLike, size: int = 227, context: float = CONTEXT) -> Image:
    """Return the crops uint8 ``(N, size, size, 3)`` of one image around boxes ``(N, 4)``."""
    height, width = image.shape[:2]
    rois = crop_rois(boxes, width, height, size, context)
    out = np.zeros((len(rois), size, size, 3), np.uint8)
    for square, roi in zip(out, rois.tolist(), strict=True):
        if roi[2]:
            _draw(square, image, roi)
    return out


def crop_rois(
    boxes: ArrayLike, width: int, height: int, size: int, context: float = CONTEXT
) -> Rois:
    """Return, for boxes ``(N, 4)`` on a ``width`` x ``height`` image, what their crops show of it.

    Nothing where a box is not finite, has no area, or its window misses the image.
    """
    rows: Boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    # Windows of runaway boxes would overflow integers; beyond the image all places are alike.
    with np.errstate(invalid="ignore"):
        windows = np.rint(np.clip(search_window(rows, context), -(2.0**40), 2.0**40))
    begin, end = windows[:, :2], windows[:, 2:]
    first, last = np.maximum(begin, 0), np.minimum(end, (width, height))
    shown = np.isfinite(windows).all(1) & (last > first).all(1)
    rois = np.zeros((len(rows), 8), np.int64)
    offset, length = _fit(begin[shown], end[shown], (last - first)[shown], size)
    rois[shown] = np.concatenate([first[shown], (last - first)[shown], offset, length], 1)
    return rois


def _draw(square: Image, image: Image, roi: list[int]) -> None:
    left, top, width, height, column, row, columns, rows = roi
    shown = image[top : top + height, left : left + width]
    if (columns, rows) == square.shape[:2]:
        cv2.resize(shown, (columns, rows), dst=square)
    else:
        square[row : row + rows, column : column + columns] = cv2.resize(shown, (columns, rows))


def _fit(
    begin: ArrayLike, end: ArrayLike, visible: ArrayLike, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return offset and length, in pixels of the crop, of the part that lies in the image.

    Rounding offset and length apart can end one pixel past the crop; the offset then gives way,
    where the published code blackens the whole crop.
    """
    start = np.asarray(begin, np.float64)
    side = np.asarray(end, np.float64) - start
    length = np.maximum(1, np.rint(size * np.asarray(visible, np.float64) / side))
    offset = np.trunc(np.maximum(0.0, -start * size / side))
    return np.minimum(offset, size - length), length
