# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The demo scene: a tortoise on stony ground, seen by a hand-held camera, with ground truth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image

from ._paths import Matrix, chain, make_paths, similarity
from ._sprites import PHASES, Coat, Sprite, leaf, tortoise
from ._texture import gravel, noise, to_uint8

GROUND = (1200, 1600)
"""Height and width of the ground in pixels."""
_BODY = 150
_LEAF = 430
_YELLOW = Coat((0.80, 0.62, 0.25), (0.16, 0.11, 0.07), (0.40, 0.34, 0.22))
_GREEN = Coat((0.46, 0.46, 0.28), (0.11, 0.12, 0.08), (0.30, 0.30, 0.22))
_TINTS = ((0.55, 0.33, 0.14), (0.50, 0.42, 0.15), (0.36, 0.20, 0.10), (0.33, 0.38, 0.14))


class SceneFrame(NamedTuple):
    """One rendered image and the truth about it."""

    image: Image
    """uint8 (480, 640, 3) RGB."""
    box: Boxes
    """(4,) x1, y1, x2, y2 of the whole object, hidden parts included."""
    visibility: float
    """Part of the object that is seen, 0 ... 1."""


class _Picture(NamedTuple):
    """A sprite ready to be warped: colours multiplied by opacity, and its outline."""

    colour: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    outline: NDArray[np.float64]
    """(P, 2), the centre of the first pixel being 0 as in OpenCV's warps."""

    @property
    def middle(self) -> tuple[float, float]:
        return self.alpha.shape[1] / 2, self.alpha.shape[0] / 2


