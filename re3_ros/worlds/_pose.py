# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where a robot stands on the ground, and how it sees and drives from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
"""(2,) x and y in metres."""


@dataclass(frozen=True)
class Pose:
    """Where the robot stands: metres and radians of REP-103, x forward at first, y to the left."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def driven(self, forward: float, turn: float, seconds: float) -> Pose:
        """Return the pose after so many seconds at ``forward`` m/s and ``turn`` rad/s."""
        middle = self.yaw + turn * seconds / 2
        way = forward * seconds
        x, y = self.x + way * np.cos(middle), self.y + way * np.sin(middle)
        return Pose(float(x), float(y), self.yaw + turn * seconds)

    def to_robot(self, point: Point) -> tuple[float, float]:
        """Return how far ahead and how far to the left a point is, in metres."""
        dx, dy = point[0] - self.x, point[1] - self.y
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        return float(cos * dx + sin * dy), float(cos * dy - sin * dx)
