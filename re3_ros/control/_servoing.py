# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Image-based visual servoing of a camera that an arm carries.

After Chaumette and Hutchinson, "Visual servo control, Part I: Basic approaches", IEEE Robotics and
Automation Magazine 13(4), 2006; equations by their numbers there. Velocities are of the camera, in
its optical frame (REP-103): x right, y down, z forward.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes
from re3_ros.spatial import CameraModel

from ._box import RIM

Array = NDArray[np.float64]
Twist = NDArray[np.float64]
"""(6,) vx, vy, vz in m/s, wx, wy, wz in rad/s."""

STILL: Twist = np.zeros(6)
MOTIONS = {"translate": (0, 1), "rotate": (4, 3)}
"""How the target is brought to its place: the components of a twist that move it to the side and
up or down."""
KEEPS = ("size", "distance", "nothing")
"""What else is kept: the size of the box, the distance by a depth image, or neither."""
_FORWARD = 2
WIDEST = 1e4
"""Tangent of an angle that no lens sees; nor does it see a box of one by this."""


class Goal(NamedTuple):
    """What is aimed at, and how; each is a parameter of the node re3_servo of that name."""

    motion: str = "translate"
    """A key of MOTIONS."""
    keep: str = "size"
    """One of KEEPS."""
    aim_x: float = 0.5
    aim_y: float = 0.5
    """Where in the image the middle of the target is to be, in image widths and heights."""
    desired_size: float = 0.3
    """Of the box, as the root of its area, in roots of the image's."""
    desired_distance: float = 0.3
    """In metres, along z."""
    assumed_distance: float = 0.5
    """Metres at which the target has the desired size: where no depth image tells."""
    gain: float = 1.0
    """Lambda of equation 4, in 1/s."""
    dead_band: float = 0.01
    """Offset that is left alone, as a tangent: metres to the side for each metre of distance."""
    size_band: float = 0.03
    """Part of the size, or of the distance, that is left alone."""


class Sight(NamedTuple):
    """A target as its camera sees it, on the plane at z = 1 (equation 6)."""

    x: float
    y: float
    """Of the box's middle: X/Z and Y/Z."""
    aim_x: float
    aim_y: float
    """Where that is to be."""
    growth: float
    """Logarithm of the desired size by that of the box: of the distance by the desired one."""
    is_cut: bool
    """Whether the box ends at an edge of the image: it is larger than it seems."""


class Steps(NamedTuple):
    """What of a twist may be at most: of the speeds, or of their change."""

    linear: float
    angular: float


def look(box: Boxes, camera: CameraModel, width: int, height: int, goal: Goal) -> Sight | None:
    """Return how a box (4,) in an image of so many pixels is seen.

    None outside a lens's field, or for a calibration of which no box of any use comes.
    """
    x1, y1, x2, y2 = (float(v) for v in box)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    aim = (goal.aim_x * width, goal.aim_y * height)
    with np.errstate(over="ignore", invalid="ignore"):
        rays = camera.rays(np.array([(x, y), (x1, y), (x2, y), (x, y1), (x, y2), aim]))
        sides = float(rays[2, 0] - rays[1, 0]), float(rays[4, 1] - rays[3, 1])
    if not (np.abs(rays).max() < WIDEST and min(sides) > 1 / WIDEST):  # nor if it is no number
        return None
    wanted = goal.desired_size * math.sqrt(width * height / (camera.fx * camera.fy))
    return Sight(
        x=float(rays[0, 0]),
        y=float(rays[0, 1]),
        aim_x=float(rays[5, 0]),
        aim_y=float(rays[5, 1]),
        growth=math.log(wanted / math.sqrt(sides[0] * sides[1])),
        is_cut=min(x1, y1) < RIM or x2 > width - RIM or y2 > height - RIM,
    )


def servo(sight: Sight, goal: Goal, distance: float | None = None) -> Twist:
    """Return the camera's velocity, without limits, for a target seen at ``distance`` metres.

    The control law of equation 5, v = -gain L^-1 e, where L is `interaction_matrix` for the two or
    three components of v that serve: it has an inverse wherever the target is. The error e is
    where the box's middle is, less where it is to be, and the logarithm of the distance by the
    desired one. ``distance`` is needed to keep a distance. Without one it is reckoned from the
    size; a wrong one changes how fast the error falls, not whether. Without a distance the camera
    does not go forward to a target that is cut off.
    """
    by_depth = goal.keep == "distance"
    if by_depth and distance is None:
        return STILL.copy()
    z = goal.assumed_distance * math.exp(sight.growth) if distance is None else distance
    if goal.keep == "nothing" and distance is None:
        z = goal.assumed_distance
    far = math.log(z / goal.desired_distance) if by_depth else sight.growth
    if sight.is_cut and not by_depth:
        far = min(far, 0.0)
    offset = _outside(np.array([sight.x - sight.aim_x, sight.y - sight.aim_y]), goal.dead_band)
    error = np.array([*offset, *_outside(np.array([far]), goal.size_band)])
    columns = [*MOTIONS[goal.motion], _FORWARD]
    count = 2 if goal.keep == "nothing" else 3
    matrix = interaction_matrix(sight.x, sight.y, z)[:count, columns[:count]]
    twist = STILL.copy()
    twist[columns[:count]] = -goal.gain * np.linalg.solve(matrix, error[:count])
    return twist


def interaction_matrix(x: float, y: float, z: float) -> Array:
    """Return L (3, 6), from the camera's twist to the velocities of x, y, log z of a resting point.

    The rows of x and y are equation 11, that of log z follows from equation 8: the velocity of z is
    -vz - wx Y + wy X, which is divided by z.
    """
    return np.array(
        [
            [-1 / z, 0.0, x / z, x * y, -(1 + x * x), y],
            [0.0, -1 / z, y / z, 1 + y * y, -x * y, -x],
            [0.0, 0.0, -1 / z, -y, x, 0.0],
        ]
    )


def limited(twist: Twist, most: Steps) -> Twist:
    """Return a twist within limits, in the same direction; STILL for one that is not finite.

    Slower in the same direction, the error falls as it would, only later.
    """
    if not np.isfinite(twist).all():
        return STILL.copy()
    # By the largest part first: the squares of what is very large are not finite.
    largest = float(np.abs(twist).max())
    if largest == 0.0:
        return STILL.copy()
    unit = twist / largest
    linear, angular = (float(np.linalg.norm(part)) for part in (unit[:3], unit[3:]))
    allowed = [limit / part for limit, part in zip(most, (linear, angular), strict=True) if part]
    return np.asarray(unit * min(largest, *allowed), np.float64)


def stepped(now: Twist, wanted: Twist, most: Steps) -> Twist:
    """Return ``wanted``, or as near to it as a change of at most ``most`` leads."""
    return np.asarray(now + limited(wanted - now, most), np.float64)


def elsewhere(twist: Twist, place: ArrayLike) -> Twist:
    """Return the twist of another point of what carries the camera, in the camera's axes.

    ``place`` (3,) is where it is in the camera's frame, in metres. With it the camera moves by
    ``twist``: the point's velocity is v + w x place.
    """
    moved = twist.copy()
    moved[:3] += np.cross(twist[3:], np.asarray(place, np.float64))
    return moved


def _outside(error: Array, band: float) -> Array:
    """Return what of an error (n,) is outside of the dead band: it begins at nothing."""
    length = float(np.linalg.norm(error))
    return error * (max(0.0, length - band) / length) if length else error
