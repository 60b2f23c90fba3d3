# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How well a network in training tracks, with the true test-time procedure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from re3_ros.boxes import iou
from re3_ros.crops import Image
from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network
from re3_ros.tracking import Tracker

from ._simulator import Simulator
from ._stills import Still
from ._track import SCREEN, SimulatedTrack
from ._videos import Clip

FRAMES = 40


def closed_loop(
    network: Re3Network, clips: Sequence[Clip], reset_interval: int | None = 32
) -> dict[str, float]:
    """Return the mean IoU of each clip, tracked from its first box without re-initialisation."""
    return {clip.name: _mean_iou(network, clip, reset_interval) for clip in clips}


def _mean_iou(network: Re3Network, clip: Clip, reset_interval: int | None) -> float:
    device = str(next(network.parameters()).device)
    tracker = Tracker(network, device, reset_interval)
    tracker.start(clip.images[0], {"target": clip.boxes[0]})
    later = [tracker.track(image)["target"].box for image in clip.images[1:]]
    known = np.isfinite(clip.boxes).all(axis=1)
    return float(iou(np.stack([clip.boxes[0], *later]), clip.boxes)[known].mean())


def simulate_clips(stills: Sequence[Still], count: int, frames: int = FRAMES) -> list[Clip]:
    """Return ``count`` videos of simulated tracks, always the same ones for the same stills.

    A frame in which less than a third of the object is seen has no box. Raises ConfigError if
    there are no stills to simulate from.
    """
    if count and not stills:
        raise ConfigError("held_tracks needs stills that are held back; raise held_stills")
    simulator = Simulator(stills)
    return [
        _as_clip(f"simulated_{k}", simulator.draw(np.random.default_rng([7, k]), frames))
        for k in range(count)
    ]


def _as_clip(name: str, track: SimulatedTrack) -> Clip:
    boxes = np.where(track.visible[:, None] >= 0.3, track.boxes, np.nan)
    return Clip(name, tuple(_whole_frame(track, t) for t in range(len(track))), boxes)


def _whole_frame(track: SimulatedTrack, frame: int) -> Image:
    """Return a frame as the camera sees it: a crop as wide as the screen, its lower rim cut."""
    width, height = (int(side) for side in SCREEN)
    return np.ascontiguousarray(track.crop(frame, [0, 0, width, width], width, 1.0)[:height])