class DemoScene:
    """A scene of ``frames`` images, the same for the same seed, each rendered when asked for.

    A tortoise walks over gravel, moss and leaves; it turns, comes nearer and goes away; the camera
    pans, rolls and trembles; a cloud passes; a second tortoise comes by; and about two thirds in
    a leaf drifts past the lens and hides it altogether for some fifteen frames. Setting up takes a
    second or two, a frame a few milliseconds.
    """

    width, height = 640, 480
    fps = 30.0

    def __init__(self, seed: int = 0, frames: int = 300) -> None:
        self.seed, self.frames = seed, frames
        rng = np.random.default_rng(seed)
        self._ground = _make_ground(rng)
        self._shade = _make_shade(rng)
        self._walkers = [[_picture(s) for s in tortoise(rng, _BODY, c)] for c in (_YELLOW, _GREEN)]
        self._leaf = _picture(_defocus(leaf(rng, _LEAF, _TINTS[0])))
        self._grain = _make_grain(rng)
        middle = (GROUND[1] / 2, GROUND[0] / 2)
        self._paths = make_paths(rng, frames, middle)

    def __len__(self) -> int:
        return self.frames

    @property
    def initial_box(self) -> Boxes:
        """(4,) x1, y1, x2, y2 of the object in the first image."""
        return self.truth(0)[0]

    def stamp(self, index: int) -> int:
        """Time of an image in ns, the first being one second after zero."""
        return 10**9 + round(index * 1e9 / self.fps)

    def index(self, stamp: int) -> int:
        """Return the image whose `stamp` is nearest."""
        return round((stamp - 10**9) * self.fps / 1e9)

    def truth(self, index: int) -> tuple[Boxes, float]:
        """Return box (4,) and visibility of the object without rendering the image."""
        picture, transform = self._walker(0, index)
        points = picture.outline @ transform[:, :2].T + transform[:, 2] + 0.5
        box = np.concatenate([points.min(axis=0), points.max(axis=0)])
        return box, self._visibility(picture, transform, self._leaf_transform(index), box)

    def frame(self, index: int) -> SceneFrame:
        """Render image ``index``; IndexError outside of 0 ... frames - 1."""
        if not 0 <= index < self.frames:
            raise IndexError(f"frame {index} of a scene of {self.frames}")
        size = (self.width, self.height)
        camera = self._camera(index)
        ground = cv2.warpAffine(self._ground, camera, size, borderMode=cv2.BORDER_REFLECT)
        image = np.asarray(ground, np.uint8)
        for walker in (1, 0):
            picture, transform = self._walker(walker, index)
            _cast_shadow(image, picture, transform)
            _paste(image, picture, transform)
        image = self._lit(image, camera, float(self._paths.light[index]))
        _paste(image, self._leaf, self._leaf_transform(index))
        box, visibility = self.truth(index)
        return SceneFrame(self._grainy(image, index), box, visibility)

    def _camera(self, index: int) -> Matrix:
        paths, middle = self._paths, np.array([self.width / 2, self.height / 2])
        roll, zoom = float(paths.roll[index]), float(paths.zoom[index])
        return similarity(roll, zoom, paths.camera[index], middle)

    def _walker(self, which: int, index: int) -> tuple[_Picture, Matrix]:
        """Return the picture of a tortoise at a time and where it stands in the image."""
        paths = self._paths
        picture = self._walkers[which][index * 3 // 4 % PHASES]
        position, heading = paths.position[index], float(paths.heading[index])
        if which:
            position, heading = self._passer_by(index)
        stretch = 0.80 * paths.stretch[index]
        body = similarity(heading, stretch, picture.middle, position)
        return picture, chain(self._camera(index), body)

    def _passer_by(self, index: int) -> tuple[NDArray[np.float64], float]:
        """Return position and heading of the second tortoise, which meets the first at a third."""
        meet = round(0.38 * self.frames)
        heading = float(self._paths.heading[meet]) + np.pi - 0.25
        ahead = np.array([np.cos(heading), np.sin(heading)])
        beside = np.array([-ahead[1], ahead[0]]) * 118
        return self._paths.position[meet] + beside + ahead * 1.9 * (index - meet), heading

    def _leaf_transform(self, index: int) -> Matrix:
        """Return where in the image the leaf is that drifts past the lens."""
        meet = round(0.64 * self.frames)
        picture, transform = self._walker(0, meet)
        over = transform[:, :2] @ np.array(picture.middle) + transform[:, 2]
        drift = np.array([16.0, -4.5]) * (index - meet)
        sway = np.array([0.0, 9 * np.sin((index - meet) / 9)])
        turn = -0.30 + 0.012 * (index - meet)
        return similarity(turn, 1.0, self._leaf.middle, over + drift + sway)

    def _visibility(
        self, picture: _Picture, transform: Matrix, leaf_transform: Matrix, box: Boxes
    ) -> float:
        """Return the part of the object that neither leaf nor edge of the image hides."""
        left, top = np.floor(box[:2]).astype(int)
        size = tuple(int(v) for v in np.ceil(box[2:]) - (left, top))
        body = cv2.warpAffine(picture.alpha, _shifted(transform, left, top), size) / 255.0
        over = cv2.warpAffine(self._leaf.alpha, _shifted(leaf_transform, left, top), size) / 255.0
        seen = body * (1 - over)
        rows = slice(max(0, -top), max(0, self.height - top))
        columns = slice(max(0, -left), max(0, self.width - left))
        return float(seen[rows, columns].sum() / body.sum())

    def _lit(self, image: Image, camera: Matrix, light: float) -> Image:
        """Return the image under moving tree shade (a map of the ground) and a cloud."""
        grown = chain(camera, np.array([[4.0, 0, 0], [0, 4.0, 0]]))
        shade = cv2.warpAffine(
            self._shade, grown, (self.width, self.height), borderMode=cv2.BORDER_REFLECT
        )
        return np.asarray(cv2.multiply(image, cv2.merge([shade] * 3), scale=light / 172), np.uint8)

    def _grainy(self, image: Image, index: int) -> Image:
        """Return the image with the noise of a sensor."""
        y, x = index * 37 % 61, index * 53 % 59
        light, dark = (g[y : y + self.height, x : x + self.width] for g in self._grain)
        return np.asarray(cv2.subtract(cv2.add(image, light), dark), np.uint8)


def _make_ground(rng: np.random.Generator) -> Image:
    ground = to_uint8(gravel(rng, *GROUND))
    for _ in range(46):
        tint = np.array(_TINTS[rng.integers(len(_TINTS))]) * rng.uniform(0.7, 1.1)
        picture = _picture(leaf(rng, int(rng.integers(40, 110)), tint))
        transform = rng.uniform((0, 0), (GROUND[1], GROUND[0]))
        where = similarity(rng.uniform(0, 2 * np.pi), 1.0, picture.middle, transform)
        _cast_shadow(ground, picture, where)
        _paste(ground, picture, where)
    return np.asarray(cv2.GaussianBlur(ground, (0, 0), 0.6), np.uint8)


def _make_shade(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return brightness (H / 4, W / 4) of sun and soft shade on the ground."""
    raw = noise(rng, GROUND[0] // 4, GROUND[1] // 4, 60, 3)
    return np.asarray(np.clip(130 + 420 * (raw - 0.30), 120, 235), np.uint8)


def _make_grain(rng: np.random.Generator) -> tuple[Image, Image]:
    raw = rng.normal(0, 2.2, (480 + 64, 640 + 64, 3))
    return np.asarray(np.rint(raw.clip(0)), np.uint8), np.asarray(np.rint((-raw).clip(0)), np.uint8)


def _defocus(sprite: Sprite) -> Sprite:
    """Return a sprite as a lens focused on the ground shows it when it is near."""
    pad = ((12, 12), (12, 12))
    alpha = np.pad(sprite.alpha, pad)
    colour = np.pad(sprite.colour, (*pad, (0, 0)), mode="edge")
    return Sprite(
        np.asarray(cv2.GaussianBlur(colour, (0, 0), 2.5), np.float32),
        np.asarray(cv2.GaussianBlur(alpha, (0, 0), 3.0), np.float32),
    )


def _picture(sprite: Sprite) -> _Picture:
    alpha = to_uint8(sprite.alpha)
    found, _ = cv2.findContours(
        (alpha > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hull = cv2.convexHull(np.concatenate(found)).reshape(-1, 2)
    # Contours run through pixel centres; the object ends half a pixel further out.
    outline = hull + 0.5 * np.sign(hull - (np.array(alpha.shape[::-1]) - 1) / 2)
    return _Picture(to_uint8(sprite.colour * sprite.alpha[..., None]), alpha, outline)


def _shifted(transform: Matrix, left: float, top: float) -> Matrix:
    moved = transform.copy()
    moved[:, 2] -= (left, top)
    return moved


def _area(
    image: Image, picture: _Picture, transform: Matrix, rim: int
) -> tuple[slice, slice] | None:
    """Return rows and columns of ``image`` that a picture can touch, None if it is outside."""
    h, w = picture.alpha.shape
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)]) @ transform[:, :2].T + transform[:, 2]
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - rim, 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + rim
    right, bottom = min(right, image.shape[1]), min(bottom, image.shape[0])
    return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None


def _paste(image: Image, picture: _Picture, transform: Matrix) -> None:
    """Draw a picture into ``image``."""
    area = _area(image, picture, transform, 1)
    if area is None:
        return
    part = image[area]
    moved, size = _shifted(transform, area[1].start, area[0].start), part.shape[1::-1]
    colour = cv2.warpAffine(picture.colour, moved, size)
    alpha = cv2.warpAffine(picture.alpha, moved, size)
    below = cv2.multiply(part, cv2.merge([255 - alpha] * 3), scale=1 / 255)
    image[area] = cv2.add(below, colour)


def _cast_shadow(image: Image, picture: _Picture, transform: Matrix) -> None:
    """Darken the ground to the lower right of a picture."""
    offset = _shifted(transform, -5, -6)
    area = _area(image, picture, offset, 8)
    if area is None:
        return
    part = image[area]
    moved = _shifted(offset, area[1].start, area[0].start)
    alpha = cv2.blur(cv2.warpAffine(picture.alpha, moved, part.shape[1::-1]), (9, 9))
    dim = 255 - cv2.convertScaleAbs(alpha, alpha=0.55)
    image[area] = cv2.multiply(part, cv2.merge([dim] * 3), scale=1 / 255)
