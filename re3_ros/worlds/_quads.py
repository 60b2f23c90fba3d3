# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Textured rectangles in space, seen by a pinhole camera: images, depth, and what hides what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.images import Image
from re3_ros.spatial import CameraModel

Array = NDArray[np.float64]

NEAREST = 0.02
"""Metres before the camera at which something begins to be seen."""


@dataclass(frozen=True)
class Eye:
    """Where a camera is: its frame is an optical one (REP-103), that of the world any."""

    rotation: Array
    """(3, 3), its columns are the camera's axes in the world."""
    position: Array
    """(3,) in metres."""

    def moved(self, twist: ArrayLike, seconds: float) -> Eye:
        """Return where it is after so many seconds at a twist (6,), in its own axes all the time.

        vx, vy, vz in m/s and wx, wy, wz in rad/s: the exponential of SE(3).
        """
        way = np.asarray(twist, np.float64) * seconds
        turn = np.asarray(cv2.Rodrigues(way[3:])[0], np.float64)
        angle = float(np.linalg.norm(way[3:]))
        along = np.eye(3)
        if angle > 1e-9:
            x, y, z = way[3:] / angle
            cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            along = (
                along
                + (1 - np.cos(angle)) / angle * cross
                + (angle - np.sin(angle)) / angle * cross @ cross
            )
        return Eye(self.rotation @ turn, self.position + self.rotation @ along @ way[:3])

    def to_camera(self, points: ArrayLike) -> Array:
        """Return points (..., 3) of the world in the camera's frame."""
        return np.asarray((np.asarray(points, np.float64) - self.position) @ self.rotation)


class Quad(NamedTuple):
    """A rectangle with a picture on it."""

    picture: NDArray[np.uint8]
    """(h, w, 4) RGBA."""
    corner: Array
    """(3,) where the picture's upper left corner is, in metres."""
    right: Array
    """(3,) from there to its upper right corner."""
    down: Array
    """(3,) from there to its lower left corner."""
    of: str = ""
    """The thing that it is a side of."""


class Scene(NamedTuple):
    """What a camera sees."""

    image: Image
    """(h, w, 3) RGB."""
    depth: Array
    """(h, w) along z in metres, infinite where nothing is."""
    visible: dict[str, float]
    """Part of each thing within the image that nothing hides."""


def render(quads: Sequence[Quad], eye: Eye, camera: CameraModel) -> Scene:
    """Return what a camera without distortion sees of rectangles that do not cut each other."""
    shape = camera.height, camera.width
    image = np.zeros((*shape, 3), np.uint8)
    depth = np.full(shape, np.inf)
    whole: dict[str, NDArray[np.bool_]] = {}
    shown = np.full(shape, -1, np.int16)
    names = sorted({quad.of for quad in quads})
    middle = [eye.to_camera(q.corner + (q.right + q.down) / 2) for q in quads]
    for index in np.argsort([-float(np.linalg.norm(m)) for m in middle]):
        quad = quads[int(index)]
        seen = _draw(quad, eye, camera)
        if seen is None:
            continue
        place, colour, alpha, z = seen
        solid = alpha > 0.5
        front = (z < depth[place]) & (alpha > 0)
        weight = np.where(front, alpha, 0.0).astype(np.float32)[..., None]
        image[place] = (image[place] * (1 - weight) + colour * weight + 0.5).astype(np.uint8)
        depth[place] = np.where(front & solid, z, depth[place])
        shown[place][front & solid] = names.index(quad.of)
        whole.setdefault(quad.of, np.zeros(shape, np.bool_))[place] |= solid
    visible = {
        name: float((shown[mask] == names.index(name)).mean()) if mask.any() else 0.0
        for name, mask in whole.items()
    }
    return Scene(image, depth, visible)


