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
from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes

from ._image import Image
from ._window import CONTEXT, search_window


def crop(image: Image, box: ArrayLike, size: int = 227, context: float = CONTEXT) -> Image:
    """Return what the network sees of ``image`` around ``box``: uint8 ``(size, size, 3)``.

    A box that is not finite, has no area, or whose window misses the image gives a black crop.
    """
    out = np.zeros((size, size, 3), np.uint8)
    _draw(out, image, search_window(box, context))
    return out


def crop_many(image: Image, boxes: ArrayLike, size: int = 227, context: float = CONTEXT) -> Image:
    """Return the crops uint8 ``(N, size, size, 3)`` of one image around boxes ``(N, 4)``."""
    rows: Boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    out = np.zeros((len(rows), size, size, 3), np.uint8)
    for part, window in zip(out, search_window(rows, context), strict=True):
        _draw(part, image, window)
    return out


def _draw(out: Image, image: Image, window: Boxes) -> None:
    """Draw what a window (4,) shows into a black square."""
    if not np.isfinite(window).all():
        return
    size = len(out)
    height, width = image.shape[:2]
    # Windows of runaway boxes would overflow integers; beyond the image all places are alike.
    limit = 2.0**40
    x1, y1, x2, y2 = (int(v) for v in np.rint(np.clip(window, -limit, limit)))
    left, right = max(x1, 0), min(x2, width)
    top, bottom = max(y1, 0), min(y2, height)
    if right <= left or bottom <= top:
        return
    column, columns = _place(x1, x2, right - left, size)
    row, rows = _place(y1, y2, bottom - top, size)
    part = image[top:bottom, left:right]
    if (rows, columns) == (size, size):
        cv2.resize(part, (size, size), dst=out)
    else:
        out[row : row + rows, column : column + columns] = cv2.resize(part, (columns, rows))


def _place(start: int, stop: int, visible: int, size: int) -> tuple[int, int]:
    """Return offset and length, in pixels of the crop, of the part that lies in the image.

    Rounding offset and length apart can end one pixel past the crop; the offset then gives way,
    where the published code blackens the whole crop.
    """
    side = stop - start
    length = max(1, round(size * visible / side))
    offset = int(max(0.0, -start * size / side))
    return min(offset, size - length), length
