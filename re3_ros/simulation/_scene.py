# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""All simulated tracks that live, as arrays: which layer is where in which crop.

A track takes slots when its first crop is asked for and frees them when it is no longer there, so
that what a crop costs does not depend on when its track began.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import finalize, ref

import numpy as np
import torch
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.crops import search_window

from ._atlas import Picture, Texture
from ._layers import SMEAR, Layer
from ._motion import Array
from ._parcel import Index, Parcel
from ._track import Photometry, SimulatedTrack

_LAYER = {"motion": (3, 3), "inverse": (3, 3), "boxes": (4,), "middles": (2,), "waves": (3,)}
_LAYER |= {"opacity": ()}
"""Per layer and frame; waves are amplitude, phase and pitch."""
_TRACK = {"exposure": (), "screen": (2,), "grey": (), "noise": (), "soft": (), "quality": ()}
"""Per track."""


@dataclass(frozen=True)
class Views:
    """What N crops show, and at which resolution they are rendered."""

    slots: Index
    """(N,) of the tracks."""
    frames: Index
    windows: Boxes
    """(N, 4) whole pixels of the screen."""
    shapes: Index
    """(N, 2) columns and rows, at most the size of the crop."""

    @property
    def scale(self) -> Array:
        """(N, 2) pixels of the crop a pixel of the screen."""
        sides = self.windows[:, 2:] - self.windows[:, :2]
        return np.asarray(self.shapes / np.maximum(sides, 1))

    def pick(self, chosen: Index) -> Views:
        """Return some of the views."""
        windows, shapes = self.windows[chosen], self.shapes[chosen]
        return Views(self.slots[chosen], self.frames[chosen], windows, shapes)


@dataclass(frozen=True)
class Stamps:
    """Layers, each drawn over one crop, ``poses`` times while the shutter is open."""

    crops: Index
    depths: Index
    layers: Index
    sources: Array
    """(n, poses, 3, 3) from pixels of the crop to pixels of the picture."""
    opacity: Array
    waves: Array
    """(n, 3) amplitude, phase and pitch."""

    def __len__(self) -> int:
        return len(self.crops)


class _Rows:
    """Arrays whose rows are taken and given back, all of them over the same number of frames."""

    def __init__(self, tails: Mapping[str, tuple[int, ...]]) -> None:
        self.arrays = {name: np.zeros((0, 1, *tail)) for name, tail in tails.items()}
        self._free: list[int] = []

    def take(self, count: int, frames: int) -> list[int]:
        """Return rows that were free; all arrays are long enough for ``frames`` now."""
        rows, length = next(iter(self.arrays.values())).shape[:2]
        more = max(count, rows) if len(self._free) < count else 0
        if more or frames > length:
            pads = (0, more), (0, max(0, frames - length))
            for name, array in self.arrays.items():
                rest = [(0, 0)] * (array.ndim - 2)
                # What is longer than a track repeats its last frame.
                self.arrays[name] = np.pad(array, (*pads, *rest), "edge" if rows else "constant")
            self._free.extend(range(rows + more - 1, rows - 1, -1))
        return [self._free.pop() for _ in range(count)]

    def give_back(self, rows: Sequence[int]) -> None:
        """Let others have the rows."""
        self._free.extend(rows)

    def put(self, row: int, values: Mapping[str, Array]) -> None:
        """Fill a row with the values of each frame; the last ones stand for all later frames."""
        for name, value in values.items():
            self.arrays[name][row, : len(value)] = value
            self.arrays[name][row, len(value) :] = value[-1]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]


