# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures drawn by the program: textured shapes on textured grounds, with their masks.

They stand in for photographs where none are at hand. A network that was trained on them alone has
learned to match and to follow, not what the world looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.datasets import Still
from re3_ros.images import Image

WIDTH, HEIGHT = 320, 240
_Map = NDArray[np.float32]


@dataclass(frozen=True)
class ProceduralStill(Still):
    """A still whose picture is drawn when asked for, the same for the same number."""

    number: int = 0

    def image(self) -> Image:
        """Return the picture, uint8 HxWx3 RGB."""
        return _draw(self.number)

    def mask(self) -> NDArray[np.uint8]:
        """Return 255 where the object is, HxW."""
        return _shape(np.random.default_rng(self.number))


def procedural_stills(count: int) -> list[Still]:
    """Return ``count`` stills, always the same ones; their images are not kept."""
    return [_still(number) for number in range(count)]


def _still(number: int) -> ProceduralStill:
    y, x = np.nonzero(_shape(np.random.default_rng(number)) > 127)
    box = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1], np.float64)
    return ProceduralStill(Path(f"drawn/{number}"), None, box, "none needed: drawn", number)


def _draw(number: int) -> Image:
    rng = np.random.default_rng(number)
    mask = _shape(rng)  # the first thing drawn, so that `mask` need not draw the rest
    picture = _texture(rng)
    for _ in range(rng.integers(0, 4)):
        _paint(picture, _texture(rng), _shape(rng))
    _paint(picture, _distinct(rng, picture[mask > 127].mean(0)), mask)
    return picture


def _paint(below: Image, above: Image, mask: NDArray[np.uint8]) -> None:
    """Lay one picture over another inside a mask, its edge softened."""
    weight = np.asarray(cv2.blur(mask, (3, 3)), np.float32)[..., None] / 255
    below[:] = below + (above - below.astype(np.float32)) * weight


def _distinct(rng: np.random.Generator, ground: NDArray[np.float64]) -> Image:
    """Return the texture, of three, whose colour differs most from that of the ground.

    An object that looks like what it lies on could not be told apart by anyone.
    """
    textures = [_texture(rng) for _ in range(3)]
    return max(textures, key=lambda t: float(abs(t.mean((0, 1)) - ground).sum()))


def _shape(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a filled blob or polygon, 255 inside, HxW."""
    corners = int(rng.integers(3, 9)) if rng.random() < 0.5 else 48
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    waves = sum(
        rng.uniform(0, 0.25) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4)
    )
    radius = np.exp(waves)[:, None] * rng.uniform(25, 75) * np.exp(rng.normal(0, 0.2, 2))
    turn = rng.uniform(0, 2 * np.pi)
    outline = np.stack([np.cos(angle + turn), np.sin(angle + turn)], 1) * radius
    middle = np.array([WIDTH, HEIGHT]) * rng.uniform(0.35, 0.65, 2)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [(outline + middle).round().astype(np.int32)], 255)
    return mask


def _texture(rng: np.random.Generator) -> Image:
    """Return a picture (H, W, 3) of two colours, mixed by noise, in patches or in stripes."""
    kind = rng.integers(3)
    if kind == 0:
        weight = _noise(rng, int(rng.integers(3, 60)))
    elif kind == 1:
        weight = _stripes(rng)
    else:
        weight = np.where(_noise(rng, int(rng.integers(6, 40))) > 0.5, 1, 0).astype(np.float32)
    grain = (_noise(rng, 4) - 0.5) * np.float32(rng.uniform(0, 80))
    one, two = rng.uniform(0, 255, (2, 3)).astype(np.float32)
    planes = [(a + (b - a) * weight + grain).clip(0, 255) for a, b in zip(one, two, strict=True)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def _noise(rng: np.random.Generator, cell: int) -> _Map:
    """Return smooth noise (H, W) in 0 ... 1 whose bumps are about ``cell`` pixels wide."""
    coarse = rng.random((HEIGHT // cell + 2, WIDTH // cell + 2)).astype(np.float32)
    smooth = np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))
    low, high = smooth.min(), smooth.max()
    return np.asarray((smooth - low) / max(high - low, 1e-6), np.float32)


def _stripes(rng: np.random.Generator) -> _Map:
    """Return stripes, or the squares of a chessboard, (H, W) in 0 ... 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    turn, wave = rng.uniform(0, np.pi), 2 * np.pi / rng.uniform(6, 40)
    along = np.sin((x * np.cos(turn) + y * np.sin(turn)) * wave)
    across = np.sin((y * np.cos(turn) - x * np.sin(turn)) * wave)
    pattern = along * across if rng.random() < 0.4 else along
    return np.asarray((pattern * rng.uniform(1, 6)).clip(-1, 1) / 2 + 0.5, np.float32)
