# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From ROS messages to what the tracker takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import from_cxcywh


def class_of(message: Any) -> str:
    """Return the likeliest class_id of a vision_msgs/Detection2D, empty if it has none."""
    hypotheses = [result.hypothesis for result in message.results]
    return max(hypotheses, key=lambda h: h.score).class_id if hypotheses else ""


def box_of(bbox: Any) -> NDArray[np.float64]:
    """Return the box (4,) x1, y1, x2, y2 in pixels around a vision_msgs/BoundingBox2D.

    Of a rotated one, the outermost points count. Nothing is checked here: that is the session's.
    """
    theta = bbox.center.theta if math.isfinite(bbox.center.theta) else math.nan
    cos, sin = abs(math.cos(theta)), abs(math.sin(theta))
    width = bbox.size_x * cos + bbox.size_y * sin if sin else bbox.size_x
    height = bbox.size_x * sin + bbox.size_y * cos if sin else bbox.size_y
    centre = bbox.center.position
    return from_cxcywh(np.array([centre.x, centre.y, width, height], np.float64))
