# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between corners and the formats used at the edges of the program.

Corners beyond the largest float are infinite, without a warning; `check_box` refuses such boxes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._geometry import Boxes, centre, size


def from_xywh(boxes: ArrayLike) -> Boxes:
    """Return corners ``(..., 4)`` of boxes given as left, top, width, height (OTB, VOT, COCO)."""
    b = np.asarray(boxes, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([b[..., :2], b[..., :2] + b[..., 2:]], axis=-1)


def to_xywh(boxes: ArrayLike) -> Boxes:
    """Return left, top, width, height ``(..., 4)`` of corner boxes."""
    b = np.asarray(boxes, np.float64)
    return np.concatenate([b[..., :2], size(b)], axis=-1)


def from_cxcywh(boxes: ArrayLike) -> Boxes:
    """Return corners ``(..., 4)`` of boxes given as centre x, centre y, width, height."""
    b = np.asarray(boxes, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([b[..., :2] - b[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2], axis=-1)


def to_cxcywh(boxes: ArrayLike) -> Boxes:
    """Return centre x, centre y, width, height ``(..., 4)`` of corner boxes."""
    return np.concatenate([centre(boxes), size(boxes)], axis=-1)
