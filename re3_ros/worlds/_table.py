# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A table that a camera on an arm looks at: what it sees depends on how the arm was moved."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image
from re3_ros.spatial import MILLIMETRE, CameraModel, DepthImage

from ._quads import Eye, Quad, Scene, box_sides, corners_of, render
from ._texture import noise, relief

Array = NDArray[np.float64]

LAG = 0.12
"""Seconds in which the arm comes by all but a third to the speed that it is told."""
BOARD_HEIGHT = 0.16
"""Metres above the table at which the board is drawn across."""
BOARD_SIZE = (0.22, 0.30)
BOARD_SPEED = 0.20
NOISE = 0.0015
"""Standard deviation of a distance of a metre; it grows with the square, as in stereo cameras."""
_PUSHED = ((0.30, 0.14, 0.35), (0.80, -0.10, -0.5))
"""Part of the time, metres and radians by which the object is pushed then, for a tenth of it."""


class TableView(NamedTuple):
    """What the camera sees at one time, and the truth about it."""

    image: Image
    """uint8 (480, 640, 3) RGB."""
    depth: DepthImage
    """Of the same pixels, in millimetres."""
    box: Boxes
    """(4,) x1, y1, x2, y2 of the whole object, occluded parts included."""
    visibility: float
    """Part of the object in the image that nothing hides, 0 ... 1."""
    position: Array
    """(3,) of the object's middle in the camera's frame, in metres."""
    axes: Array
    """(3, 3) whose columns are the object's long side, short side and way down, in that frame."""


class Table:
    """A carton on a table among others, and a camera on an arm above it.

    The carton is pushed aside twice. In between, a board is drawn through the line of sight and
    hides it for more than a second. The camera is moved by `move`; the rest is the same for the
    same ``seed``.
    """

    camera = CameraModel(fx=520.0, fy=520.0, cx=320.0, cy=240.0, width=640, height=480)
    fps = 20.0
    object_size = (0.085, 0.055, 0.05)
    """Sides of the carton in metres, the last one its height."""

    def __init__(self, seed: int = 0, seconds: float = 20.0) -> None:
        self._rng = np.random.default_rng(seed)
        self.seconds = seconds
        self.hidden_at = 0.58 * seconds
        """Time in s at which the board is right in front of the carton."""
        self.time = 0.0
        self.eye = _above(self._rng)
        self.twist = np.zeros(6)
        """(6,) what the camera does now, in its own frame: m/s and rad/s."""
        self._ground = _wood(self._rng, 1500)
        self._carton = _carton(self._rng, (0.86, 0.36, 0.16))
        self._others = [
            (_carton(self._rng, tint), place, yaw)
            for tint, place, yaw in (
                ((0.25, 0.45, 0.68), (-0.21, 0.10, 0.0), 0.7),
                ((0.40, 0.60, 0.30), (0.20, -0.17, 0.0), -0.4),
                ((0.72, 0.66, 0.50), (0.05, 0.24, 0.0), 1.2),
            )
        ]
        self._board = _plank(self._rng)
        self._crossing: tuple[Array, Array] | None = None

    @property
    def frames(self) -> int:
        """Images from begin to end."""
        return round(self.seconds * self.fps)

    @property
    def is_over(self) -> bool:
        """Whether all has been shown."""
        return self.time >= self.seconds - 1e-9

    def move(self, twist: ArrayLike, seconds: float) -> None:
        """Let time pass, with the arm told to move the camera at a twist (6,) in its own frame."""
        told = np.asarray(twist, np.float64)
        before = self.twist
        self.twist = told + (before - told) * np.exp(-seconds / LAG)
        self.eye = self.eye.moved((before + self.twist) / 2, seconds)
        self.time += seconds
        if self._crossing is None and self.time >= self.hidden_at - 2.0:
            self._crossing = self._fix_crossing()

    def view(self) -> TableView:
        """Render what the camera sees now."""
        carton = self._carton_now()
        scene = render([*self._room(), *carton, *self._board_now()], self.eye, self.camera)
        seen = self.eye.to_camera(corners_of(carton))
        pixels = seen[:, :2] / seen[:, 2:] * (self.camera.fx, self.camera.fy)
        pixels += (self.camera.cx, self.camera.cy)
        return TableView(
            self._grainy(scene.image),
            self._sensed(scene),
            np.concatenate([pixels.min(0), pixels.max(0)]),
            scene.visible.get("carton", 0.0),
            self.eye.to_camera(self._middle()),
            self.eye.rotation.T @ self._axes(),
        )

    def _pushed(self, time: float) -> tuple[Array, float]:
        """Return where the carton stands at a time, and its yaw."""
        place, yaw = np.zeros(3), 0.4
        for begin, metres, turn in _PUSHED:
            part = float(np.clip((time / self.seconds - begin) / 0.1, 0.0, 1.0))
            smooth = part * part * (3 - 2 * part)
            place += np.array([0.6, 0.8, 0.0]) * metres * smooth
            yaw += turn * smooth
        return place, yaw

    def _middle(self, time: float | None = None) -> Array:
        place, _ = self._pushed(self.time if time is None else time)
        place[2] += self.object_size[2] / 2
        return place

    def _axes(self) -> Array:
        _, yaw = self._pushed(self.time)
        cos, sin = np.cos(yaw), np.sin(yaw)
        return np.array([[cos, sin, 0.0], [sin, -cos, 0.0], [0.0, 0.0, -1.0]])

    def _carton_now(self) -> list[Quad]:
        place, yaw = self._pushed(self.time)
        return box_sides(self._carton, place, self.object_size, yaw, "carton")

    def _room(self) -> list[Quad]:
        half = 1.1
        corner, side = np.array([-half, half, 0.0]), 2 * half
        quads = [Quad(self._ground, corner, np.array([side, 0, 0]), np.array([0, -side, 0.0]))]
        for index, (pictures, place, yaw) in enumerate(self._others):
            size = np.array(self.object_size) * (1.0, 1.2, 0.8 + 0.3 * index)
            quads += box_sides(pictures, place, size, yaw, f"other {index}")
        return quads

    def _board_now(self) -> list[Quad]:
        if self._crossing is None:
            return []
        middle, direction = self._crossing
        now = middle + direction * BOARD_SPEED * (self.time - self.hidden_at)
        across = np.cross([0.0, 0.0, 1.0], direction)
        right, down = direction * BOARD_SIZE[0], -across * BOARD_SIZE[1]
        return [Quad(self._board, now - (right + down) / 2, right, down, "board")]

    def _fix_crossing(self) -> tuple[Array, Array]:
        """Return where the board crosses the line of sight, and its direction."""
        meets = self._middle(self.hidden_at)
        sight = self.eye.position - meets
        across = np.cross([0.0, 0.0, 1.0], [sight[0], sight[1], 0.0])
        length = float(np.linalg.norm(across))
        direction = across / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
        return meets + sight * (BOARD_HEIGHT - meets[2]) / sight[2], direction

    def _grainy(self, image: Image) -> Image:
        grain = self._rng.integers(-4, 5, (*image.shape[:2], 1), np.int16)
        return np.asarray(np.clip(image.astype(np.int16) + grain, 0, 255), np.uint8)

    def _sensed(self, scene: Scene) -> DepthImage:
        z = np.where(np.isfinite(scene.depth), scene.depth, 0.0)
        noisy = z + self._rng.standard_normal(z.shape, np.float32) * NOISE * z * z
        return DepthImage(np.rint(noisy / MILLIMETRE).clip(0, 65535).astype(np.uint16), MILLIMETRE)


