# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated tracks as arrays: which layer is where in which crop, for many crops at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.crops import search_window
from re3_ros.images import Image

from ._atlas import Alpha, Atlas, pack
from ._layers import SMEAR, Layer
from ._motion import Array
from ._track import SimulatedTrack

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Views:
    """What N crops show, and at which resolution they are rendered."""

    slots: Index
    frames: Index
    windows: Boxes
    """(N, 4) whole pixels of the screen."""
    shapes: Index
    """(N, 2) columns and rows, at most the size of the crop."""

    def pick(self, chosen: Index) -> Views:
        """Return some of the views."""
        windows, shapes = self.windows[chosen], self.shapes[chosen]
        return Views(self.slots[chosen], self.frames[chosen], windows, shapes)


@dataclass(frozen=True)
class Stamps:
    """Layers at one depth: each is drawn over one crop, ``poses`` times while the shutter is open.

    ``sources`` (n, poses, 3, 3) map pixels of the crop to pixels of the picture.
    """

    crops: Index
    layers: Index
    sources: Array
    opacity: Array
    waves: Array
    """(n, 3) amplitude, phase and pitch."""

    def pick(self, chosen: NDArray[np.bool_], sources: Array) -> Stamps:
        """Return the chosen stamps, in other poses."""
        crops, layers = self.crops[chosen], self.layers[chosen]
        return Stamps(crops, layers, sources, self.opacity[chosen], self.waves[chosen])


class Scene:
    """Tracks on a device: their images there, their motion on the host."""

    def __init__(self, tracks: Sequence[SimulatedTrack], device: torch.device) -> None:
        """Upload the images of the tracks."""
        self.frames = max(len(track) for track in tracks)
        layers = [layer for track in tracks for layer in track.layers]
        self.images, self.atlas = _upload(layers, device)
        self.table = _table([len(track.layers) for track in tracks])
        self.motion = np.stack([self._padded(layer.motion) for layer in layers])
        self.inverse = np.linalg.inv(self.motion)
        self.boxes = np.stack([self._padded(layer.boxes()) for layer in layers])
        self.middles = np.stack([self._padded(layer.middles()) for layer in layers])
        self.opacity = np.stack([self._opacity(layer) for layer in layers])
        self.waves = np.stack([self._wave(layer) for layer in layers])
        self.exposure = np.array([track.photometry.exposure for track in tracks])

    def view(self, slots: Index, frames: Index, boxes: Boxes, size: int, context: float) -> Views:
        """Return what crops of frames (N,) of tracks (N,) around ``boxes`` (N, 4) show."""
        windows = np.rint(search_window(boxes, context))
        sides = np.maximum(windows[:, 2:] - windows[:, :2], 1)
        return Views(slots, frames, windows, np.minimum(sides, size).astype(np.int64))

    def stamps(self, views: Views) -> Iterator[list[Stamps]]:
        """Yield what is drawn at each depth, the lowest first: layers at rest, layers that blur."""
        for depth in range(self.table.shape[1]):
            layers = self.table[views.slots, depth]
            steps, reach = self._steps(layers, views)
            crops = np.flatnonzero(
                (layers >= 0) & ((depth == 0) | self._meets(layers, views, reach))
            )
            stamps = self._stamps(crops, layers[crops], views)
            fast = np.asarray((reach[crops] > 0).any(axis=1))
            yield self._blurred(stamps, steps[crops], fast, views) if fast.any() else [stamps]

    def _steps(self, layers: Index, views: Views) -> tuple[Array, Array]:
        """Return how motions (N, 3, 3) change while the shutter is open, and how far that reaches.

        The reach (N, 2) in pixels of the screen is to both sides; 0 for less than a pixel's blur.
        """
        exposure = self.exposure[views.slots]
        if not exposure.any():
            return np.zeros((len(layers), 3, 3)), np.zeros((len(layers), 2))
        later = np.maximum(views.frames, 1)
        change = self.motion[layers, later] - self.motion[layers, later - 1]
        steps = change * exposure[:, None, None]
        way = np.abs(self.middles[layers, later] - self.middles[layers, later - 1])
        way *= exposure[:, None]
        fast = np.hypot(*(way * _scale(views)).T) >= 1
        return steps, way / 2 * fast[:, None]

    def _meets(self, layers: Index, views: Views, reach: Array) -> NDArray[np.bool_]:
        """Return (N,) whether layers reach into the windows."""
        boxes = self.boxes[layers, views.frames] + np.concatenate([-reach, reach], axis=1)
        inside = (boxes[:, 2:] >= views.windows[:, :2]) & (boxes[:, :2] <= views.windows[:, 2:])
        return np.asarray(inside.all(axis=1))

    def _stamps(self, crops: Index, layers: Index, views: Views) -> Stamps:
        frames = views.frames[crops]
        sources = _from_crop(self.inverse[layers, frames], views.pick(crops))[:, None]
        opacity, waves = self.opacity[layers, frames], self.waves[layers, frames]
        return Stamps(crops, layers, sources, opacity, waves)

    def _blurred(
        self, stamps: Stamps, steps: Array, fast: NDArray[np.bool_], views: Views
    ) -> list[Stamps]:
        """Return the stamps apart: those at rest, and those that move while the shutter is open."""
        still = stamps.pick(~fast, stamps.sources[~fast])
        views = views.pick(stamps.crops[fast])
        now = self.motion[stamps.layers[fast], views.frames]
        sources = [
            _from_crop(np.asarray(np.linalg.inv(now + share * steps[fast])), views)
            for share in np.linspace(-0.5, 0.5, SMEAR)
        ]
        return [still, stamps.pick(fast, np.stack(sources, axis=1))]

    def _padded(self, values: Array) -> Array:
        """Return (T, ...) with the last entry repeated up to the longest track."""
        missing = self.frames - len(values)
        return np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])

    def _opacity(self, layer: Layer) -> Array:
        return np.ones(self.frames) if layer.opacity is None else self._padded(layer.opacity)

    def _wave(self, layer: Layer) -> Array:
        wave = layer.wave
        if wave is None:
            return np.zeros((self.frames, 3))
        pitch = np.full(self.frames, wave.pitch)
        return np.stack([self._padded(wave.amplitude), self._padded(wave.phase), pitch], axis=1)


