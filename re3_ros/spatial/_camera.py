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

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.errors import CameraError, ConfigError

Points = NDArray[np.float64]

CAMERA_MODELS = {"auto": None, "rectified": True, "raw": False}
"""Names of what images can be, and whether that is rectified."""
ITERATIONS = 40
"""Steps of the inversion of a distortion; it converges by a factor of two to ten a step."""


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


def is_rectified(model: str, topic: str) -> bool | None:
    """Return what `read_camera_info` is to take images of a topic for.

    ``model`` is a key of CAMERA_MODELS; auto takes images as rectified if their topic has "rect" in
    its name, and leaves it open for others. Raises ConfigError for another one.
    """
    if model not in CAMERA_MODELS:
        known = ", ".join(CAMERA_MODELS)
        raise ConfigError(f"camera_model is {model!r}; expected one of {known}")
    chosen = CAMERA_MODELS[model]
    return True if chosen is None and "rect" in topic else chosen


def read_camera_info(info: Any, rectified: bool | None = None) -> CameraModel:
    """Return what the fields of a sensor_msgs/CameraInfo (any object that has them) say.

    P is taken for rectified images, K and D for raw ones; None takes them as raw, and where D is
    zero or empty nothing is undone. A matrix of zeros says that nobody measured it: then the other
    one stands in for it. D goes with K: without K it is left out, and with ``rectified`` False
    refused, if it is not zero.
    Binning and region of interest are reckoned in. What P says of a second camera (its fourth
    column) plays no part: positions are from the camera that sends the images. Raises CameraError
    for a calibration that is all zeros, not finite, of an unknown distortion model, or with a
    number of coefficients that its model does not have.
    """
    bent = tuple(float(v) for v in info.d)
    if rectified or not any(bent):
        bent = ()
    matrix, name = _matrix(info, bool(rectified))
    if bent and name == "p":
        if rectified is False:
            raise CameraError(
                f"camera_info.k is {[float(v) for v in info.k]}, and d, {list(bent)}, is of no use "
                "without it; calibrate the camera, or use rectified images and set camera_model "
                "to rectified"
            )
        bent = ()  # the rectified image is all that is known of this camera
    if bent:
        bent = _coefficients(bent, str(info.distortion_model))
    return _binned(info, matrix, bent)


def _matrix(info: Any, rectified: bool) -> tuple[Points, str]:
    """Return the camera matrix (3, 3) that serves, and the name of its field."""
    matrices = {
        "k": np.asarray(info.k, np.float64).reshape(3, 3),
        "p": np.asarray(info.p, np.float64).reshape(3, 4)[:, :3],
    }
    order = ("p", "k") if rectified else ("k", "p")
    for name in order:
        if _serves(matrices[name]):
            return matrices[name], name
    shown = "; ".join(f"{n} is {[float(v) for v in matrices[n].ravel()]}" for n in order)
    raise CameraError(
        f"camera_info.{shown}; expected focal lengths above 0 in one of them (zeros mean: not "
        "calibrated); calibrate the camera, or set its info url"
    )


def _serves(matrix: Points) -> bool:
    return bool(np.isfinite(matrix).all() and min(matrix[0, 0], matrix[1, 1]) > 0)


def _coefficients(bent: tuple[float, ...], kind: str) -> tuple[float, ...]:
    """Return the coefficients that a model has, without zeros that were added behind them."""
    if kind not in DISTORTIONS:
        raise CameraError(
            f"distortion model {kind!r} is not one of {', '.join(DISTORTIONS)}; use rectified "
            "images and set camera_model to rectified"
        )
    if not all(map(math.isfinite, bent)):
        raise CameraError(f"camera_info.d is {list(bent)}; expected finite numbers")
    lengths = LENGTHS[kind]
    if len(bent) in lengths:
        return bent
    for length in lengths:
        if len(bent) > length and not any(bent[length:]):
            return bent[:length]
    raise CameraError(
        f"camera_info.d has {len(bent)} coefficients, {list(bent)}; {kind} has "
        f"{' or '.join(map(str, lengths))}; calibrate anew, or use rectified images and set "
        "camera_model to rectified"
    )


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
    """Invert OpenCV's model, in its order: k1 k2 p1 p2, k3, k4 k5 k6, s1 s2 s3 s4, tx ty."""
    if not seen.size:
        return seen
    # OpenCV 4 has a function of its own for the one whose steps can be counted.
    undo: Any = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)
    steps = (cv2.TERM_CRITERIA_COUNT, ITERATIONS, 0.0)
    points = np.ascontiguousarray(seen, np.float64).reshape(-1, 1, 2)
    straight = undo(points, np.eye(3), np.array(bent), R=np.eye(3), P=np.eye(3), criteria=steps)
    return np.asarray(straight, np.float64).reshape(seen.shape)


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
    "fisheye": _undo_equidistant,
}
"""Distortion models of sensor_msgs and how they are inverted; fisheye is OpenCV's name for
equidistant."""
LENGTHS: dict[str, tuple[int, ...]] = {
    "plumb_bob": (4, 5),
    "rational_polynomial": (8, 12, 14),
    "equidistant": (4,),
    "fisheye": (4,),
}
"""How many coefficients each has: rational_polynomial 4 more for a thin prism, and 2 more for a
tilted sensor."""