class Scene:
    """The tracks on a device: their pictures and tables there, their motion on the host."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.texture = Texture(device)
        self.tables = torch.zeros((0, 1, 3, 256), dtype=torch.uint8, device=device)
        """(slots, T, 3, 256) output value of each input value."""
        self.seeds = np.zeros(0, np.int64)
        self.table = np.full((0, 1), -1)
        """(slots, depth) rows of layers, the lowest first; -1 where a track has fewer."""
        self._layers = _Rows(_LAYER)
        self._tracks = _Rows({**_TRACK, "blur": ()})
        self._pictures = _Pictures(self.texture)
        self._picture_of = np.zeros((0, 4), np.int64)
        """(layers, 4) x, y, width and height of their pictures in the texture."""
        self._slots: dict[int, tuple[ref[SimulatedTrack], int]] = {}
        self._gone: deque[int] = deque()

    def __len__(self) -> int:
        """Return how many tracks have slots."""
        self._clear()
        return len(self._slots)

    def slots(self, tracks: Sequence[SimulatedTrack]) -> Index:
        """Return the slot of each track; those that have none take one, and go to the device."""
        self._clear()
        new = {id(track): track for track in tracks if id(track) not in self._slots}
        if new:
            self._admit(list(new.values()))
        return np.fromiter((self._slots[id(track)][1] for track in tracks), np.int64, len(tracks))

    def view(self, slots: Index, frames: Index, boxes: Boxes, size: int, context: float) -> Views:
        """Return what crops of frames (N,) of tracks (N,) around ``boxes`` (N, 4) show."""
        windows = np.rint(search_window(boxes, context))
        sides = np.maximum(windows[:, 2:] - windows[:, :2], 1)
        return Views(slots, frames, windows, np.minimum(sides, size).astype(np.int64))

    def photometry(self, name: str, views: Views) -> NDArray[Any]:
        """Return (N, ...) a property of the tracks, in these frames."""
        return np.asarray(self._tracks[name][views.slots, views.frames])

    def pictures(self, layers: Index) -> tuple[Index, Index]:
        """Return corners and sizes (n, 2) of the pictures of layers in the texture."""
        places = self._picture_of[layers]
        return places[:, :2], places[:, 2:]

    def stamps(self, views: Views) -> tuple[Stamps, Stamps]:
        """Return what is drawn: layers at rest, and layers that blur; each by depth, then crop."""
        depth = self.table.shape[1]
        layers = self.table[views.slots].T.reshape(-1)
        crops = np.tile(np.arange(len(views.slots)), depth)
        depths = np.repeat(np.arange(depth), len(views.slots))
        there = layers >= 0
        layers, crops, depths = layers[there], crops[there], depths[there]
        steps, reach = self._steps(layers, views.pick(crops))
        meets = (depths == 0) | self._meets(layers, views.pick(crops), reach)
        fast = (reach > 0).any(axis=1)
        chosen = [np.flatnonzero(meets & ~fast), np.flatnonzero(meets & fast)]
        still, moving = (
            self._stamps(crops[at], depths[at], layers[at], views, poses)
            for at, poses in zip(chosen, (None, steps[chosen[1]]), strict=True)
        )
        return still, moving

    def _stamps(
        self, crops: Index, depths: Index, layers: Index, views: Views, steps: Array | None
    ) -> Stamps:
        views = views.pick(crops)
        if steps is None:
            inverse = self._layers["inverse"][layers, views.frames][:, None]
        else:
            now = self._layers["motion"][layers, views.frames][:, None]
            share = np.linspace(-0.5, 0.5, SMEAR)[:, None, None]
            inverse = np.asarray(np.linalg.inv(now + share * steps[:, None]))
        opacity = self._layers["opacity"][layers, views.frames]
        waves = self._layers["waves"][layers, views.frames]
        return Stamps(crops, depths, layers, _from_crop(inverse, views), opacity, waves)

    def _steps(self, layers: Index, views: Views) -> tuple[Array, Array]:
        """Return how motions (n, 3, 3) change while the shutter is open, and how far that reaches.

        The reach (n, 2) in pixels of the screen is to both sides; 0 for less than a pixel's blur.
        """
        exposure = self.photometry("exposure", views)
        if not exposure.any():
            return np.zeros((len(layers), 3, 3)), np.zeros((len(layers), 2))
        later = np.maximum(views.frames, 1)
        motion, middles = self._layers["motion"], self._layers["middles"]
        change = motion[layers, later] - motion[layers, later - 1]
        way = np.abs(middles[layers, later] - middles[layers, later - 1]) * exposure[:, None]
        fast = np.hypot(*(way * views.scale).T) >= 1
        return change * exposure[:, None, None], way / 2 * fast[:, None]

    def _meets(self, layers: Index, views: Views, reach: Array) -> NDArray[np.bool_]:
        """Return (n,) whether layers reach into the windows."""
        boxes = self._layers["boxes"][layers, views.frames]
        boxes = boxes + np.concatenate([-reach, reach], axis=1)
        inside = (boxes[:, 2:] >= views.windows[:, :2]) & (boxes[:, :2] <= views.windows[:, 2:])
        return np.asarray(inside.all(axis=1))

    def _admit(self, tracks: Sequence[SimulatedTrack]) -> None:
        """Give new tracks slots; their pictures and tables go to the device."""
        layers = [layer for track in tracks for layer in track.layers]
        frames = max(len(track) for track in tracks)
        rows = self._layers.take(len(layers), frames)
        slots = self._tracks.take(len(tracks), frames)
        self._grow(max(len(track.layers) for track in tracks))
        for row, layer in zip(rows, layers, strict=True):
            self._layers.put(row, _layer_values(layer))
        self._picture_of[rows] = self._pictures.take([layer.cutout for layer in layers])
        first = 0
        for slot, track in zip(slots, tracks, strict=True):
            count = len(track.layers)
            self.table[slot] = -1
            self.table[slot, :count] = rows[first : first + count]
            self._tracks.put(slot, _track_values(track))
            self.seeds[slot] = track.photometry.seed
            first += count
            self._slots[id(track)] = ref(track), slot
            finalize(track, self._gone.append, id(track)).atexit = False
        self._send_tables(slots, [track.photometry for track in tracks])

    def _grow(self, depth: int) -> None:
        """Make the arrays that have no frames as long as those that have, and deep enough."""
        tracks, frames = self._tracks["exposure"].shape
        more = tracks - len(self.seeds)
        self.seeds = np.pad(self.seeds, (0, more))
        pads = (0, more), (0, max(0, depth - self.table.shape[1]))
        self.table = np.pad(self.table, pads, constant_values=-1)
        layers = len(self._layers["opacity"]) - len(self._picture_of)
        self._picture_of = np.pad(self._picture_of, ((0, layers), (0, 0)))
        if more or frames > self.tables.shape[1]:
            tables = torch.zeros((tracks, frames, 3, 256), dtype=torch.uint8, device=self.device)
            old = self.tables
            tables[: len(old), : old.shape[1]] = old
            if len(old):
                tables[: len(old), old.shape[1] :] = old[:, -1:]
            self.tables = tables

    def _send_tables(self, slots: Sequence[int], photometries: Sequence[Photometry]) -> None:
        frames = self.tables.shape[1]
        values = np.empty((len(slots), frames, 3, 256), np.uint8)
        for row, photometry in zip(values, photometries, strict=True):
            tables = _channels(photometry.tables)
            row[: len(tables)], row[len(tables) :] = tables, tables[-1]
        parcel = Parcel()
        parcel.add(np.asarray(slots), np.int64)
        parcel.add(values, np.uint8)
        self.tables.index_copy_(0, *parcel.send(self.device))

    def _clear(self) -> None:
        """Free the slots of tracks that are no longer there."""
        while self._gone:
            slot = self._slots.pop(self._gone.popleft())[1]
            rows = [int(row) for row in self.table[slot] if row >= 0]
            self._pictures.give_back(self._picture_of[rows])
            self._layers.give_back(rows)
            self._tracks.give_back([slot])


class _Pictures:
    """Which pictures are in a texture, and how many layers show each of them."""

    def __init__(self, texture: Texture) -> None:
        self.texture = texture
        self._places: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        """Of pictures by the identity of their arrays."""
        self._shown: dict[tuple[int, int, int, int], list[Any]] = {}
        """By place: number of layers, the picture's identity, and the picture, which keeps it."""

    def take(self, cutouts: Sequence[Any]) -> Index:
        """Return (n, 4) the places of pictures; what is not there yet is uploaded, once."""
        keys = [(id(cutout.colours), id(cutout.alpha)) for cutout in cutouts]
        new: dict[tuple[int, int], Picture] = {
            key: (cutout.colours, cutout.alpha)
            for key, cutout in zip(keys, cutouts, strict=True)
            if key not in self._places
        }
        origins = self.texture.put(list(new.values()))
        for (key, picture), (x, y) in zip(new.items(), origins.tolist(), strict=True):
            place = (x, y, picture[0].shape[1], picture[0].shape[0])
            self._places[key], self._shown[place] = place, [0, key, picture]
        places = [self._places[key] for key in keys]
        for place in places:
            self._shown[place][0] += 1
        return np.array(places, np.int64).reshape(-1, 4)

    def give_back(self, places: Index) -> None:
        """Take note of layers that are gone; pictures that no other shows go with them."""
        for x, y, width, height in places.tolist():
            shown = self._shown[x, y, width, height]
            shown[0] -= 1
            if not shown[0]:
                del self._shown[x, y, width, height], self._places[shown[1]]
                self.texture.free((x, y), (width, height))


