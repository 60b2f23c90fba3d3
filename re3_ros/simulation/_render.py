# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of whole batches of tracks, made where training needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes
from re3_ros.errors import ConfigError

from ._image_crops import image_crops
from ._paint import Painter
from ._parcel import Index
from ._scene import Scene
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
    """Crops rendered on the device itself, where the pictures of every track are sent once.

    They equal those of the host up to rounding, but for the grain of noisy tracks, which is other
    grain of the same strength, and for soft or compressed ones, which differ by a few grey levels.
    Simulated tracks stay on the device for as long as they live.
    """

    def __init__(self, device: torch.device, chunk: int | None = None) -> None:
        """``chunk``: crops rendered at a time; by default as many as caches or memory like."""
        self.device, self._chunk = device, chunk
        self._lock = Lock()

    @cached_property
    def scene(self) -> Scene:
        """All tracks that live."""
        return Scene(self.device)

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
        # Reduced precision is the network's; crops may be cut ahead by another thread.
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False), self._lock:
            return self._cut(cuts)

    def _cut(self, cuts: _Cuts) -> Tensor:
        groups = list(self._groups(cuts))
        if len(groups) == 1 and len(cuts.tracks) <= self._at_once(cuts.size):
            return groups[0][0](groups[0][1])
        shape = (len(cuts.tracks), 3, cuts.size, cuts.size)
        out = torch.empty(shape, dtype=torch.uint8, device=self.device)
        chunk = self._at_once(cuts.size)
        for cut, chosen in groups:
            for at in range(0, len(chosen), chunk):
                part = chosen[at : at + chunk]
                out[torch.from_numpy(part).to(self.device)] = cut(part)
        return out

    def _at_once(self, size: int) -> int:
        pixels = _CACHED if self.device.type == "cpu" else _AT_ONCE
        return self._chunk or max(1, pixels // size**2)

    def _groups(self, cuts: _Cuts) -> Iterator[tuple[Callable[[Index], Tensor], Index]]:
        """Yield what cuts crops, and the crops that it cuts."""
        simulated = np.array([isinstance(track, SimulatedTrack) for track in cuts.tracks])
        filmed = np.array([isinstance(track, VideoTrack) for track in cuts.tracks])
        if simulated.any():
            chosen = np.flatnonzero(simulated)
            slots = np.full(len(simulated), -1)
            here = [cast("SimulatedTrack", cuts.tracks[i]) for i in chosen.tolist()]
            slots[chosen] = self.scene.slots(here)
            yield partial(cuts.paint, Painter(self.scene), slots), chosen
        for cut, which in ((cuts.film, filmed), (cuts.copy, ~simulated & ~filmed)):
            if which.any():
                yield cut, np.flatnonzero(which)


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
        """Return crops of simulated tracks, which are at ``slots`` (N,) of a scene."""
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
