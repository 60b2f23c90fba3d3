# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where a lost target is looked for.

One look a frame; with the memory that is followed beside it, a lost target costs what two tracked
ones do. Every other look is at the last good box, where a target that was hidden in passing comes
back; the others walk a sunflower spiral around it, eight places a lap, from near to ``reach`` box
sizes away, each lap turned against the last. As the search window is twice the box, a look sees
half a box size further than its place.
"""

from __future__ import annotations

import math

import numpy as np

from re3_ros.boxes import Boxes, centre, from_cxcywh, size

PLACES_A_LAP = 8
SCALES = (1.0, 0.8, 1.25)
LEAST = 2.001
"""Shortest side of a place in pixels: what a tracker takes, and a hair for rounding."""
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def retry_place(box: Boxes, look: int, width: int, height: int, reach: float) -> Boxes:
    """Return the box (4,) to look around at look 0, 1, 2, ... for a target last seen at ``box``.

    Its centre is in the image; places beside the last box are, where they fit, in the image whole.
    """
    middle, sides = centre(box), np.maximum(size(box), LEAST)
    limit = np.array([width, height], np.float64)
    if look % 2 == 0:
        return from_cxcywh(np.concatenate([np.clip(middle, 0, limit), sides]))
    step = look // 2
    angle = step * GOLDEN_ANGLE
    radius = reach * math.sqrt((step % PLACES_A_LAP + 1) / PLACES_A_LAP)
    middle = middle + radius * sides * [math.cos(angle), math.sin(angle)]
    sides = np.maximum(sides * SCALES[step % len(SCALES)], LEAST)
    margin = np.minimum(sides, limit) / 2
    return from_cxcywh(np.concatenate([np.clip(middle, margin, limit - margin), sides]))
