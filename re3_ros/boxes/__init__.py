# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes: formats, geometry and checks.

In come numbers of any format, out go float64 arrays ``(..., 4)`` of ``x1, y1, x2, y2`` in pixels,
pixel centres at +0.5, so that a width is ``x2 - x1``. Other formats exist only at the edges of the
program. Everything above computes with these.
"""

from ._check import check_box, is_valid
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
    "is_valid",
    "scale",
    "size",
    "to_cxcywh",
    "to_xywh",
]
