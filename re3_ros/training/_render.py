# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of whole batches of tracks, made where training needs them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes
from re3_ros.errors import ConfigError

if TYPE_CHECKING:  # `Unroll` takes a renderer
    from ._unroll import Track


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
        """Return the crops; see `Renderer`."""
        jobs = [
            self.executor.submit(track.crop, frame, box, size, context)
            for track, frame, box in zip(tracks, frames, boxes, strict=True)
        ]
        crops = torch.from_numpy(np.stack([job.result() for job in jobs]))
        return crops.to(self.device).permute(0, 3, 1, 2)


def make_renderer(kind: str, executor: Executor, device: torch.device) -> Renderer:
    """Return the renderer that a configuration names: ``numpy``, or ``auto``, which chooses.

    Raises ConfigError for any other name.
    """
    if kind in {"auto", "numpy"}:
        return HostRenderer(executor, device)
    raise ConfigError(f"renderer {kind!r} is unknown; use auto or numpy")
