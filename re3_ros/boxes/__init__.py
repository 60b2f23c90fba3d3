# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes: formats, geometry and checks.

A box is a float64 numpy array ``(..., 4)`` of ``x1, y1, x2, y2`` in pixels, pixel centres at +0.5,
so that its width is ``x2 - x1``. Other formats exist only at the edges of the program.
"""

from ._check import check_box, is_good
from ._formats import from_cxcywh, from_xywh, to_cxcywh, to_xywh
from ._geometry import Boxes, area, centre, clip, intersection, iou, scale, size

__all__ = [
    "Boxes",
    "area",
    "centre",
    "check_box",
    "clip",
    "from_cxcywh",
    "from_xywh",
    "intersection",
    "iou",
    "is_good",
    "scale",
    "size",
    "to_cxcywh",
    "to_xywh",
]
