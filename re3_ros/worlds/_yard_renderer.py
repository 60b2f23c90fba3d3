# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images of the yard: ground, hedge and sky, a suitcase and a crate, through a lens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image
from re3_ros.spatial import MILLIMETRE, DepthImage

from ._pose import Pose
from ._texture import Field, blend, gravel, noise, relief, to_uint8

TEXELS = 120
"""Pixels of ground to a metre."""
HAZE = np.array([158, 170, 176], np.uint8)
_GROUND = (1200, 1600)
_LEVELS = ((0.0, 3.0), (3.0, 5.0), (5.0, 8.0), (8.0, 13.0), (13.0, 400.0))
"""Distances in metres that are drawn from the ground at half the resolution of the one before."""
_PANORAMA = 3600
_SHADOW = 0.55
_NEAREST = 0.3
"""Metres ahead from which on something is seen."""
_OPAQUE = 127
_NOISE = 0.0015
"""Standard deviation of a distance of a metre; it grows with the square, as in stereo cameras."""
_FARTHEST = 12.0
"""Metres beyond which the depth camera sees nothing."""

Thing = tuple[str, float, float, tuple[float, float]]
"""Name, metres ahead and to the left, width and height in metres."""


@dataclass(frozen=True)
class Lens:
    """A pinhole camera that looks straight ahead, ``height_above`` metres over the ground."""

    width: int = 640
    height: int = 480
    focal: float = 520.0
    """In pixels."""
    height_above: float = 0.70

    def box(self, ahead: float, left: float, size: tuple[float, float]) -> Boxes:
        """Return the box (4,) in pixels of something upright on the ground, of ``size`` metres."""
        ahead = max(ahead, 0.2)
        scale = self.focal / ahead
        centre = self.width / 2 - left * scale
        foot = self.height / 2 + self.height_above * scale
        half = size[0] / 2 * scale
        return np.array([centre - half, foot - size[1] * scale, centre + half, foot])

    def row(self, ahead: float) -> float:
        """Return the row in which the ground so many metres ahead is seen."""
        return self.height / 2 + self.focal * self.height_above / ahead


