# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From pixels to directions: what a calibration (sensor_msgs/CameraInfo) says.

Axes are those of an optical frame (REP-103): x right, y down, z forward, in metres.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.errors import CameraError

Points = NDArray[np.float64]

ITERATIONS = 20
"""Steps of the inversion of a distortion; it converges by a factor of about ten a step."""


@dataclass(frozen=True)
class CameraModel:
    """Focal lengths and principal point of the images that are sent, in pixels.

    (cx, cy) is counted as boxes are: the middle of the first pixel is (0.5, 0.5). ``distortion`` is
    empty for rectified images.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int = 0
    height: int = 0
    """Of the images; 0 where the calibration does not say."""
    distortion: tuple[float, ...] = ()
    kind: str = ""
    """Distortion model: a key of DISTORTIONS."""

    def rays(self, points: ArrayLike) -> Points:
        """Return x/z and y/z ``(..., 2)`` of the directions seen at points of the image."""
        seen = (np.asarray(points, np.float64) - (self.cx, self.cy)) / (self.fx, self.fy)
        return DISTORTIONS[self.kind](seen, self.distortion) if self.distortion else seen

    def check_size(self, width: int, height: int) -> None:
        """Raise CameraError if the calibration is for images of another size."""
        if (self.width, self.height) not in {(0, 0), (width, height)}:
            raise CameraError(
                f"camera_info is for images of {self.width} x {self.height} pixels, and these are "
                f"{width} x {height}; take the camera_info that comes with these images"
            )


def read_camera_info(info: Any, rectified: bool | None = None) -> CameraModel:
    """Return what the fields of a sensor_msgs/CameraInfo (any object that has them) say.

    P is taken for rectified images, K and D for others; None takes those as rectified whose D is
    zero or empty. Binning and region of interest are reckoned in. What P says of a second camera
    (its fourth column) plays no part: positions are from the camera that sends the images. Raises
    CameraError for a calibration that is all zeros, not finite, or of an unknown distortion model.
    """
    bent = tuple(float(v) for v in info.d)
    if rectified or not any(bent):
        bent = ()
    matrix, name = np.asarray(info.k, np.float64).reshape(3, 3), "k"
    projection = np.asarray(info.p, np.float64).reshape(3, 4)
    if rectified and projection[0, 0]:
        matrix, name = projection[:, :3], "p"
    _check(matrix, name, bent, str(info.distortion_model))
    return _binned(info, matrix, bent)


def _check(matrix: Points, name: str, bent: tuple[float, ...], kind: str) -> None:
    focal = matrix[0, 0], matrix[1, 1]
    if not (np.isfinite(matrix).all() and min(focal) > 0):
        raise CameraError(
            f"camera_info.{name} is {[float(v) for v in matrix.ravel()]}; expected focal lengths "
            "above 0 (zeros mean: not calibrated); calibrate the camera, or set its info url"
        )
    if not bent:
        return
    if kind not in DISTORTIONS:
        raise CameraError(
            f"distortion model {kind!r} is not one of {', '.join(DISTORTIONS)}; use rectified "
            "images and set camera_model to rectified"
        )
    if not all(map(math.isfinite, bent)):
        raise CameraError(f"camera_info.d is {list(bent)}; expected finite numbers")


def _binned(info: Any, matrix: Points, bent: tuple[float, ...]) -> CameraModel:
    """Return the model of the window and the binned pixels that the camera sends."""
    bins = np.array([max(1, int(info.binning_x)), max(1, int(info.binning_y))])
    window = info.roi
    full = (int(info.width), int(info.height))
    size = np.array([int(window.width), int(window.height)])
    if not size.any():
        size = np.array(full)
    corner = (int(window.x_offset), int(window.y_offset))
    # Calibrations count from the middle of the first pixel, we from its corner: hence the half.
    centre = (matrix[:2, 2] + 0.5 - corner) / bins
    focal = np.diag(matrix)[:2] / bins
    return CameraModel(
        fx=float(focal[0]),
        fy=float(focal[1]),
        cx=float(centre[0]),
        cy=float(centre[1]),
        width=int(size[0] // bins[0]),
        height=int(size[1] // bins[1]),
        distortion=bent,
        kind=str(info.distortion_model) if bent else "",
    )


def _undo_polynomial(seen: Points, bent: tuple[float, ...]) -> Points:
    """Invert the models plumb_bob (k1 k2 p1 p2 k3) and rational_polynomial (and k4 k5 k6)."""
    k1, k2, p1, p2, k3, k4, k5, k6 = (*bent, *[0.0] * 8)[:8]
    x0, y0 = seen[..., 0], seen[..., 1]
    x, y = x0, y0
    for _ in range(ITERATIONS):
        r = x * x + y * y
        factor = (1 + r * (k4 + r * (k5 + r * k6))) / (1 + r * (k1 + r * (k2 + r * k3)))
        dx = 2 * p1 * x * y + p2 * (r + 2 * x * x)
        dy = p1 * (r + 2 * y * y) + 2 * p2 * x * y
        x, y = (x0 - dx) * factor, (y0 - dy) * factor
    return np.stack([x, y], axis=-1)


def _undo_equidistant(seen: Points, bent: tuple[float, ...]) -> Points:
    """Invert the fisheye model of Kannala and Brandt: r = t (1 + k1 t^2 + ... + k4 t^8)."""
    k1, k2, k3, k4 = (*bent, *[0.0] * 4)[:4]
    r = np.linalg.norm(seen, axis=-1)
    angle = np.minimum(r, math.pi / 2)
    for _ in range(ITERATIONS):
        s = angle * angle
        value = angle * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4)))) - r
        slope = 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)))
        angle = np.clip(angle - value / slope, 0.0, math.pi / 2)
    stretch = np.where(r > 0, np.tan(angle) / np.where(r > 0, r, 1.0), 1.0)
    return np.asarray(seen * stretch[..., None])


DISTORTIONS: dict[str, Callable[[Points, tuple[float, ...]], Points]] = {
    "plumb_bob": _undo_polynomial,
    "rational_polynomial": _undo_polynomial,
    "equidistant": _undo_equidistant,
}
"""Distortion models of sensor_msgs and how they are inverted."""
