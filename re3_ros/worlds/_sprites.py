# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Things that lie or walk on the ground of the demo scene: leaves and tortoises."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._texture import Field, blend, noise, relief

PHASES = 8
"""Pictures of one step of a walk."""

Points = NDArray[np.float64]


class Sprite(NamedTuple):
    """A picture with a soft outline, drawn heading right."""

    colour: Field
    """(H, W, 3) in 0 ... 1."""
    alpha: Field
    """(H, W) in 0 ... 1."""


class Coat(NamedTuple):
    """Colours of a tortoise, RGB in 0 ... 1."""

    plate: tuple[float, float, float]
    rim: tuple[float, float, float]
    skin: tuple[float, float, float]


def leaf(rng: np.random.Generator, length: int, tint: ArrayLike) -> Sprite:
    """Return a leaf ``length`` pixels long, pointed at both ends, with veins."""
    h, w = int(length * 0.62), length
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    u, v = (x + 0.5) / w, (y + 0.5 - h / 2) / h * 2
    half = 1.02 * np.clip(np.sin(np.pi * u**0.8), 0, 1) ** 0.75
    alpha = np.clip((half * (0.93 + 0.05 * np.sin(u * 55)) - np.abs(v)) * h / 4, 0, 1)
    blotch = noise(rng, h, w, max(8, length / 6), 5)
    light = (0.60 + 0.8 * blotch + 0.10 * v) * relief(noise(rng, h, w, max(3, length / 20), 3), 0.2)
    drift = rng.normal(0, 0.02, 3) * (blotch[..., None] - 0.5) * 4
    colour = np.asarray(tint, np.float32) * light[..., None] + drift
    side = np.abs(((u * 11 - np.abs(v) * 2.2) % 1) - 0.5)
    veins = 0.22 * np.clip(1 - side * 9, 0, 1) * (np.abs(v) < half * 0.9)
    lines = np.clip(veins + 0.4 * np.clip(1.4 - np.abs(v) * h / 4.5, 0, 1), 0, 1)
    colour = blend(colour.astype(np.float32), np.clip(colour * 1.5 + 0.06, 0, 1), _f32(lines))
    return Sprite(_f32(np.clip(colour, 0, 1)), _f32(alpha))


def tortoise(rng: np.random.Generator, length: int, coat: Coat) -> list[Sprite]:
    """Return PHASES pictures of a tortoise walking, seen from above, ``length`` pixels long."""
    shape = (int(length * 0.78), length)
    shell = _shell(rng, shape, coat)
    skin = noise(rng, *shape, max(3.0, length / 18), 4)
    return [_walking(shape, shell, skin, coat, 2 * np.pi * i / PHASES) for i in range(PHASES)]


def _walking(
    shape: tuple[int, int], shell: Sprite, skin: Field, coat: Coat, phase: float
) -> Sprite:
    """Return the shell over legs, head and tail as they are at ``phase`` of a step."""
    swing = 0.055 * np.sin(phase)
    parts = [
        (0.80, 0.02 * np.sin(phase), 0.19, 0.115),
        (-0.86, 0, 0.13, 0.03),
        (0.55 + swing, 0.50, 0.15, 0.17),
        (0.55 - swing, -0.50, 0.15, 0.17),
        (-0.62 - swing, 0.50, 0.15, 0.15),
        (-0.62 + swing, -0.50, 0.15, 0.15),
    ]
    alpha = np.zeros(shape, np.float32)
    for x, y, rx, ry in parts:
        alpha = np.maximum(alpha, _ellipse(shape, x, y, rx, ry))
    colour = np.asarray(coat.skin, np.float32) * (0.35 + 1.1 * skin + 0.2 * alpha)[..., None]
    for y in (-0.075, 0.075):
        colour = blend(colour, (0.03, 0.03, 0.03), _ellipse(shape, 0.90, y, 0.02, 0.02))
    colour = blend(_f32(colour), shell.colour, shell.alpha)
    return Sprite(_f32(np.clip(colour, 0, 1)), np.maximum(alpha, shell.alpha))


def _shell(rng: np.random.Generator, shape: tuple[int, int], coat: Coat) -> Sprite:
    """Return horn plates with dark growth rings on a dome lit from the upper left."""
    x, y = _grid(shape)
    alpha = _ellipse(shape, -0.05, 0.0, 0.80, 0.63)
    near, second, owner = _two_nearest(np.stack([x, y], -1), _plates(rng))
    seam = np.clip((second - near) * 16, 0, 1)
    rings = 0.82 + 0.18 * np.sin(near * 75 + owner)
    core = np.clip(1.25 - near * 6.5, 0, 1)
    plate, rim = np.asarray(coat.plate), np.asarray(coat.rim)
    colour = rim + (plate - rim) * (0.25 + 0.75 * core[..., None])
    colour = colour * (rings * (0.35 + 0.65 * seam))[..., None]
    radius = np.clip((x + 0.05) ** 2 / 0.64 + y**2 / 0.397, 0, 1)
    dome = np.sqrt(1 - 0.97 * radius)
    light = (0.45 + 0.55 * dome - 0.22 * (x + y)) * (0.75 + 0.5 * noise(rng, *shape, 9, 4))
    shine = 0.25 * np.exp(-(((x + 0.25) / 0.16) ** 2) - ((y + 0.2) / 0.12) ** 2)
    return Sprite(_f32(np.clip(colour * light[..., None] + shine[..., None], 0, 1)), alpha)


def _plates(rng: np.random.Generator) -> Points:
    """Return centres of five plates along the back, four on each side, and a rim of 22."""
    back = [(v, 0.0) for v in np.linspace(-0.63, 0.55, 5)]
    sides = [(v, s * 0.31) for v in np.linspace(-0.48, 0.42, 4) for s in (-1, 1)]
    turns = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    rim = [(0.75 * np.cos(t) - 0.05, 0.58 * np.sin(t)) for t in turns]
    points = np.array(back + sides + rim)
    return points + rng.normal(0, 0.012, points.shape)


def _two_nearest(
    pixels: NDArray[np.float32], points: Points
) -> tuple[Field, Field, NDArray[np.intp]]:
    """Return distances (H, W) to the nearest two of ``points`` and the index of the nearest."""
    away = np.linalg.norm(pixels[..., None, :] - points.astype(np.float32), axis=-1)
    order = np.partition(away, 1, axis=-1)
    return order[..., 0], order[..., 1], away.argmin(axis=-1)


def _ellipse(shape: tuple[int, int], x: float, y: float, rx: float, ry: float) -> Field:
    """Return the soft mask (H, W) of an ellipse; the sprite is 2 units long."""
    px, py = _grid(shape)
    radius = np.sqrt(((px - x) / rx) ** 2 + ((py - y) / ry) ** 2)
    return _f32(np.clip((1 - radius) * min(rx, ry) * shape[1] / 3, 0, 1))


def _grid(shape: tuple[int, int]) -> tuple[Field, Field]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    unit = shape[1] / 2
    return (x + 0.5 - unit) / unit, (y + 0.5 - shape[0] / 2) / unit


def _f32(values: ArrayLike) -> Field:
    return np.asarray(values, np.float32)
