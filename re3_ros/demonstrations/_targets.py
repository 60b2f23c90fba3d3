# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A target's rows in a table of tracks, as values in every frame of an episode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.bags import TrackRow

BOX = ("x1", "y1", "x2", "y2", "score", "visible")
SPACE = ("x", "y", "z", "var_x", "var_y", "var_z", "cov_xy", "cov_xz", "cov_yz", "located")
RELATIVE = ("rel_cx", "rel_cy", "rel_scale")
RELATIVE_SPACE = ("rel_x", "rel_y", "rel_z")
WINDOW = 0.2
"""Seconds before and after a frame over which a speed is measured."""
SPEED, SPEED_3D = 0.5, 0.05
"""Above which a target moves: sides of its box a second; with 3D positions metres a second."""
STILL = 0.5
"""Part of that speed below which it has stopped."""
SHORTEST = 0.3
"""Seconds that it must move, or rest, for that to count."""
Array = NDArray[np.float64]


class TargetTrack:
    """One target in all frames: ``rows`` holds its row of each frame, None where it has none.

    Where something is not known, the value before it stands, else the one after it, else 0;
    ``visible`` and ``located`` say so.
    """

    def __init__(self, rows: Sequence[TrackRow | None]) -> None:
        self._rows = rows
        blank = (math.nan,) * 4
        boxes = [(row.x1, row.y1, row.x2, row.y2) if row else blank for row in rows]
        self.boxes = _filled(np.array(boxes, np.float64).reshape(-1, 4))
        """(T, 4)."""
        self.visible = np.array([row is not None and row.state != "lost" for row in rows])
        """(T,) bool: whether it is tracked and not lost."""
        self.located = np.array([row is not None and row.z is not None for row in rows])
        """(T,) bool: whether its 3D position is known."""
        self.space = _filled(np.array([_spot(row) for row in rows], np.float64).reshape(-1, 9))
        """(T, 9) 3D position and covariance."""

    def values(self, space: bool) -> Array:
        """Return the values (T, n) of BOX, with ``space`` also of SPACE."""
        scores = [row.score if row is not None else 0.0 for row in self._rows]
        flat = [self.boxes, np.array(scores)[:, None], self.visible[:, None]]
        return np.hstack([*flat, self.space, self.located[:, None]] if space else flat)

    def relative(self, space: bool) -> Array:
        """Return the values (T, n) of RELATIVE, with ``space`` also of RELATIVE_SPACE.

        They count from where the target was first seen, and first located.
        """
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        middles, size = self.boxes[:, :2] + sides / 2, np.sqrt(np.maximum(sides.prod(1), 1e-9))
        first = int(self.visible.argmax())
        flat = [middles - middles[first], (size / size[first])[:, None]]
        spots = self.space[:, :3]
        return np.hstack([*flat, spots - spots[self.located.argmax()]] if space else flat)

    def keyframes(self, fps: int) -> NDArray[np.int64]:
        """Return (T, 1): 1 where it starts to move, -1 where it stops, else 0.

        By its 3D position where that is known in most frames, else by its box: then what the camera
        does counts as motion, too.
        """
        if self.located.mean() > 0.5:
            speed = _speed(self.space[:, :3], fps) / SPEED_3D
        else:
            sides = self.boxes[:, 2:] - self.boxes[:, :2]
            middles = self.boxes[:, :2] + sides / 2
            size = float(np.median(np.sqrt(np.maximum(sides.prod(1), 1e-9))))
            speed = _speed(middles, fps) / (SPEED * size)
        moving = _settled(_moving(speed), round(SHORTEST * fps))
        now = moving.astype(np.int64)
        found: NDArray[np.int64] = now - np.concatenate([now[:1], now[:-1]])
        return found[:, None]


def _spot(row: TrackRow | None) -> list[float]:
    """Return 3D position and covariance, NaN where the position is not known."""
    if row is None or row.z is None:
        return [math.nan] * (len(SPACE) - 1)
    values = [getattr(row, name) for name in SPACE[:-1]]
    return [0.0 if value is None else float(value) for value in values]


def _filled(values: Array) -> Array:
    """Return values (T, n) in which NaN rows have the row before, else the one after, else 0."""
    known: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(1))
    if not known.any():
        return np.zeros_like(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return values[np.where(last < 0, int(known.argmax()), last)]


def _speed(points: Array, fps: int) -> Array:
    """Return the speed (T,) of points (T, d), over WINDOW to both sides."""
    reach = max(1, round(WINDOW * fps))
    index = np.arange(len(points))
    before, after = (index - reach).clip(min=0), (index + reach).clip(max=len(points) - 1)
    seconds = np.maximum(after - before, 1) / fps
    return np.asarray(np.linalg.norm(points[after] - points[before], axis=1) / seconds)


def _moving(speed: Array) -> NDArray[np.bool_]:
    """Return where it moves: from a speed above 1 until one below STILL."""
    moving, now = np.zeros(len(speed), bool), False
    for i, value in enumerate(speed):
        now = value > 1 or (now and value > STILL)
        moving[i] = now
    return moving


def _settled(moving: NDArray[Any], shortest: int) -> NDArray[Any]:
    """Return ``moving`` without what lasts for fewer frames than ``shortest``, rests first."""
    settled: NDArray[Any] = moving.copy()
    for kind in (False, True):
        edges = np.flatnonzero(np.diff(settled, prepend=not kind, append=not kind))
        for begin, end in pairwise(edges):
            inner = begin > 0 and end < len(settled)
            if settled[begin] == kind and end - begin < shortest and (inner or kind):
                settled[begin:end] = not kind
    return settled