class YardRenderer:
    """Renders the yard; making it takes a second or two, an image some milliseconds."""

    def __init__(self, rng: np.random.Generator, lens: Lens) -> None:
        self._lens = lens
        self._grounds = _pyramid(to_uint8(gravel(rng, *_GROUND)), len(_LEVELS))
        self._panorama = _make_panorama(rng, lens.height // 2)
        self._things = {"suitcase": _suitcase(rng), "crate": _crate(rng)}
        grain = np.rint(rng.normal(0, 2.0, (lens.height + 64, lens.width + 64, 1)))
        self._grain = np.asarray(grain, np.int8)

    def render(self, robot: Pose, time: float, things: Sequence[Thing]) -> Image:
        """Return the image from the robot's pose, with ``things`` on the ground."""
        lens = self._lens
        image = np.empty((lens.height, lens.width, 3), np.uint8)
        self._draw_backdrop(image, robot.yaw)
        self._draw_ground(image, robot)
        for name, ahead, left, size in _from_behind(things):
            box = lens.box(ahead, left, size)
            _draw_shadow(image, box)
            _draw_upright(image, self._things[name], box, lens)
        return self._grainy(image, time)

    def depth(self, things: Sequence[Thing], rng: np.random.Generator) -> DepthImage:
        """Return what a depth camera beside the lens measures, in millimetres, with its noise."""
        lens = self._lens
        below = np.arange(lens.height) + 0.5 - lens.height / 2
        ground = lens.focal * lens.height_above / np.maximum(below, 1e-3)
        z = np.repeat(ground[:, None], lens.width, axis=1)
        for name, ahead, left, size in _from_behind(things):
            found = _upright(self._things[name], lens.box(ahead, left, size), lens)
            if found is not None:
                rows, columns, picture = found
                z[rows, columns][picture[..., 3] > _OPAQUE] = ahead
        z += rng.standard_normal(z.shape, np.float32) * _NOISE * z * z
        z[(z <= 0) | (z > _FARTHEST)] = 0.0
        return DepthImage(np.rint(z / MILLIMETRE).astype(np.uint16), MILLIMETRE)

    def _draw_backdrop(self, image: Image, yaw: float) -> None:
        """Draw what is far away: it turns with the robot, and comes no nearer."""
        lens = self._lens
        columns = np.arange(lens.width) + 0.5 - lens.width / 2
        turned = (np.arctan2(columns, lens.focal) - yaw) / (2 * np.pi) % 1.0
        rows = self._panorama[:, (turned * _PANORAMA).astype(int) % _PANORAMA]
        image[: rows.shape[0]] = rows

    def _draw_ground(self, image: Image, robot: Pose) -> None:
        lens = self._lens
        middle = lens.height // 2
        image[middle:] = HAZE
        for level, (near, far) in enumerate(_LEVELS):
            first = max(middle + 1, int(lens.row(far)))
            last = lens.height if near == 0 else min(lens.height, int(lens.row(near)))
            if last > first:
                part = self._warped(level, robot, first, last)
                distance = lens.focal * lens.height_above / (np.arange(first, last) + 0.5 - middle)
                clear = np.exp(-distance / 18)[:, None, None]
                image[first:last] = (part * clear + HAZE * (1 - clear)).astype(np.uint8)

    def _warped(self, level: int, robot: Pose, first: int, last: int) -> Image:
        """Return the ground in the rows from ``first`` to ``last``."""
        lens = self._lens
        # A pixel's position on the ground, times how far it is under the horizon.
        to_robot = np.array(
            [
                [0, 0, lens.focal * lens.height_above],
                [-lens.height_above, 0, lens.height_above * lens.width / 2],
                [0, 1, first - lens.height / 2],
            ]
        )
        cos, sin = np.cos(robot.yaw), np.sin(robot.yaw)
        to_world = np.array([[cos, -sin, robot.x], [sin, cos, robot.y], [0, 0, 1]])
        texels = TEXELS / 2**level
        to_texture = np.diag([texels, texels, 1.0])
        shape = self._grounds[level].shape
        to_texture[:2, 2] = shape[1] / 3, shape[0] / 2
        return np.asarray(
            cv2.warpPerspective(
                self._grounds[level],
                to_texture @ to_world @ to_robot,
                (lens.width, last - first),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REFLECT,
            ),
            np.uint8,
        )

    def _grainy(self, image: Image, time: float) -> Image:
        """Return the image with the noise of a sensor."""
        index = round(time * 100)
        y, x = index * 37 % 61, index * 53 % 59
        grain = self._grain[y : y + image.shape[0], x : x + image.shape[1]]
        return np.asarray(np.clip(image.astype(np.int16) + grain, 0, 255), np.uint8)


def _pyramid(image: Image, levels: int) -> list[Image]:
    images = [image]
    for _ in range(levels - 1):
        images.append(np.asarray(cv2.pyrDown(images[-1]), np.uint8))
    return images


def _make_panorama(rng: np.random.Generator, height: int) -> Image:
    """Return sky, trees and a hedge (height, _PANORAMA, 3) all around."""
    rows = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    cloud = np.clip((noise(rng, height, _PANORAMA, 160) - 0.5) * 2.4, 0, 0.8)
    sky = np.array([0.48, 0.62, 0.80], np.float32) + 0.25 * (1 - rows[..., None])
    scene = blend(np.broadcast_to(sky, (height, _PANORAMA, 3)), (0.86, 0.87, 0.88), cloud)
    for top, tint, cell in ((0.52, (0.24, 0.33, 0.22), 44), (0.26, (0.20, 0.30, 0.11), 14)):
        edge = top * (0.55 + 0.9 * noise(rng, 1, _PANORAMA, cell * 4, 5))
        mask = np.clip((edge - rows) * height / 2, 0, 1)
        light = (0.45 + 0.9 * noise(rng, height, _PANORAMA, cell, 5)) * relief(
            noise(rng, height, _PANORAMA, cell / 3, 3), 0.6
        )
        leaves = np.asarray(tint, np.float32) * light[..., None]
        scene = blend(scene, leaves, mask.astype(np.float32))
    wrap = 200  # where the ends meet, the one goes over into the other
    weight = np.linspace(0, 1, wrap, dtype=np.float32)[None, :, None]
    scene[:, -wrap:] = scene[:, -wrap:] * (1 - weight) + scene[:, :wrap][:, ::-1] * weight
    return np.asarray(cv2.GaussianBlur(to_uint8(scene), (0, 0), 0.8), np.uint8)


def _suitcase(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return RGBA of a suitcase with ribs, stickers, a handle and wheels."""
    h, w = 390, 260
    canvas = np.zeros((h, w, 4), np.uint8)
    dark = (38, 40, 46, 255)
    for x in (70, 178):
        cv2.rectangle(canvas, (x, 4), (x + 12, 90), dark, -1)
    cv2.rectangle(canvas, (66, 2), (194, 22), dark, -1)
    for x in (46, 206):
        cv2.circle(canvas, (x, h - 16), 15, dark, -1)
    _rounded(canvas, (14, 62), (w - 14, h - 22), 26, (196, 92, 36, 255))
    for x in range(46, w - 30, 28):
        cv2.line(canvas, (x, 74), (x, h - 34), (150, 62, 22, 255), 5)
        cv2.line(canvas, (x + 5, 74), (x + 5, h - 34), (226, 128, 66, 255), 3)
    _rounded(canvas, (14, 190), (w - 14, 216), 4, dark)
    cv2.circle(canvas, (78, 132), 34, (238, 226, 196, 255), -1)
    cv2.circle(canvas, (78, 132), 20, (34, 92, 150, 255), -1)
    cv2.rectangle(canvas, (146, 240), (222, 306), (236, 206, 74, 255), -1)
    cv2.line(canvas, (152, 296), (216, 250), (40, 120, 70, 255), 10)
    points = np.array([[52, 330], [100, 330], [76, 262]])
    cv2.fillPoly(canvas, [points], (222, 224, 230, 255))
    return _shaded(rng, canvas)


def _crate(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return RGBA of a wooden crate on wheels."""
    h, w = 440, 460
    canvas = np.zeros((h, w, 4), np.uint8)
    for x in (70, w - 70):
        cv2.circle(canvas, (x, h - 26), 25, (46, 46, 48, 255), -1)
    cv2.rectangle(canvas, (2, 2), (w - 3, h - 36), (132, 116, 92, 255), -1)
    for y in range(2, h - 60, 50):
        tone = int(rng.integers(-14, 15))
        plank = tuple(int(v) + tone for v in (140, 124, 100))
        cv2.rectangle(canvas, (2, y), (w - 3, y + 44), (*plank, 255), -1)
    for x in (2, w - 48):
        cv2.rectangle(canvas, (x, 2), (x + 45, h - 36), (116, 100, 78, 255), -1)
    cv2.line(canvas, (50, h - 60), (w - 50, 24), (112, 96, 74, 255), 40)
    return _shaded(rng, canvas)


def _rounded(
    canvas: NDArray[np.uint8],
    start: tuple[int, int],
    stop: tuple[int, int],
    radius: int,
    colour: tuple[int, int, int, int],
) -> None:
    inner = (start[0] + radius, start[1] + radius), (stop[0] - radius, stop[1] - radius)
    cv2.rectangle(canvas, inner[0], inner[1], colour, -1)
    cv2.rectangle(canvas, inner[0], inner[1], colour, 2 * radius, cv2.LINE_8)


def _shaded(rng: np.random.Generator, canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture lit from the upper left, with some wear."""
    h, w = canvas.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    light: Field = np.asarray(1.12 - 0.22 * x / w - 0.14 * y / h, np.float32)
    wear = 0.82 + 0.36 * noise(rng, h, w, 30, 5)
    out = canvas.copy()
    out[..., :3] = np.clip(canvas[..., :3] * (light * wear)[..., None], 0, 255).astype(np.uint8)
    return out


def _from_behind(things: Sequence[Thing]) -> list[Thing]:
    """Return those before the lens, the farthest first."""
    return sorted((t for t in things if t[1] > _NEAREST), key=lambda thing: -thing[1])


def _upright(
    picture: NDArray[np.uint8], box: Boxes, lens: Lens
) -> tuple[slice, slice, NDArray[np.float32]] | None:
    """Return a picture as it fills a box, in fractions of pixels, and the pixels that it fills."""
    left, top = np.maximum(np.floor(box[:2]).astype(int), 0)
    right = min(int(np.ceil(box[2])), lens.width)
    bottom = min(int(np.ceil(box[3])), lens.height)
    if right <= left or bottom <= top:
        return None
    small = picture
    while 2 * (box[2] - box[0]) < small.shape[1]:  # a warp alone would skip pixels
        small = np.asarray(cv2.pyrDown(small), np.uint8)
    scale = (box[2:] - box[:2]) / small.shape[1::-1]
    shift = box[:2] - (left, top) + 0.5 * scale - 0.5
    warp = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    moved = cv2.warpAffine(small, warp, (right - left, bottom - top)).astype(np.float32)
    return slice(top, bottom), slice(left, right), moved


def _draw_upright(image: Image, picture: NDArray[np.uint8], box: Boxes, lens: Lens) -> None:
    """Draw a picture so that it fills a box."""
    found = _upright(picture, box, lens)
    if found is None:
        return
    rows, columns, moved = found
    alpha = moved[..., 3:] / 255
    part = image[rows, columns]
    part[:] = (part * (1 - alpha) + moved[..., :3] * alpha).astype(np.uint8)


def _draw_shadow(image: Image, box: Boxes) -> None:
    """Darken the ground around the foot of a box."""
    width = float(box[2] - box[0])
    centre = round(float(box[0] + box[2]) / 2 + 0.12 * width), round(float(box[3]) - 0.01 * width)
    mask = np.zeros(image.shape[:2], np.uint8)
    axes = max(1, round(0.62 * width)), max(1, round(0.10 * width))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
    rows = slice(max(0, centre[1] - 3 * axes[1]), max(0, centre[1] + 3 * axes[1]))
    if rows.stop > rows.start and rows.start < image.shape[0]:
        soft = cv2.GaussianBlur(mask[rows], (0, 0), max(1.0, axes[1] / 2))
        dim = 1 - _SHADOW * soft[..., None].astype(np.float32) / 255
        image[rows] = (image[rows] * dim).astype(np.uint8)