def _above(rng: np.random.Generator) -> Eye:
    """Return where the camera begins: above the table, tilted, the carton away from the middle."""
    tilt = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1.0]])  # straight down, x to the right
    turn = np.asarray(cv2.Rodrigues(np.array([0.32, 0.0, 0.0]))[0], np.float64)
    aside = rng.uniform(-0.01, 0.01, 2)
    return Eye(tilt @ turn, np.array([-0.14 + aside[0], -0.10 + aside[1], 0.58]))


def _wood(rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    """Return RGBA of boards with their grain."""
    grain = cv2.resize(noise(rng, side, side // 12, 40, 5), (side, side))
    fine = cv2.resize(noise(rng, side, side // 6, 5, 2), (side, side))
    light = 0.62 + 0.55 * (grain - 0.5) + 0.25 * (fine - 0.5)
    boards = np.arange(side) // (side // 9)
    tone = rng.uniform(0.86, 1.08, 10)[boards][:, None]
    seam = 1 - 0.5 * (np.arange(side) % (side // 9) < 3)[:, None]
    colour = (light * tone * seam)[..., None] * np.array([0.86, 0.66, 0.46])
    return _opaque(colour)


def _plank(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return RGBA of a grey board."""
    rough = noise(rng, 300, 220, 60, 5)
    colour = (0.35 + 0.35 * rough)[..., None] * np.array([0.9, 0.95, 1.0])
    return _opaque(colour * relief(rough, 0.8)[..., None])


def _carton(rng: np.random.Generator, tint: tuple[float, float, float]) -> list[NDArray[np.uint8]]:
    """Return RGBA of the top and the four sides of a printed carton."""
    shades = (1.0, 0.62, 0.80, 0.70, 0.88)
    shapes = ((120, 180), *[(110, 180), (110, 120)] * 2)
    return [_printed(rng, shape, tint, shade) for shape, shade in zip(shapes, shades, strict=True)]


def _printed(
    rng: np.random.Generator,
    shape: tuple[int, int],
    tint: tuple[float, float, float],
    shade: float,
) -> NDArray[np.uint8]:
    h, w = shape
    canvas = np.full((h, w, 3), np.array(tint) * 255, np.uint8)
    pale, dark = (242, 236, 220), tuple(int(255 * v * 0.35) for v in tint)
    cv2.rectangle(canvas, (0, int(h * 0.62)), (w, int(h * 0.84)), pale, -1)
    cv2.circle(canvas, (int(w * 0.28), int(h * 0.32)), int(h * 0.22), pale, -1)
    cv2.circle(canvas, (int(w * 0.28), int(h * 0.32)), int(h * 0.11), dark, -1)
    for x in range(int(w * 0.12), int(w * 0.85), 9):
        wide = int(rng.integers(2, 6))
        cv2.rectangle(canvas, (x, int(h * 0.67)), (x + wide, int(h * 0.79)), dark, -1)
    cv2.line(canvas, (int(w * 0.55), int(h * 0.2)), (int(w * 0.9), int(h * 0.2)), dark, 6)
    cv2.line(canvas, (int(w * 0.55), int(h * 0.4)), (int(w * 0.8), int(h * 0.4)), pale, 6)
    wear = 0.9 + 0.2 * noise(rng, h, w, 30, 4)
    return _opaque(canvas / 255.0 * (wear * shade)[..., None])


def _opaque(colour: ArrayLike) -> NDArray[np.uint8]:
    rgb = np.clip(np.asarray(colour) * 255, 0, 255).astype(np.uint8)
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
