# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How well a network in training tracks, with the true test-time procedure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from re3_ros.boxes import Boxes, iou
from re3_ros.datasets import Still
from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network
from re3_ros.simulation import Clip, Simulator
from re3_ros.tracking import Tracker

from ._held_out import Video, simulated_videos

FRAMES = 40


def validation_videos(
    clips: Iterable[Clip], stills: Sequence[Still], count: int, frames: int = FRAMES
) -> list[Video]:
    """Return held-out clips and ``count`` videos simulated from held-out stills, always the same.

    Raises ConfigError if there are no stills to simulate from.
    """
    if count and not stills:
        raise ConfigError("held_tracks needs stills that are held back; raise held_stills")
    simulated = simulated_videos(Simulator(stills), count, frames)
    return [*clips, *simulated]


def closed_loop(
    network: Re3Network, videos: Iterable[Video], reset_interval: int | None = 32
) -> dict[str, float]:
    """Return the mean IoU of each video, tracked from its first box without re-initialisation."""
    figures = {}
    for video in videos:
        known = np.isfinite(video.boxes).all(axis=1)
        overlap = iou(track_video(network, video, reset_interval), video.boxes)
        figures[video.name] = float(overlap[known].mean())
    return figures


def track_video(network: Re3Network, video: Video, reset_interval: int | None = 32) -> Boxes:
    """Return the boxes (n, 4) of a tracker that was given the first one."""
    truth = video.boxes
    tracker = Tracker(network, str(next(network.parameters()).device), reset_interval)
    tracker.start(video.image(0), {"target": truth[0]})
    later = [tracker.track(video.image(t))["target"].box for t in range(1, len(truth))]
    return np.stack([truth[0], *later])
