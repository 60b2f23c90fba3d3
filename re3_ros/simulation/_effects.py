# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What may befall a simulated target beyond moving: see `SimulatorConfig`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, size
from re3_ros.images import Image

from ._config import SimulatorConfig
from ._layers import Affine, Cutout, Layer, Wave, row_ends
from ._motion import Array, linear, translation, wander
from ._track import SCREEN

_GROUND = np.array([480, 360])
"""Width and height of ground in pixels."""
_SHORTEST = 4
"""Frames in which something can go away and come back."""


@dataclass(frozen=True)
class Target:
    """The tracked layer and points inside the target, in pixels of its cutout."""

    layer: Layer
    points: NDArray[np.float64]


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True with probability ``share``; at 0 without drawing a number."""
    return share > 0 and bool(rng.random() < share)


def vary(rng: np.random.Generator, config: SimulatorConfig, target: Target) -> Target:
    """Return the target tilting, swaying and leaving the screen as the configuration says.

    Only what is cut out can tilt and sway; the object of a whole photograph cannot.
    """
    layer = target.layer
    if layer.cutout.alpha is not None and chance(rng, config.tilt):
        layer = tilted(rng, layer)
    if layer.cutout.alpha is not None and chance(rng, config.bend):
        layer = swaying(rng, layer)
    if chance(rng, config.leave):
        layer = leaving(rng, layer)
    return replace(target, layer=layer)


def tilted(rng: np.random.Generator, layer: Layer) -> Layer:
    """Return a flat layer that turns about its upright and its level axis, seen in perspective."""
    frames = len(layer.motion)
    height, width = layer.cutout.colours.shape[:2]
    yaw, pitch = (
        np.clip(wander(rng, frames, abs(rng.normal(0, 0.06))), -1.1, 1.1) for _ in range(2)
    )
    turn = linear(np.cos(yaw), np.cos(pitch), np.zeros(frames))
    # The eye is three half widths away: near halves look up to twice as large as far ones.
    turn[:, 2, 0], turn[:, 2, 1] = np.sin(yaw) / 3, np.sin(pitch) / 3
    inner = np.diag([2 / width, 2 / height, 1.0]) @ translation(-width / 2, -height / 2)
    return replace(layer, motion=layer.motion @ np.linalg.inv(inner) @ turn @ inner)


def swaying(rng: np.random.Generator, layer: Layer) -> Layer:
    """Return a layer through whose rows a wave runs; its box follows the rows that are opaque."""
    cutout, frames = layer.cutout, len(layer.motion)
    assert cutout.alpha is not None
    height, width = cutout.alpha.shape
    low, high = cutout.outline.min(0), cutout.outline.max(0)
    outline = row_ends(cutout.alpha)
    if not (np.allclose(outline.min(0), low) and np.allclose(outline.max(0), high)):
        # A part of the object is a rectangle, whatever is opaque in it.
        y = np.linspace(low[1], high[1], 32)
        outline = np.concatenate([np.stack([np.full(32, x), y], 1) for x in (low[0], high[0])])
    wave = Wave(
        amplitude=width * rng.uniform(0.02, 0.08) * _fade_in(frames),
        phase=rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(rng.normal(0, 0.3), 0.1, frames)),
        pitch=float(2 * np.pi * rng.uniform(0.4, 1.5) / height),
    )
    return replace(layer, cutout=replace(cutout, outline=outline), wave=wave)


def leaving(rng: np.random.Generator, layer: Layer) -> Layer:
    """Return a layer whose box is drawn off the screen over its nearest side, and comes back."""
    boxes = layer.boxes()
    if len(boxes) < _SHORTEST:
        return layer
    away = excursion(rng, len(boxes), ramp=len(boxes) // 3)
    gone = boxes[away == 1]
    width, height = SCREEN
    gaps = np.array([gone[:, 2].max(), gone[:, 3].max(), width - gone[:, 0].min(),
                     height - gone[:, 1].min()])  # fmt: skip
    side = int(gaps.argmin())
    slack = rng.uniform(0.05, 0.5) * size(gone).max()
    shift = (gaps[side] + slack) * away * (-1 if side < 2 else 1)
    x, y = (shift, np.zeros_like(shift))[:: 1 if side % 2 == 0 else -1]
    return moved(layer, translation(x, y))


def occluder(rng: np.random.Generator, image: Image, boxes: Boxes) -> list[Layer]:
    """Return an opaque piece of a photograph that hides the boxes (T, 4) for some frames."""
    if len(boxes) < _SHORTEST:
        return []
    here = excursion(rng, len(boxes), ramp=len(boxes) // 5)
    hidden = boxes[here == 1]
    low, high = hidden[:, :2].min(0), hidden[:, 2:].max(0)
    extent = (high - low) * rng.uniform(1.05, 1.5, 2)
    heading = rng.uniform(0, 2 * np.pi)
    # From outside of every box that it must not hide yet.
    reach = np.hypot(*(extent + size(boxes).max(0))) + np.hypot(*np.ptp(boxes[:, :2], axis=0))
    offset = (1 - here)[:, None] * np.array([np.cos(heading), np.sin(heading)]) * reach
    return [_pane(rng, image, (low + high) / 2 + offset, extent)]


def changed_appearance(rng: np.random.Generator, layer: Layer, colours: Image) -> list[Layer]:
    """Return ``colours`` in the shape of a layer, shown little by little over it."""
    frames, alpha = len(layer.motion), layer.cutout.alpha
    assert alpha is not None
    start, length = rng.uniform(0, 0.6) * frames, rng.uniform(0.3, 1.0) * frames
    fitted = np.asarray(cv2.resize(colours, alpha.shape[::-1]), np.uint8)
    opacity = np.clip((np.arange(frames) - start) / length, 0, 1)
    return [replace(layer, cutout=replace(layer.cutout, colours=fitted), opacity=opacity)]


def ground(rng: np.random.Generator, image: Image) -> Image:
    """Return a fine texture: the picture shrunk and laid out in mirror images of itself."""
    height, width = image.shape[:2]
    side = rng.uniform(40, 120)
    scale = side / np.sqrt(height * width)
    tile = cv2.resize(
        image,
        (max(8, round(width * scale)), max(8, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    pair = np.concatenate([tile, tile[:, ::-1]], axis=1)
    four = np.concatenate([pair, pair[::-1]], axis=0)
    columns, rows = np.ceil(_GROUND / np.array([four.shape[1], four.shape[0]])).astype(int)
    return np.asarray(np.tile(four, (rows, columns, 1))[: _GROUND[1], : _GROUND[0]])


def camera(rng: np.random.Generator, config: SimulatorConfig, frames: int) -> Affine | None:
    """Return the jerky motion (T, 3, 3) of the whole picture, or None for a steady hand."""
    if not chance(rng, config.shake):
        return None
    jolts = rng.laplace(0, config.shake_size, (frames, 3))
    swing = np.zeros_like(jolts)
    for t in range(1, frames):
        swing[t] = jolts[t] + 0.5 * swing[t - 1]
    ones, (width, height) = np.ones(frames), SCREEN
    roll = linear(ones, ones, 0.5 * swing[:, 2])
    place = translation(width / 2 + height * swing[:, 0], height / 2 + height * swing[:, 1])
    return place @ roll @ translation(-width / 2, -height / 2)


def moved(layer: Layer, motion: Affine) -> Layer:
    """Return a layer moved further, by (T, 3, 3) on the screen."""
    return replace(layer, motion=motion @ layer.motion)


def tinted(rng: np.random.Generator, tables: NDArray[np.uint8], drift: float) -> NDArray[np.uint8]:
    """Return tables (T, 256, 3) of a white balance that is off and drifts."""
    frames = len(tables)
    gains = [rng.normal(0, drift) + wander(rng, frames, drift / 20) for _ in range(3)]
    gain = np.exp(np.stack(gains, axis=1))[:, None]
    return np.asarray((tables[..., None] * gain).clip(0, 255), np.uint8)


def excursion(rng: np.random.Generator, frames: int, ramp: int) -> Array:
    """Return (T,) a rise from 0 to 1, some frames at 1, and a fall back to 0 by the last frame.

    Rise and fall last up to ``ramp`` frames each, at most a third of all.
    """
    rise, fall = rng.integers(1, max(ramp, 1), 2, endpoint=True)
    stay = int(rng.integers(1, max(frames // 4, 1), endpoint=True))
    length = int(rise + stay - 1 + fall)
    start = int(rng.integers(0, frames - 1 - length, endpoint=True))
    time = np.arange(frames) - start
    return np.asarray(np.clip(np.minimum(time / rise, (length - time) / fall), 0, 1))


def _fade_in(frames: int) -> Array:
    """Return (T,) from 0 to 1, so that a track begins with the shape of its photograph."""
    return np.asarray(np.minimum(np.arange(frames) / 4, 1.0))


def _pane(rng: np.random.Generator, image: Image, place: Array, extent: Array) -> Layer:
    """Return a rectangle of a photograph, ``extent`` (2,) large, centred at ``place`` (T, 2)."""
    height, width = image.shape[:2]
    w, h = (max(8, int(side * rng.uniform(0.2, 0.6))) for side in (width, height))
    x, y = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
    outline = np.array([[0.0, 0.0], [w, 0.0], [0.0, h], [w, h]])
    cutout = Cutout(image[y : y + h, x : x + w], np.full((h, w), 255, np.uint8), outline)
    scale_x, scale_y = (np.full(len(place), s) for s in extent / [w, h])
    motion = translation(*place.T) @ linear(scale_x, scale_y, np.zeros(len(place)))
    return Layer(cutout, motion @ translation(-w / 2, -h / 2))
