# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered depth images whose truth is known: an object that moves, and something that hides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.spatial import MILLIMETRE, CameraModel, DepthImage

Array = NDArray[np.float64]

DEPTH_CAMERA = CameraModel(fx=300.0, fy=300.0, cx=160.0, cy=120.0, width=320, height=240)
"""About that of a common depth camera at 320 x 240."""
WALL = 3.0
"""Distance of the wall behind everything, in metres."""
FLOOR = 0.45
"""Of the table, in metres below the camera."""
NOISE = 0.002
"""Standard deviation of a distance of a metre; it grows with the square, as in stereo cameras."""
HOLES = 0.03
"""Part of all pixels that hold nothing."""
SHADOW = 0.03
"""Width of what a stereo camera cannot see beside an edge, in metres of the nearer side."""


class Solid(Protocol):
    """Something that rays hit."""

    def hit(self, x: Array, y: Array) -> Array:
        """Return z (H, W) where the rays (x, y, 1) hit it, infinite where they do not.

        ``x`` is (1, W), ``y`` (H, 1): what depends on one of them alone costs little.
        """


@dataclass(frozen=True)
class Ball:
    """A ball about ``centre`` (3,), in metres."""

    centre: tuple[float, float, float]
    radius: float

    def hit(self, x: Array, y: Array) -> Array:
        """Return z where the rays (x, y, 1) hit it, infinite where they do not."""
        cx, cy, cz = self.centre
        a, b = x * x + y * y + 1, cx * x + cy * y + cz
        inside = b * b - a * (cx * cx + cy * cy + cz * cz - self.radius**2)
        return np.where(inside >= 0, (b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)


@dataclass(frozen=True)
class Block:
    """A block along the axes, from corner ``low`` to corner ``high``, in metres."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def hit(self, x: Array, y: Array) -> Array:
        """Return z where the rays (x, y, 1) hit it, infinite where they do not."""
        near, far = np.array(self.low[2]), np.array(self.high[2])
        for ray, low, high in ((x, self.low[0], self.high[0]), (y, self.low[1], self.high[1])):
            with np.errstate(divide="ignore", invalid="ignore"):
                ends = np.stack([low / ray, high / ray])
            always = np.array([-np.inf, np.inf] if low <= 0 <= high else [np.inf, np.inf])
            ends = np.where(ray == 0, always.reshape(2, 1, 1), ends)
            near, far = np.maximum(near, ends.min(0)), np.minimum(far, ends.max(0))
        return np.where(near <= far, near, np.inf)


@dataclass(frozen=True)
class DepthView:
    """One image of the scene."""

    stamp: int
    """In ns."""
    depth: DepthImage
    """As a camera sends it: millimetres in 16 bits, with noise and holes."""
    box: Boxes
    """(4,) around the whole object, hidden or not, as a tracker has it: not quite exact."""
    distance: float
    """Truth: median z of the object's near side, without what hides it."""
    position: Array
    """Truth (3,): that distance on the ray through the middle of the object's exact box."""
    hidden: float
    """Part of the object that is hidden."""


@dataclass(frozen=True)
class DepthScene:
    """An object on its way from 1 m to 1.5 m, across which something narrow is drawn.

    In the middle third of the time a board, ``gap`` metres in front, hides the part ``cover`` of
    the object's width.
    """

    shape: Literal["ball", "block", "bottle"] = "block"
    cover: float = 0.4
    gap: float = 0.25
    frames: int = 90
    rate: float = 30.0
    """Images a second."""
    box_error: float = 0.04
    """Standard deviation of the box, as a part of its sides."""
    seed: int = 0

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[DepthView]:
        rng = np.random.default_rng(self.seed)
        return (self._view(i, rng) for i in range(self.frames))

    def _view(self, index: int, rng: np.random.Generator) -> DepthView:
        part = index / max(1, self.frames - 1)
        target, width = self._target(part)
        room = [Block((-9, -9, WALL), (9, 9, 9)), Block((-9, FLOOR, 0.3), (9, 9, 9))]
        alone, whole = _cast([*room, *target], len(room))
        solids = [*room, *target, *self._board(part, width)]
        seen, shown = _cast(solids, len(room), len(room) + len(target))
        ys, xs = np.nonzero(whole)
        box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float64)
        distance = float(np.median(alone[whole]))
        ray = np.array([*DEPTH_CAMERA.rays((box[:2] + box[2:]) / 2), 1.0])
        error = rng.normal(0, self.box_error, 4) * np.tile(box[2:] - box[:2], 2)
        return DepthView(
            stamp=round(1e9 * (1 + index / self.rate)),
            depth=_sensed(seen, rng),
            box=box + error,
            distance=distance,
            position=distance * ray,
            hidden=1 - float(shown.sum() / whole.sum()),
        )

    def _target(self, part: float) -> tuple[list[Solid], tuple[float, float, float]]:
        """Return the object, and its left side, its width, and its distance."""
        x, z = 0.12 * np.sin(2 * np.pi * part), 1.0 + 0.5 * part
        if self.shape == "ball":
            return [Ball((x, 0.1, z + 0.08), 0.08)], (x - 0.08, 0.16, z)
        half = 0.09 if self.shape == "block" else 0.03
        top = FLOOR - (0.2 if self.shape == "block" else 0.25)
        body = Block((x - half, top, z), (x + half, FLOOR, z + 2 * half))
        return [body], (x - half, 2 * half, z)

    def _board(self, part: float, target: tuple[float, float, float]) -> list[Solid]:
        """Return what hides the object, if it does now; it comes from the left."""
        if not (1 / 3 <= part < 2 / 3):
            return []
        left, width, z = target
        near = (z - self.gap) / z  # its edge covers the object as seen from the camera
        right = (left + self.cover * width) * near
        return [Block((right - 0.3, -9, z - self.gap), (right, 9, z - self.gap + 0.01))]


def _cast(
    solids: Sequence[Solid], first: int, last: int | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """Return z of every pixel, and which of them show solids ``first`` to ``last``."""
    camera = DEPTH_CAMERA
    columns = np.arange(camera.width, dtype=np.float64)[None, :]
    rows = np.arange(camera.height, dtype=np.float64)[:, None]
    x, y = (
        (columns + 0.5 - camera.cx) / camera.fx,
        (rows + 0.5 - camera.cy) / camera.fy,
    )
    hits = np.stack([solid.hit(x, y) for solid in solids])
    nearest = hits.argmin(0)
    end = len(solids) if last is None else last
    return hits.min(0), (nearest >= first) & (nearest < end)


def _sensed(z: Array, rng: np.random.Generator) -> DepthImage:
    """Return what a stereo camera makes of true distances."""
    noisy = z + rng.normal(0, NOISE, z.shape) * z * z
    step = np.diff(z, axis=1, append=z[:, -1:])
    flying = np.abs(step) > 0.05
    noisy[flying] += rng.random(flying.sum()) * step[flying]
    hidden = rng.random(z.shape) < HOLES
    # Left of each right edge of something near lies what only one of two lenses sees.
    for row, column in zip(*np.nonzero(step < -0.05), strict=True):
        width = int(SHADOW * DEPTH_CAMERA.fx * (1 / z[row, column + 1] - 1 / z[row, column]))
        hidden[row, max(0, column + 1 - width) : column + 1] = True
    counts = np.rint(noisy / MILLIMETRE).clip(0, 65535)
    return DepthImage(np.where(hidden, 0, counts).astype(np.uint16), MILLIMETRE)
