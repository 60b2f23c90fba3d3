# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The warp of a search window to the square that the network sees.

The steps are those of the published code, so that published weights see what they were trained
on: the window is rounded to whole pixels, cut to the image, resized without keeping the aspect
ratio, and what lies outside the image is black.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes
from re3_ros.images import Image

from ._window import CONTEXT, search_window


class CropRoi(NamedTuple):
    """The region of an image that a crop shows, and where in the crop; all in whole pixels."""

    left: int
    top: int
    width: int
    height: int
    column: int
    row: int
    columns: int
    rows: int


EMPTY_ROI = CropRoi(0, 0, 0, 0, 0, 0, 0, 0)


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
    for square, roi in zip(out, rois, strict=True):
        if roi is not EMPTY_ROI:
            _draw(square, image, roi)
    return out


def crop_rois(
    boxes: ArrayLike, width: int, height: int, size: int, context: float = CONTEXT
) -> list[CropRoi]:
    """Return, for boxes ``(N, 4)`` on a ``width`` x ``height`` image, what their crops show of it.

    `EMPTY_ROI` where a box is not finite, has no area, or its window misses the image.
    """
    rows: Boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    # Windows of runaway boxes would overflow integers; beyond the image all places are alike.
    with np.errstate(invalid="ignore"):
        windows = np.rint(np.clip(search_window(rows, context), -(2.0**40), 2.0**40))
    return [
        _crop_roi([int(v) for v in window], width, height, size)
        if np.isfinite(window).all()
        else EMPTY_ROI
        for window in windows
    ]


def _crop_roi(window: list[int], width: int, height: int, size: int) -> CropRoi:
    x1, y1, x2, y2 = window
    left, right = max(x1, 0), min(x2, width)
    top, bottom = max(y1, 0), min(y2, height)
    if right <= left or bottom <= top:
        return EMPTY_ROI
    column, columns = _fit(x1, x2, right - left, size)
    row, rows = _fit(y1, y2, bottom - top, size)
    return CropRoi(left, top, right - left, bottom - top, column, row, columns, rows)


def _draw(square: Image, image: Image, roi: CropRoi) -> None:
    left, top, width, height, column, row, columns, rows = roi
    shown = image[top : top + height, left : left + width]
    if (columns, rows) == square.shape[:2]:
        cv2.resize(shown, (columns, rows), dst=square)
    else:
        square[row : row + rows, column : column + columns] = cv2.resize(shown, (columns, rows))


def _fit(start: int, stop: int, visible: int, size: int) -> tuple[int, int]:
    """Return offset and length, in pixels of the crop, of the part that lies in the image.

    Rounding offset and length apart can end one pixel past the crop; the offset then gives way,
    where the published code blackens the whole crop.
    """
    side = stop - start
    length = max(1, round(size * visible / side))
    offset = int(max(0.0, -start * size / side))
    return min(offset, size - length), length
