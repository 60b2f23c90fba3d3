# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures cut from stills, and their affine motion on a simulated screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image

Affine = NDArray[np.float64]
"""(..., 3, 3) homogeneous transform of x, y column vectors; of targets that tilt, a projective one.
"""
SMEAR = 5
"""Poses of a layer that are averaged while the shutter is open."""


@dataclass(frozen=True)
class Cutout:
    """A piece of a photograph: colours, opacity, and points on the outline of what is tracked."""

    colours: Image
    alpha: NDArray[np.uint8] | None
    outline: NDArray[np.float64]
    """(K, 2) x, y in pixels of ``colours``; their bounding box is the object's box."""


@dataclass(frozen=True)
class Wave:
    """A sway of the rows of a cutout to the left and the right, in pixels of the cutout."""

    amplitude: NDArray[np.float64]
    """(T,)"""
    phase: NDArray[np.float64]
    """(T,) radians"""
    pitch: float
    """Radians a row."""

    def shift(
        self, y: NDArray[np.float64], frame: int | slice = slice(None)
    ) -> NDArray[np.float64]:
        """Return how far to the left the rows ``y`` (T, K) are moved."""
        amplitude, phase = self.amplitude[frame], self.phase[frame]
        return np.asarray(amplitude[..., None] * np.sin(self.pitch * y + phase[..., None]))


