# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Random motion of objects and of the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._layers import Affine

Array = NDArray[np.float64]


def wander(rng: np.random.Generator, frames: int, rate: float, jitter: float = 0.0) -> Array:
    """Return (T,) a walk whose velocity is itself a walk of typical size ``rate`` per frame.

    It starts at 0; ``jitter`` is added to every frame afresh.
    """
    velocity = rate * (rng.normal() + np.cumsum(rng.normal(0, 0.3, frames)))
    velocity = np.clip(velocity, -3 * rate, 3 * rate)
    path = np.cumsum(velocity) + rng.normal(0, 1, frames) * jitter
    return np.asarray(path - path[0])


def translation(x: Array | float, y: Array | float) -> Affine:
    """Return (T, 3, 3) or (3, 3) shifts by x, y."""
    x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    out = np.zeros((*x.shape, 3, 3))
    out[..., 0, 0] = out[..., 1, 1] = out[..., 2, 2] = 1
    out[..., 0, 2], out[..., 1, 2] = x, y
    return out


def linear(scale_x: Array, scale_y: Array, angle: Array) -> Affine:
    """Return (T, 3, 3) that scale along the axes, then rotate by ``angle`` radians."""
    out = np.zeros((*scale_x.shape, 3, 3))
    cos, sin = np.cos(angle), np.sin(angle)
    out[..., 0, 0], out[..., 0, 1] = scale_x * cos, -scale_y * sin
    out[..., 1, 0], out[..., 1, 1] = scale_x * sin, scale_y * cos
    out[..., 2, 2] = 1
    return out


def about(place: Array, scale_x: Array, scale_y: Array, angle: Array, middle: Array) -> Affine:
    """Return (T, 3, 3) that scale and turn about ``middle`` of a cutout and put it at ``place``."""
    inner = translation(*-middle)
    return translation(place[:, 0], place[:, 1]) @ linear(scale_x, scale_y, angle) @ inner


def travel(rng: np.random.Generator, frames: int, speed: float, room: Array) -> Array:
    """Return (T, 2) a path in units of the object's size, kept within ``room`` of its start.

    ``room`` is left, top, right, bottom, all positive; paths bounce off its sides.
    """
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, np.pi / 16, frames))
    pace = np.clip(speed + np.cumsum(rng.normal(0, speed / 4 + 1e-9, frames)), 0, 2.5 * speed)
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * pace[:, None]
    path = np.cumsum(steps, axis=0)
    return bounce(path - path[0], -room[:2], room[2:])


def bounce(path: Array, low: Array, high: Array) -> Array:
    """Return the path folded back into [low, high] like a ball between walls."""
    span = np.maximum(high - low, 1e-6)
    phase = np.mod(path - low, 2 * span)
    return np.asarray(low + np.where(phase > span, 2 * span - phase, phase))
