# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Objects like the target that come in its way: what looks alone do not tell apart.

The target stays the one that was marked in the first frame. A rival crosses it, stops in front of
it, goes along with it, or is beside it at first and parts from it; over it in part or wholly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import area, centre, size
from re3_ros.datasets import Still
from re3_ros.images import Image

from ._layers import Cutout, Layer
from ._motion import Array, about, wander
from ._track import Way

CROWD = 10
"""Objects beside a target in a crowd."""
WAYS: tuple[Way, ...] = ("cross", "stop", "along", "part")


def kind_of(still: Still) -> str:
    """Return what kind of object a still shows, as far as its file name tells: its first words."""
    return still.image_path.stem.rstrip("0123456789").rstrip("_- ")


def rival(rng: np.random.Generator, target: Layer, cutout: Cutout) -> tuple[Layer, Way]:
    """Return an object that comes over the target, at its pace or another, and goes again."""
    boxes = target.boxes()
    frames, start = len(boxes), boxes[0]
    extent = size(start) * np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 2))
    reach = (size(start) + extent) / 2
    way = WAYS[int(rng.integers(len(WAYS)))]
    meeting, pace = rng.uniform(0.1, 0.95) * frames, rng.uniform(0.02, 0.2)
    time = np.arange(frames) - meeting
    stay = {"stop": rng.uniform(0.05, 0.3), "along": rng.uniform(0.1, 0.4)}.get(way, 0.0)
    follow = {"stop": rng.uniform(0, 0.3), "cross": rng.uniform(0, 1)}.get(way, 1.0)
    if way == "part":
        away = rng.uniform(0.65, 1.0) + np.maximum(time, 0) * pace
    else:
        away = np.sign(time) * np.maximum(np.abs(time) - stay * frames, 0) * pace
    heading = rng.uniform(0, 2 * np.pi)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    beside = np.array([-ahead[1], ahead[0]]) * rng.normal(0, 0.3)
    # With it, or past the place where they meet.
    place = centre(boxes)
    middle = place * follow + place[int(meeting)] * (1 - follow)
    sway = np.stack([wander(rng, frames, 0.004) for _ in range(2)], axis=1) * extent
    path = middle + (2 * away[:, None] * ahead + beside) * reach + sway
    return _fitted(cutout, path, extent, _growth(boxes) ** follow), way


def crowd(rng: np.random.Generator, target: Layer, cutouts: list[Cutout]) -> list[Layer]:
    """Return an object for each cutout that goes its way near the target, about as large."""
    boxes, layers = target.boxes(), []
    frames, start = len(boxes), size(boxes[0])
    for cutout in cutouts:
        extent = start * np.exp(rng.normal(0, 0.2))
        follow, pace = rng.uniform(0.3, 1.0), abs(rng.laplace(0, 0.04))
        way = np.stack([wander(rng, frames, pace) for _ in range(2)], axis=1)
        place = centre(boxes)
        middle = place * follow + place[0] * (1 - follow)
        heading, distance = rng.uniform(0, 2 * np.pi), rng.uniform(1.1, 5)
        offset = distance * np.array([np.cos(heading), np.sin(heading)])
        layers.append(_fitted(cutout, middle + (offset + way) * start, extent, _growth(boxes)))
    return layers


def tinted_like(cutout: Cutout, other: Cutout) -> Cutout:
    """Return a cutout whose colours have the mean and the spread of another's."""
    mean, spread = _colours(cutout)
    wanted, width = _colours(other)
    ratio = np.clip(width / np.maximum(spread, 4.0), 0.4, 2.5)
    colours = (cutout.colours - mean) * ratio + wanted
    return replace(cutout, colours=np.asarray(colours.clip(0, 255), np.uint8))


def _colours(cutout: Cutout) -> tuple[Array, Array]:
    """Return mean and standard deviation (3,) of what is opaque."""
    pixels: Image = cutout.colours
    opaque: NDArray[np.uint8] = pixels.reshape(-1, 3)
    if cutout.alpha is not None and (cutout.alpha > 127).any():
        opaque = pixels[cutout.alpha > 127]
    return opaque.mean(0), opaque.std(0)


def _growth(boxes: Array) -> Array:
    """Return (T,) how many times as large as at first the target is."""
    sides = np.sqrt(np.maximum(area(boxes), 1e-9))
    return np.asarray(np.clip(sides / sides[0], 0.3, 3.0))


def _fitted(cutout: Cutout, path: Array, extent: Array, growth: Array) -> Layer:
    """Return a cutout ``extent`` (2,) large at first, whose middle takes a path (T, 2)."""
    low, high = cutout.outline.min(0), cutout.outline.max(0)
    scale_x, scale_y = (growth * s for s in extent / (high - low))
    still = np.zeros(len(path))
    return Layer(cutout, about(path, scale_x, scale_y, still, (low + high) / 2))