def _layer_values(layer: Layer) -> dict[str, Array]:
    frames, wave = len(layer.motion), layer.wave
    waves = np.zeros((frames, 3))
    if wave is not None:
        waves = np.stack([wave.amplitude, wave.phase, np.full(frames, wave.pitch)], axis=1)
    return {
        "motion": layer.motion,
        "inverse": np.asarray(np.linalg.inv(layer.motion)),
        "boxes": layer.boxes(),
        "middles": layer.middles(),
        "waves": waves,
        "opacity": np.ones(frames) if layer.opacity is None else layer.opacity,
    }


def _track_values(track: SimulatedTrack) -> dict[str, Array]:
    photometry = track.photometry
    once = {name: getattr(photometry, name) for name in _TRACK if name != "screen"}
    values = {name: np.array([value], np.float64) for name, value in once.items()}
    return {**values, "screen": np.array([track.screen]), "blur": photometry.blur.astype(float)}


def _channels(tables: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (T, 3, 256) of tables (T, 256) or (T, 256, 3)."""
    if tables.ndim == 2:
        return np.repeat(tables[:, None], 3, axis=1)
    return np.swapaxes(tables, 1, 2)


def _from_crop(inverse: Array, views: Views) -> Array:
    """Return (n, poses, 3, 3) from crops to pictures, of ``inverse`` from the screen to them."""
    out = np.array(inverse, np.float64)
    out[..., 2] += np.einsum("npij,nj->npi", inverse[..., :2], views.windows[:, :2])
    out[..., :2] /= views.scale[:, None, None]
    return out
