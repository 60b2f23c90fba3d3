# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where a lost target is searched for.

One step a frame; with the memory that is followed beside it, a lost target costs what two tracked
ones do. Every other step is at the last good box, where a target that was hidden in passing comes
back; the others walk a sunflower spiral around it, eight boxes a lap, from near to ``reach`` box
sizes away, each lap turned against the last. As the search window is twice the box, a step sees
half a box size further than its box.
"""

from __future__ import annotations

import math

import numpy as np

from re3_ros.boxes import Boxes, centre, from_cxcywh, size

BOXES_A_LAP = 8
SCALES = (1.0, 0.8, 1.25)
MIN_SIDE = 2.001
"""Shortest side of a box in pixels: what a tracker takes, and a hair for rounding."""
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def search_box(box: Boxes, attempt: int, width: int, height: int, reach: float) -> Boxes:
    """Return the box (4,) to search around at attempt 0, 1, 2, ... for a target last at ``box``.

    Its centre is in the image; boxes beside the last box are, where they fit, in the image whole.
    """
    middle, sides = centre(box), np.maximum(size(box), MIN_SIDE)
    limit = np.array([width, height], np.float64)
    if attempt % 2 == 0:
        return from_cxcywh(np.concatenate([np.clip(middle, 0, limit), sides]))
    step = attempt // 2
    angle = step * GOLDEN_ANGLE
    radius = reach * math.sqrt((step % BOXES_A_LAP + 1) / BOXES_A_LAP)
    middle = middle + radius * sides * [math.cos(angle), math.sin(angle)]
    sides = np.maximum(sides * SCALES[step % len(SCALES)], MIN_SIDE)
    margin = np.minimum(sides, limit) / 2
    return from_cxcywh(np.concatenate([np.clip(middle, margin, limit - margin), sides]))
