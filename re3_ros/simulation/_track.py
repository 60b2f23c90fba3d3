# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated track, of which only the crops that training asks for are ever rendered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes, area, clip
from re3_ros.crops import search_window
from re3_ros.images import Image

from ._layers import Affine, Layer, Wave, is_affine, transform
from ._motion import Array, translation

SCREEN = (320.0, 240.0)
Look = Literal["own cut-out", "same kind", "tinted"]
Way = Literal["cross", "stop", "along", "part", "crowd"]


class RivalKind(NamedTuple):
    """What an object like the target looks like, and how it comes in its way."""

    look: Look
    way: Way


class Track(Protocol):
    """A target over T frames; simulated or from a video."""

    @property
    def boxes(self) -> Boxes:
        """The object's box in each frame, (T, 4) pixels."""

    @property
    def visibility(self) -> NDArray[np.float64]:
        """The share of the object that is seen in each frame, (T,)."""

    def __len__(self) -> int: ...

    def crop(self, frame: int, box: ArrayLike, size: int, context: float) -> Image:
        """Return the crop of a frame around ``box``: uint8 (size, size, 3) RGB."""


@dataclass(frozen=True, eq=False)  # a track equals itself alone, so that it can be a key
class SimulatedTrack:
    """One target over T frames; ``layers`` are drawn in order, the first fills the screen."""

    layers: tuple[Layer, ...]
    boxes: Boxes
    visibility: NDArray[np.float64]
    """(T,) share of the target that is on the screen and not behind another layer."""
    photometry: Photometry
    screen: tuple[float, float] = SCREEN
    rivals: Boxes = field(default_factory=lambda: np.zeros((0, 0, 4)))
    """(R, T, 4) boxes of objects like the target that come in its way."""
    rival_kinds: tuple[RivalKind, ...] = ()
    """R kinds."""

    @property
    def in_frame(self) -> NDArray[np.bool_]:
        """(T,) whether any of the box is on the screen."""
        return np.asarray(area(clip(self.boxes, *self.screen)) > 0)

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
        out = self.photometry.apply(out, frame, np.array([columns, rows]) / sides)
        return out if (columns, rows) == (size, size) else _resize(out, size)

    def _compose(self, frame: int, place: Array, columns: int, rows: int) -> Image:
        first, *others = self.layers
        view = _View(columns, rows, frame)
        out = view.ground(first, first.poses(frame, self.photometry.exposure, place))
        for layer in others:
            poses = layer.poses(frame, self.photometry.exposure, place)
            if view.shows(layer, poses, layer.reach(frame, self.photometry.exposure, place)):
                out = view.over(out, layer, poses)
        return out

    def _blacken_outside(self, out: Image, place: Array) -> None:
        edges = transform(place[None], np.array([[0.0, 0.0], self.screen]))[0].round().astype(int)
        (left, top), (right, bottom) = edges.clip(0)
        out[:top] = out[bottom:] = 0
        out[:, :left] = out[:, right:] = 0


@dataclass(frozen=True)
class Photometry:
    """Light, noise and blur over a track."""

    tables: NDArray[np.uint8]
    """(T, 256) output value of each input value, or (T, 256, 3) for each channel."""
    grey: bool
    noise: float
    blur: NDArray[np.int64]
    """(T,) side of the averaging kernel, 1 for none."""
    seed: int
    exposure: float = 0.0
    """Share of the time between frames in which the shutter is open, and layers blur."""
    soft: float = 0.0
    """Standard deviation, in pixels of the screen, of the blur of a soft lens."""
    quality: int = 0
    """Of the JPEG compression, 1 to 100; 0 for none."""

    @property
    def compressed(self) -> bool:
        """Whether the lens is soft or the images are compressed."""
        return self.soft > 0 or self.quality > 0

    def apply(self, image: Image, frame: int, scale: Array) -> Image:
        """Return the image as the camera recorded it in this frame.

        ``scale`` (2,) is how many of its pixels, in x and y, are one of the screen's.
        """
        sigma = self.soft * scale
        if sigma.max() > 0.2:  # less does not show
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), *sigma.clip(0.05)), np.uint8)
        if self.grey:
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = np.repeat(grey[..., None], 3, axis=2)
        if self.blur[frame] > 1:
            image = np.asarray(cv2.blur(image, (int(self.blur[frame]), 1)), np.uint8)
        image = np.asarray(cv2.LUT(image, self.tables[frame].reshape(1, 256, -1)), np.uint8)
        if self.noise > 0:
            rng = np.random.default_rng([self.seed, frame])
            grain = rng.integers(-128, 128, image.shape, np.int16)
            image = (image + grain * self.noise).clip(0, 255).astype(np.uint8)
        return jpeg(image, self.quality) if self.quality else image


