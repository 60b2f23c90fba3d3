# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated track, of which only the crops that training asks for are ever rendered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes
from re3_ros.crops import Image, search_window

from ._layers import Layer, transform
from ._motion import Array, translation

SCREEN = (320.0, 240.0)


@dataclass(frozen=True)
class SimulatedTrack:
    """One target over T frames; ``layers`` are drawn in order, the first fills the screen."""

    layers: tuple[Layer, ...]
    boxes: Boxes
    visible: NDArray[np.float64]
    """(T,) share of the target that is on the screen and not behind another layer."""
    look: Look

    def __len__(self) -> int:
        return len(self.boxes)

    def crop(self, frame: int, box: ArrayLike, size: int, context: float) -> Image:
        """Return the crop that `re3_ros.crops.crop` would cut from the frame: uint8 RGB."""
        window = np.rint(search_window(box, context))
        sides = np.maximum(window[2:] - window[:2], 1)
        # Small windows are rendered at their own resolution, so that enlarging blurs them.
        columns, rows = (int(v) for v in np.minimum(sides, size))
        place = np.diag([columns / sides[0], rows / sides[1], 1.0]) @ translation(*-window[:2])
        out = self._compose(frame, place, columns, rows)
        self._blacken_outside(out, place)
        out = self.look.apply(out, frame)
        return out if (columns, rows) == (size, size) else _resize(out, size)

    def _compose(self, frame: int, place: Array, columns: int, rows: int) -> Image:
        first, *others = self.layers
        matrix = (place @ first.motion[frame])[:2]
        out = _warp(first.cutout.colours, matrix, columns, rows, cv2.BORDER_REFLECT_101)
        corners = np.array([[0.0, 0], [columns, rows]])
        for layer in others:
            matrix = place @ layer.motion[frame]
            spread = transform(matrix[None], layer.cutout.outline)[0]
            if (spread.max(0) < corners[0]).any() or (spread.min(0) > corners[1]).any():
                continue
            assert layer.cutout.alpha is not None
            colours = _warp(layer.cutout.colours, matrix[:2], columns, rows, cv2.BORDER_REPLICATE)
            alpha = _warp(layer.cutout.alpha, matrix[:2], columns, rows, cv2.BORDER_CONSTANT)
            out = _blend(out, colours, alpha)
        return out

    def _blacken_outside(self, out: Image, place: Array) -> None:
        edges = transform(place[None], np.array([[0.0, 0.0], SCREEN]))[0].round().astype(int)
        (left, top), (right, bottom) = edges.clip(0)
        out[:top] = out[bottom:] = 0
        out[:, :left] = out[:, right:] = 0


@dataclass(frozen=True)
class Look:
    """Light, noise and blur over a track."""

    tables: NDArray[np.uint8]
    """(T, 256) output value of each input value."""
    grey: bool
    noise: float
    blur: NDArray[np.int64]
    """(T,) side of the averaging kernel, 1 for none."""
    seed: int

    def apply(self, image: Image, frame: int) -> Image:
        """Return the image as the camera saw it in this frame."""
        if self.grey:
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = np.repeat(grey[..., None], 3, axis=2)
        if self.blur[frame] > 1:
            image = np.asarray(cv2.blur(image, (int(self.blur[frame]), 1)), np.uint8)
        image = np.asarray(cv2.LUT(image, self.tables[frame]), np.uint8)
        if self.noise > 0:
            rng = np.random.default_rng([self.seed, frame])
            grain = rng.integers(-128, 128, image.shape, np.int16)
            image = (image + grain * self.noise).clip(0, 255).astype(np.uint8)
        return image


def _warp(image: Image, matrix: Array, columns: int, rows: int, border: int) -> Image:
    return np.asarray(cv2.warpAffine(image, matrix, (columns, rows), borderMode=border), np.uint8)


def _resize(image: Image, size: int) -> Image:
    return np.asarray(cv2.resize(image, (size, size)), np.uint8)


def _blend(below: Image, above: Image, alpha: NDArray[np.uint8]) -> Image:
    """Return ``above`` over ``below`` by opacity 0 ... 255, in integers for speed."""
    weight = alpha.astype(np.int16)[..., None]
    weight += weight >> 7  # so that 255 becomes 256, fully opaque
    difference = above.astype(np.int32) - below
    return (below + ((difference * weight) >> 8)).astype(np.uint8)