@dataclass(frozen=True)
class Layer:
    """A cutout and where it is in each frame."""

    cutout: Cutout
    motion: Affine
    """(T, 3, 3) from pixels of the cutout to pixels of the screen."""
    wave: Wave | None = None
    opacity: NDArray[np.float64] | None = None
    """(T,) factor of the cutout's own opacity; None for 1."""

    def every(self, pace: int) -> Layer:
        """Return the layer at every ``pace``-th frame."""
        wave, opacity = self.wave, self.opacity
        if wave is not None:
            wave = replace(wave, amplitude=wave.amplitude[::pace], phase=wave.phase[::pace])
        opacity = None if opacity is None else opacity[::pace]
        return replace(self, motion=self.motion[::pace], wave=wave, opacity=opacity)

    def boxes(self) -> Boxes:
        """Return the tight box (T, 4) of the outline in each frame."""
        points = self.screen(self.cutout.outline)
        return np.concatenate([points.min(1), points.max(1)], axis=-1)

    def screen(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points (K, 2) of the cutout are on the screen, (T, K, 2)."""
        return transform(self.motion, self.swayed(points))

    def swayed(
        self, points: NDArray[np.float64], frame: int | slice = slice(None)
    ) -> NDArray[np.float64]:
        """Return points (K, 2) of the cutout moved by its wave: (T, K, 2), or (K, 2) without."""
        if self.wave is None:
            return points
        shift = self.wave.shift(points[:, 1], frame)
        return np.stack([points[:, 0] - shift, np.broadcast_to(points[:, 1], shift.shape)], -1)

    def covers(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return (T, K) True where this layer is opaque at screen points (T, K, 2)."""
        alpha = self.cutout.alpha
        assert alpha is not None
        inverse = np.asarray(np.linalg.inv(self.motion), np.float64)
        source = transform(inverse, points)
        if self.wave is not None:
            source[..., 0] += self.wave.shift(source[..., 1])
        places = np.floor(source).astype(np.int64)
        x, y = places[..., 0], places[..., 1]
        inside = (x >= 0) & (y >= 0) & (x < alpha.shape[1]) & (y < alpha.shape[0])
        value = alpha[np.clip(y, 0, alpha.shape[0] - 1), np.clip(x, 0, alpha.shape[1] - 1)]
        return np.asarray(inside & (value > 127))

    def middles(self) -> NDArray[np.float64]:
        """Return where the middle of the outline is on the screen, (T, 2)."""
        return transform(self.motion, self.cutout.outline.mean(0, keepdims=True))[:, 0]

    def reach(self, frame: int, exposure: float, place: Affine) -> NDArray[np.float64]:
        """Return how far (2,) the middle moves to both sides while the shutter is open.

        ``place`` (3, 3) maps the screen to a crop, in whose pixels the reach is; it is 0 for less
        than one pixel's way.
        """
        if exposure <= 0:
            return np.zeros(2)
        later = max(frame, 1)
        ends = transform(self.motion[later - 1 : later + 1], self.cutout.outline.mean(0)[None])
        way = np.abs(place[:2, :2] @ (ends[1, 0] - ends[0, 0])) * exposure
        return np.asarray(way / 2 * (np.hypot(*way) >= 1))

    def poses(self, frame: int, exposure: float, place: Affine) -> Affine:
        """Return (K, 3, 3) from the cutout to a crop while the shutter is open; 1 for no blur."""
        now = place @ self.motion[frame]
        if not self.reach(frame, exposure, place).any():
            return np.asarray(now[None])
        later = max(frame, 1)
        step = place @ (self.motion[later] - self.motion[later - 1]) * exposure
        return np.asarray(now + step * np.linspace(-0.5, 0.5, SMEAR)[:, None, None])


def is_affine(motion: Affine) -> bool:
    """Return whether no transform (..., 3, 3) has a perspective."""
    return bool((motion[..., 2, :] == [0, 0, 1]).all())


def transform(motion: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (T, K, 2) moved by (T, 3, 3); the points are (K, 2) or (T, K, 2)."""
    moved = points @ np.swapaxes(motion[:, :2, :2], 1, 2) + motion[:, None, :2, 2]
    if is_affine(motion):
        return np.asarray(moved)
    depth = points @ np.swapaxes(motion[:, 2:, :2], 1, 2) + motion[:, None, 2:, 2]
    return np.asarray(moved / np.where(np.abs(depth) < 1e-9, 1e-9, depth))


def cut_object(box: Boxes, image: Image, mask: NDArray[np.uint8] | None) -> Cutout:
    """Return what ``box`` holds, cut along the mask or, without one, as an ellipse."""
    x1, y1 = np.floor(box[:2]).astype(int).clip(0)
    x2, y2 = np.ceil(box[2:]).astype(int)
    colours = image[y1:y2, x1:x2]
    alpha = ellipse(colours.shape[1], colours.shape[0])
    if mask is not None and mask[y1:y2, x1:x2].any():
        alpha = np.ascontiguousarray(mask[y1:y2, x1:x2])
    soft = np.asarray(cv2.blur(alpha, (3, 3)), np.uint8)
    return Cutout(colours, soft, outline_of(alpha))


def cut_patch(image: Image, rng: np.random.Generator) -> Cutout:
    """Return a random rectangle or ellipse of a photograph."""
    height, width = image.shape[:2]
    w = int(width * rng.uniform(0.15, 0.6))
    h = int(height * rng.uniform(0.15, 0.6))
    x, y = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
    alpha = ellipse(w, h) if rng.random() < 0.5 else np.full((h, w), 255, np.uint8)
    return Cutout(image[y : y + h, x : x + w], alpha, outline_of(alpha))


def flip(cutout: Cutout) -> Cutout:
    """Return the mirror image."""
    alpha = cutout.alpha if cutout.alpha is None else np.ascontiguousarray(cutout.alpha[:, ::-1])
    outline = cutout.outline * [-1, 1] + [cutout.colours.shape[1], 0]
    return Cutout(np.ascontiguousarray(cutout.colours[:, ::-1]), alpha, outline)


def ellipse(width: int, height: int) -> NDArray[np.uint8]:
    """Return an opaque ellipse that fills height x width."""
    y, x = np.ogrid[:height, :width]
    inside = ((x + 0.5) / width * 2 - 1) ** 2 + ((y + 0.5) / height * 2 - 1) ** 2 <= 1
    return np.where(inside, np.uint8(255), np.uint8(0))


def row_ends(alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the corners (K, 2) of the first and last opaque pixel of each row."""
    opaque = alpha > 127
    rows = np.flatnonzero(opaque.any(axis=1))
    first = opaque[rows].argmax(axis=1)
    last = opaque.shape[1] - opaque[rows, ::-1].argmax(axis=1)
    upper = np.stack([np.concatenate([first, last]), np.concatenate([rows, rows])], axis=1)
    return np.concatenate([upper, np.add(upper, [0, 1])]).astype(np.float64)


def outline_of(alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the corners (K, 2) of the pixels on the convex hull of an opaque region."""
    opaque = alpha > 127
    rows = np.flatnonzero(opaque.any(axis=1))
    first = opaque[rows].argmax(axis=1)
    last = opaque.shape[1] - 1 - opaque[rows, ::-1].argmax(axis=1)
    ends = np.stack([np.concatenate([first, last]), np.concatenate([rows, rows])], axis=1)
    hull = cv2.convexHull(ends.astype(np.int32))[:, 0].astype(np.float64)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return np.reshape(hull[:, None] + corners, (-1, 2))
