# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Area, overlap, clipping and scaling of boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]


def centre(boxes: ArrayLike) -> Boxes:
    """Return the centres ``(..., 2)`` x, y in pixels of boxes ``(..., 4)``."""
    b = np.asarray(boxes, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return (b[..., :2] + b[..., 2:]) / 2


def size(boxes: ArrayLike) -> Boxes:
    """Return widths and heights ``(..., 2)`` in pixels of boxes ``(..., 4)``."""
    b = np.asarray(boxes, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite, as sides near the largest float
        return b[..., 2:] - b[..., :2]


def area(boxes: ArrayLike) -> Boxes:
    """Return areas ``(...)`` in square pixels; inverted boxes have area 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.prod(np.maximum(size(boxes), 0), axis=-1))


def intersection(a: ArrayLike, b: ArrayLike) -> Boxes:
    """Return the area ``(...)`` in square pixels that two broadcast arrays of boxes share."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    top_left = np.maximum(a[..., :2], b[..., :2])
    bottom_right = np.minimum(a[..., 2:], b[..., 2:])
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.prod(np.maximum(bottom_right - top_left, 0), axis=-1))


def iou(a: ArrayLike, b: ArrayLike) -> Boxes:
    """Return intersection over union ``(...)`` in [0, 1]; 0 where a box is degenerate or NaN."""
    common = intersection(a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        union = area(a) + area(b) - common
    return np.where(union > 0, common / np.where(union > 0, union, 1), 0.0)


def clip(boxes: ArrayLike, width: float, height: float) -> Boxes:
    """Return boxes ``(..., 4)`` cut to the image rectangle ``[0, width] x [0, height]``."""
    return np.clip(np.asarray(boxes, np.float64), 0, [width, height, width, height])


def scale(boxes: ArrayLike, factor: float) -> Boxes:
    """Return boxes ``(..., 4)`` grown about their centres; a factor of 2 doubles both sides."""
    middle = centre(boxes)
    with np.errstate(over="ignore", invalid="ignore"):
        half = size(boxes) * factor / 2
        return np.concatenate([middle - half, middle + half], axis=-1)
