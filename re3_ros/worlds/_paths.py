# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How camera, tortoises, leaf and light of the demo scene move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Path = NDArray[np.float64]
Matrix = NDArray[np.float64]
"""2x3 affine map of points."""


class Paths(NamedTuple):
    """Per frame, N frames: positions in pixels of the ground, angles in radians."""

    position: Path
    """(N, 2) of the tracked tortoise."""
    heading: Path
    """(N,)"""
    stretch: Path
    """(N, 2) scale along and across its body."""
    camera: Path
    """(N, 2) what the middle of the image shows."""
    zoom: Path
    """(N,) image pixels to a pixel of ground."""
    roll: Path
    """(N,) of the camera."""
    light: Path
    """(N,) brightness, 1 is bright day."""


def make_paths(rng: np.random.Generator, frames: int, middle: tuple[float, float]) -> Paths:
    """Return the movements of a scene around ``middle`` of the ground; the times scale with it."""
    t = np.linspace(0, 1, frames)
    heading = 0.5 + 1.5 * np.sin(2 * np.pi * (1.15 * t + 0.05)) + 0.35 * np.sin(2 * np.pi * 3.1 * t)
    # Slow while it is hidden: where a walker comes out again is then no guess.
    speed = (2.1 + 0.9 * np.sin(2 * np.pi * (2.3 * t + 0.1))) * (1 - 0.6 * bump(t, 0.64, 0.06))
    step = speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], -1) * 300 / frames
    position = np.cumsum(step, axis=0)
    position += np.asarray(middle) - (position.min(axis=0) + position.max(axis=0)) / 2
    wander = np.stack(
        [130 * np.sin(2 * np.pi * 1.6 * t + 0.6), 85 * np.sin(2 * np.pi * 2.2 * t + 2.0)], -1
    )
    calm = 1 - 0.75 * bump(t, 0.64, 0.07)
    camera = _smooth(position, frames // 8) + _integrate_calm(wander, calm)
    camera += _shake(rng, frames, 1.1) + 5 * bump(t, 0.83, 0.012)[:, None]
    return Paths(
        position,
        heading,
        np.stack([1 + 0.05 * np.sin(40 * t), 1 - 0.06 * np.sin(23 * t)], -1),
        camera,
        0.98 + 0.27 * np.sin(2 * np.pi * (1.05 * t - 0.13)) + 0.05 * np.sin(2 * np.pi * 3 * t),
        0.07 * np.sin(2 * np.pi * 1.4 * t) + _shake(rng, frames, 0.003)[:, 0],
        1 - 0.42 * bump(t, 0.36, 0.09) + 0.10 * bump(t, 0.85, 0.08),
    )


def bump(t: Path, at: float, width: float) -> Path:
    """Return a smooth hill (N,) of height 1 and standard deviation ``width``."""
    return np.asarray(np.exp(-(((t - at) / width) ** 2) / 2), np.float64)


def similarity(
    angle: float, scale: float | Path, start: tuple[float, float] | Path, stop: Path
) -> Matrix:
    """Return the map that turns by ``angle``, scales (also by axis), and takes start to stop."""
    c, s = np.cos(angle), np.sin(angle)
    linear = np.array([[c, -s], [s, c]]) * scale
    return np.column_stack([linear, np.asarray(stop) - linear @ np.asarray(start)])


def chain(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the map that applies ``inner``, then ``outer``."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _integrate_calm(path: Path, calm: Path) -> Path:
    """Return ``path`` run through at the speed ``calm`` (N,) of its own."""
    steps = np.diff(path, axis=0, prepend=path[:1]) * calm[:, None]
    return np.asarray(path[0] + np.cumsum(steps, axis=0), np.float64)


def _smooth(path: Path, width: int) -> Path:
    """Return the running mean of ``path`` (N, 2) over about ``width`` frames."""
    width = max(1, width) | 1
    padded = np.pad(path, ((width // 2, width // 2), (0, 0)), mode="edge")
    kernel = np.full(width, 1 / width)
    return np.stack([np.convolve(padded[:, i], kernel, "valid") for i in range(2)], -1)


def _shake(rng: np.random.Generator, frames: int, amount: float) -> Path:
    """Return the tremble (N, 2) of a hand, ``amount`` its standard deviation."""
    raw = rng.normal(0, 1, (frames + 4, 2))
    kernel = np.array([0.1, 0.25, 0.3, 0.25, 0.1])
    smooth = np.stack([np.convolve(raw[:, i], kernel, "valid") for i in (0, 1)], -1)
    return np.asarray(smooth * amount / np.linalg.norm(kernel), np.float64)
