# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How far the surface that is seen reaches, along its own axes: a hint for a gripper."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes

from ._camera import CameraModel
from ._depth import DepthImage
from ._surfaces import Surface, look

Array = NDArray[np.float64]

PERCENTILES = (2.0, 98.0)
"""Between which a surface reaches: what flies about at an edge in depth does not count."""
LEAST_POINTS = 24
"""Fewer say nothing of a direction."""
FLAT = 0.02
"""A surface whose second deviation is less than this part of its first is a line."""
ROUND = 0.9
"""Two axes whose deviations are nearer to each other than this are not told apart."""
OUTLYING = 3.0
"""Standard deviations of an axis beyond which a point is left out of the axes; the rim of an even
surface is at 1.7."""


@dataclass(frozen=True)
class Extent:
    """The box around a surface, along the surface's principal axes, in the camera's frame.

    Of the object it is the part that the camera sees: the far side is not in it.
    """

    centre: Array
    """(3,) middle of the box, in metres."""
    axes: Array
    """(3, 3), a rotation: its columns are the axes x (longest), y and z (shortest) of the box.

    z points away from the camera, x to the right in the image, or down if it is upright.
    """
    size: Array
    """(3,) sides of the box along them, in metres; of something flat z is the noise of depth."""

    @property
    def quaternion(self) -> Array:
        """(4,) x, y, z, w of the rotation from the box to the camera, w not below 0."""
        # The eigenvector of the largest eigenvalue is exact at every angle (Bar-Itzhack 2000).
        (a, b, c), (d, e, f), (g, h, i) = self.axes
        symmetric = [
            [a - e - i, b + d, c + g, h - f],
            [b + d, e - a - i, f + h, c - g],
            [c + g, f + h, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
        turn = np.asarray(np.linalg.eigh(np.array(symmetric))[1][:, -1], np.float64)
        return -turn if turn[3] < 0 else turn


def find_extent(
    surface: Surface, depth: DepthImage, box: Boxes, camera: CameraModel
) -> Extent | None:
    """Return how far a surface reaches in a box (4,); None where that cannot be told.

    Of what lies at the surface's distances, the largest connected part counts. See `extent_of`.
    """
    seen = look(depth, box)
    if not seen.metres.size:
        return None
    there = (seen.metres >= surface.low) & (seen.metres <= surface.high)
    mask = _largest(there)
    rows, columns = np.nonzero(mask)
    pixels = np.stack([seen.x[columns], seen.y[rows]], -1) + 0.5
    z = seen.metres[mask]
    return extent_of(np.column_stack([camera.rays(pixels) * z[:, None], z]))


def extent_of(points: Array) -> Extent | None:
    """Return the box around points (n, 3) along their principal axes.

    The axes are the eigenvectors of the covariance, in the order of their eigenvalues. Where two
    eigenvalues are about the same, as of a square or a disc, they do not decide: then z is the one
    nearest to the line of sight, and x the one nearest to the camera's x. None for fewer than
    `LEAST_POINTS` finite points, or where they lie on a line.
    """
    points = points[np.isfinite(points).all(-1)]
    if len(points) < LEAST_POINTS:
        return None
    kept = points
    for _ in range(2):
        middle = kept.mean(0)
        values, vectors = np.linalg.eigh(np.cov(kept.T))
        deviations = np.sqrt(np.maximum(values, 0.0))
        within = np.abs((points - middle) @ vectors) <= OUTLYING * deviations + 1e-9
        kept = points[within.all(-1)]
        if len(kept) < LEAST_POINTS:
            return None
    if deviations[1] <= FLAT * deviations[2]:
        return None
    axes = _oriented(vectors[:, ::-1], deviations[::-1], middle)
    low, high = np.percentile(points @ axes, PERCENTILES, axis=0)
    return Extent(axes @ ((low + high) / 2), axes, high - low)


def _oriented(axes: Array, deviations: Array, sight: Array) -> Array:
    """Return axes (3, 3), in columns from the longest to the shortest, with their signs."""
    first, last = axes[:, 0], axes[:, 2]
    if deviations[2] > ROUND * deviations[1]:
        last = _across(sight, first)
    if deviations[1] > ROUND * deviations[0]:
        first = _across(np.array([1.0, 0.0, 0.0]), last)
    last = last if last @ sight >= 0 else -last
    # What lies or stands in the image keeps its sign; where it flips is a diagonal.
    leading = first[0] + first[1]
    leading = leading if abs(leading) > 1e-6 else first[0]
    first = first if leading >= 0 else -first
    return np.column_stack([first, np.cross(last, first), last])


def _across(wanted: Array, axis: Array) -> Array:
    """Return the direction (3,) across ``axis`` that is nearest to ``wanted``."""
    for direction in (wanted, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])):
        part = direction - (direction @ axis) * axis
        length = float(np.linalg.norm(part))
        if length > 1e-3 * float(np.linalg.norm(direction)):
            return np.asarray(part / length)
    raise AssertionError("no axis is along two others")


def _largest(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest part of a mask (h, w) whose pixels touch each other."""
    count, labels, about, _ = cv2.connectedComponentsWithStats(there.astype(np.uint8))
    if count < 2:
        return there
    return np.asarray(labels == 1 + int(about[1:, cv2.CC_STAT_AREA].argmax()))
