# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of whole batches of tracks, made where training needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Protocol, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes
from re3_ros.errors import ConfigError

from ._image_crops import image_crops
from ._paint import Painter
from ._scene import Index
from ._track import SimulatedTrack, Track
from ._videos import VideoTrack

_CACHED, _AT_ONCE = 1 << 16, 1 << 24
"""Pixels rendered at a time on a CPU, for its caches, and on a GPU, for its memory."""


class Renderer(Protocol):
    """Makes the crops of a step."""

    def crops(
        self,
        tracks: Sequence[Track],
        frames: Sequence[int],
        boxes: Boxes,
        size: int,
        context: float,
    ) -> Tensor:
        """Return uint8 (N, 3, size, size) RGB on the training device, one crop for each track.

        Crop i shows frame ``frames[i]`` of ``tracks[i]`` around ``boxes[i]`` (N, 4), as
        `Track.crop` defines it. A track may appear several times.
        """


class HostRenderer:
    """Crops of `Track.crop`, made by the threads of ``executor`` and sent to ``device``."""

    def __init__(self, executor: Executor, device: torch.device) -> None:
        self.executor, self.device = executor, device

    def crops(
        self,
        tracks: Sequence[Track],
        frames: Sequence[int],
        boxes: Boxes,
        size: int,
        context: float,
    ) -> Tensor:
        """See `Renderer.crops`."""
        jobs = [
            self.executor.submit(track.crop, frame, box, size, context)
            for track, frame, box in zip(tracks, frames, boxes, strict=True)
        ]
        crops = torch.from_numpy(np.stack([job.result() for job in jobs]))
        return crops.to(self.device).permute(0, 3, 1, 2)


class TorchRenderer:
    """Crops rendered on the device itself, the pictures of a batch of tracks sent there once.

    They equal those of the host up to rounding, but for the grain of noisy tracks, which is other
    grain of the same strength. What is compressed is left to the host. Simulated tracks stay on the
    device for as long as they live.
    """

    def __init__(self, device: torch.device, chunk: int | None = None) -> None:
        """``chunk``: crops rendered at a time; by default as many as caches or memory like."""
        self.device, self._chunk = device, chunk
        self._uploaded: WeakKeyDictionary[SimulatedTrack, tuple[Painter, int]] = WeakKeyDictionary()
        self._lock = Lock()

    @torch.no_grad()
    def crops(
        self,
        tracks: Sequence[Track],
        frames: Sequence[int],
        boxes: Boxes,
        size: int,
        context: float,
    ) -> Tensor:
        """See `Renderer.crops`."""
        cuts = _Cuts(tracks, np.asarray(frames, np.int64), boxes, size, context, self.device)
        out = torch.empty((len(tracks), 3, size, size), dtype=torch.uint8, device=self.device)
        pixels = _CACHED if self.device.type == "cpu" else _AT_ONCE
        chunk = self._chunk or max(1, pixels // size**2)
        for cut, chosen in self._groups(cuts):
            for at in range(0, len(chosen), chunk):
                part = np.array(chosen[at : at + chunk])
                out[torch.from_numpy(part).to(self.device)] = cut(part)
        return out

    def _groups(self, cuts: _Cuts) -> Iterator[tuple[Callable[[Index], Tensor], list[int]]]:
        """Yield what cuts crops, and the crops that it cuts."""
        simulated = {
            i: track
            for i, track in enumerate(cuts.tracks)
            if isinstance(track, SimulatedTrack) and not track.photometry.compressed
        }
        places = self._upload(simulated)
        for painter in {painter for painter, _ in places.values()}:
            chosen = [i for i, place in places.items() if place[0] is painter]
            slots = np.array([places[i][1] if i in places else -1 for i in range(len(cuts.tracks))])
            yield partial(cuts.paint, painter, slots), chosen
        filmed = [i for i, track in enumerate(cuts.tracks) if isinstance(track, VideoTrack)]
        yield cuts.film, filmed
        yield cuts.copy, sorted({*range(len(cuts.tracks))} - {*simulated, *filmed})

    def _upload(self, tracks: Mapping[int, SimulatedTrack]) -> dict[int, tuple[Painter, int]]:
        """Return where each track is on the device; those that are not there yet go together."""
        with self._lock:  # crops may be cut ahead by another thread
            known = self._uploaded
            new = list(dict.fromkeys(track for track in tracks.values() if track not in known))
            if new:
                painter = Painter(new, self.device)
                known.update({track: (painter, slot) for slot, track in enumerate(new)})
            return {i: known[track] for i, track in tracks.items()}


@dataclass(frozen=True)
class _Cuts:
    """Crops to be cut, and three ways to cut some of them."""

    tracks: Sequence[Track]
    frames: Index
    boxes: Boxes
    size: int
    context: float
    device: torch.device

    def paint(self, painter: Painter, slots: Index, part: Index) -> Tensor:
        """Return crops of simulated tracks, which are at ``slots`` (N,) of a painter."""
        where = slots[part], self.frames[part], self.boxes[part]
        return painter.crops(painter.scene.view(*where, self.size, self.context), self.size)

    def film(self, part: Index) -> Tensor:
        """Return crops of videos."""
        images = [cast("VideoTrack", self.tracks[i]).images[self.frames[i]] for i in part]
        return image_crops(images, self.boxes[part], self.size, self.context, self.device)

    def copy(self, part: Index) -> Tensor:
        """Return crops of any track, made on the host."""
        crops = [
            self.tracks[i].crop(int(self.frames[i]), self.boxes[i], self.size, self.context)
            for i in part
        ]
        return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).to(self.device)


def make_renderer(kind: str, executor: Executor, device: torch.device) -> Renderer:
    """Return the renderer that a configuration names.

    ``numpy`` renders on the host, ``torch`` on the device; ``auto`` is numpy for a CPU, where it
    is faster, and torch for everything else. Raises ConfigError for any other name.
    """
    if kind == "numpy" or (kind == "auto" and device.type == "cpu"):
        return HostRenderer(executor, device)
    if kind in {"auto", "torch"}:
        return TorchRenderer(device)
    raise ConfigError(f"renderer {kind!r} is unknown; use auto, numpy or torch")