def thinned(track: SimulatedTrack, pace: int) -> SimulatedTrack:
    """Return every ``pace``-th frame of a track; the shutter stays open as long as before."""
    every, photometry = slice(None, None, pace), track.photometry
    return replace(
        track,
        layers=tuple(layer.every(pace) for layer in track.layers),
        boxes=track.boxes[every],
        visibility=track.visibility[every],
        photometry=replace(
            photometry,
            tables=photometry.tables[every],
            blur=photometry.blur[every],
            exposure=photometry.exposure / pace,
        ),
        rivals=track.rivals[:, every],
    )


def jpeg(image: Image, quality: int) -> Image:
    """Return an RGB image as it is after compression."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    bgr = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


@dataclass(frozen=True)
class _View:
    """The pixels of a crop, and how layers are sampled there."""

    columns: int
    rows: int
    frame: int

    def shows(self, layer: Layer, poses: Affine, reach: Array) -> bool:
        """Return whether any of the layer's box, grown by ``reach`` (2,), is in the view."""
        outline = layer.swayed(layer.cutout.outline, self.frame)
        spread = transform(poses[len(poses) // 2, None], outline)[0]
        low, high = spread.min(0) - reach, spread.max(0) + reach
        return bool((high >= 0).all() and (low <= [self.columns, self.rows]).all())

    def ground(self, layer: Layer, poses: Affine) -> Image:
        """Return the layer below all others; mirrored, it fills the view."""
        if len(poses) == 1:
            return self._colours(layer, poses[0], cv2.BORDER_REFLECT_101)
        total = np.zeros((self.rows, self.columns, 3), np.float32)
        for pose in poses:
            total += self._colours(layer, pose, cv2.BORDER_REFLECT_101)
        return np.asarray(total / len(poses), np.uint8)

    def over(self, below: Image, layer: Layer, poses: Affine) -> Image:
        """Return ``below`` with a layer above it."""
        if len(poses) == 1:
            colours = self._colours(layer, poses[0], cv2.BORDER_REPLICATE)
            return _blend(below, colours, self._alpha(layer, poses[0]))
        total = np.zeros((self.rows, self.columns, 4), np.float32)
        for pose in poses:
            alpha = self._alpha(layer, pose)[..., None] / np.float32(255)
            total[..., :3] += self._colours(layer, pose, cv2.BORDER_REPLICATE) * alpha
            total[..., 3:] += alpha
        total /= len(poses)
        return np.asarray(below * (1 - total[..., 3:]) + total[..., :3] + 0.5, np.uint8)

    def _colours(self, layer: Layer, pose: Affine, border: int) -> Image:
        return self._warp(layer, layer.cutout.colours, pose, border)

    def _alpha(self, layer: Layer, pose: Affine) -> NDArray[np.uint8]:
        assert layer.cutout.alpha is not None
        alpha = self._warp(layer, layer.cutout.alpha, pose, cv2.BORDER_CONSTANT)
        if layer.opacity is not None:
            alpha = np.asarray(alpha * layer.opacity[self.frame], np.uint8)
        return alpha

    def _warp(self, layer: Layer, image: Image, pose: Affine, border: int) -> Image:
        shape = self.columns, self.rows
        if layer.wave is not None:
            x, y = self._source(layer.wave, pose)
            out = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=border)
        elif is_affine(pose):
            out = cv2.warpAffine(image, pose[:2], shape, borderMode=border)
        else:
            out = cv2.warpPerspective(image, pose, shape, borderMode=border)
        return np.asarray(out, np.uint8)

    def _source(self, wave: Wave, pose: Affine) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return x and y (rows, columns) in the cutout of each pixel of the view."""
        y, x = np.mgrid[: self.rows, : self.columns].reshape(2, 1, -1)
        inverse = np.asarray(np.linalg.inv(pose), np.float64)
        source = transform(inverse[None], np.stack([x, y], -1).astype(np.float64))[0]
        source[:, 0] += wave.shift(source[:, 1], self.frame)
        maps = source.T.reshape(2, self.rows, self.columns).astype(np.float32)
        return maps[0], maps[1]


def _resize(image: Image, size: int) -> Image:
    return np.asarray(cv2.resize(image, (size, size)), np.uint8)


def _blend(below: Image, above: Image, alpha: NDArray[np.uint8]) -> Image:
    """Return ``above`` over ``below`` by opacity 0 ... 255, in integers for speed."""
    weight = alpha.astype(np.int16)[..., None]
    weight += weight >> 7  # so that 255 becomes 256, fully opaque
    difference = above.astype(np.int32) - below
    return (below + ((difference * weight) >> 8)).astype(np.uint8)