def _upload(layers: Sequence[Layer], device: torch.device) -> tuple[Index, Atlas]:
    """Return the image of each layer, and all images; what two layers share, goes once."""
    known: dict[tuple[int, int], int] = {}
    images: list[tuple[Image, Alpha]] = []
    chosen = []
    for layer in layers:
        cutout = layer.cutout
        key = id(cutout.colours), id(cutout.alpha)
        if key not in known:
            known[key] = len(images)
            images.append((cutout.colours, cutout.alpha))
        chosen.append(known[key])
    return np.array(chosen), pack(images, device)


def _table(counts: Sequence[int]) -> Index:
    """Return (tracks, depth) numbers of layers, -1 where a track has fewer."""
    table = np.full((len(counts), max(counts)), -1)
    first = 0
    for row, count in zip(table, counts, strict=True):
        row[:count] = np.arange(first, first + count)
        first += count
    return table


def _scale(views: Views) -> Array:
    """Return (N, 2) pixels of the crop a pixel of the screen."""
    return np.asarray(views.shapes / np.maximum(views.windows[:, 2:] - views.windows[:, :2], 1))


def _from_crop(inverse: NDArray[np.floating], views: Views) -> Array:
    """Return (N, 3, 3) from the crops to images, of ``inverse`` from the screen to them."""
    out = np.array(inverse, np.float64)
    out[..., 2] += np.einsum("nij,nj->ni", inverse[..., :2], views.windows[:, :2])
    out[..., :2] /= _scale(views)[:, None]
    return out
