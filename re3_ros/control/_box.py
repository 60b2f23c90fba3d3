# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a box must be like before anything moves on account of it."""

from __future__ import annotations

import math

from re3_ros.boxes import Boxes

RIM = 2.0
"""Pixels from an edge of the image at which a box counts as cut off; so far it may also reach
beyond the image."""


def box_problem(box: Boxes, width: int, height: int) -> str:
    """Return why ``box`` (4,) cannot be that of a target in an image of so many pixels, or nothing.

    A tracker clips its boxes to the image; one that is not finite, has no area, or reaches beyond
    the image is a mistake, or of another image.
    """
    x1, y1, x2, y2 = map(float, box)
    shown = f"the box makes no sense: {x1:g}, {y1:g}, {x2:g}, {y2:g}"
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        return f"{shown} is not finite"
    if x2 <= x1 or y2 <= y1:
        return f"{shown} has no area"
    if min(x1, y1) < -RIM or x2 > width + RIM or y2 > height + RIM:
        return f"{shown} reaches beyond the image of {width} x {height} pixels"
    return ""


def between(value: float, low: float, high: float) -> float:
    """Return ``value``, limited."""
    return min(max(value, low), high)