def box_sides(
    pictures: Sequence[NDArray[np.uint8]], foot: ArrayLike, size: ArrayLike, yaw: float, of: str
) -> list[Quad]:
    """Return the five sides that are seen of a box that stands on a plane, z up.

    ``pictures`` are for its top and the four sides; ``foot`` (3,) is the middle of its ground,
    ``size`` (3,) its sides.
    """
    (a, b, height), cos, sin = np.asarray(size, np.float64), np.cos(yaw), np.sin(yaw)
    x, y = np.array([cos, sin, 0.0]) * a, np.array([-sin, cos, 0.0]) * b
    up = np.array([0.0, 0.0, height])
    base = np.asarray(foot, np.float64)
    corners = [base + s * x / 2 + t * y / 2 for s, t in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
    sides = [Quad(pictures[0], corners[0] + up, x, -y, of)]
    for i in range(4):
        begin, end = corners[i], corners[(i + 1) % 4]
        sides.append(Quad(pictures[1 + i], begin + up, end - begin, -up, of))
    return sides


def corners_of(quads: Sequence[Quad]) -> Array:
    """Return the corners (n, 3) of rectangles."""
    return np.concatenate(
        [
            np.stack([q.corner + s * q.right + t * q.down for s in (0, 1) for t in (0, 1)])
            for q in quads
        ]
    )


def _draw(
    quad: Quad, eye: Eye, camera: CameraModel
) -> tuple[tuple[slice, slice], Array, Array, Array] | None:
    """Return where in the image a rectangle is, its colour, its opacity, and its distance there."""
    picture = quad.picture
    plane = np.stack([quad.right, quad.down, quad.corner - eye.position], -1)
    seen = eye.rotation.T @ plane  # (u, v, 1) in 0 ... 1 to the camera's frame
    normal = np.cross(seen[:, 0], seen[:, 1])
    offset = float(normal @ seen[:, 2])
    place = _extent(seen, camera)
    if place is None or abs(offset) < 1e-12:
        return None
    rows, columns = place
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    wide = float(np.linalg.norm(quad.right)) / max(float(np.linalg.norm(seen[:, 2])), NEAREST)
    while picture.shape[1] > 2.5 * wide * camera.fx and min(picture.shape[:2]) > 8:
        picture = np.asarray(cv2.pyrDown(picture), np.uint8)  # a warp alone would skip pixels
    h, w = picture.shape[:2]
    texels = np.array([[1 / w, 0, 0.5 / w], [0, 1 / h, 0.5 / h], [0, 0, 1]])
    shift = np.array([[1, 0, -columns.start - 0.5], [0, 1, -rows.start - 0.5], [0, 0, 1]])
    size = columns.stop - columns.start, rows.stop - rows.start
    warped = cv2.warpPerspective(picture, shift @ matrix @ seen @ texels, size)
    x = (np.arange(columns.start, columns.stop) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(rows.start, rows.stop) + 0.5 - camera.cy) / camera.fy
    slope = normal[0] * x[None, :] + normal[1] * y[:, None] + normal[2]
    with np.errstate(divide="ignore"):
        z = offset / slope
    alpha = np.where((z > NEAREST) & np.isfinite(z), warped[..., 3] / 255.0, 0.0)
    return place, warped[..., :3].astype(np.float64), alpha, z


def _extent(seen: Array, camera: CameraModel) -> tuple[slice, slice] | None:
    """Return rows and columns that a rectangle may be seen in; None if in none."""
    ends = np.array([(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)], np.float64) @ seen.T
    if (ends[:, 2] < NEAREST).all():
        return None
    if (ends[:, 2] < NEAREST).any():
        return slice(0, camera.height), slice(0, camera.width)
    u = camera.fx * ends[:, 0] / ends[:, 2] + camera.cx
    v = camera.fy * ends[:, 1] / ends[:, 2] + camera.cy
    left, top = max(0, int(u.min()) - 1), max(0, int(v.min()) - 1)
    right, bottom = min(camera.width, int(u.max()) + 2), min(camera.height, int(v.max()) + 2)
    return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None
