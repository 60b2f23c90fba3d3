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

from ._held_out import RIVALS, Video, simulated_videos
from ._identity import Identity, identity

FRAMES = 40


def validation_videos(
    clips: Iterable[Clip], stills: Sequence[Still], count: int, frames: int = FRAMES
) -> list[Video]:
    """Return held-out clips and videos simulated from held-out stills, always the same.

    ``count`` of these are everyday scenes, and as many have rivals of the target.

    Raises ConfigError if there are no stills to simulate from.
    """
    if count and not stills:
        raise ConfigError("held_tracks needs stills that are held back; raise held_stills")
    simulated = simulated_videos(Simulator(stills), count, frames)
    rivals = simulated_videos(Simulator(stills, RIVALS), count, frames, "rivals")
    return [*clips, *simulated, *rivals]


def closed_loop(
    network: Re3Network, videos: Iterable[Video], reset_interval: int | None = 32
) -> tuple[dict[str, float], Identity]:
    """Track each video from its first box without re-initialisation.

    Returns the mean IoU of each by name, and how well targets were kept among rivals.
    """
    figures, kept = {}, []
    for video in videos:
        known = np.isfinite(video.boxes).all(axis=1)
        found = track_video(network, video, reset_interval)
        figures[video.name] = float(iou(found, video.boxes)[known].mean())
        if len(video.rivals):
            kept.append((found, video.boxes, video.rivals))
    return figures, identity(kept)


def track_video(network: Re3Network, video: Video, reset_interval: int | None = 32) -> Boxes:
    """Return the boxes (n, 4) of a tracker that was given the first one."""
    tracker = Tracker(network, str(next(network.parameters()).device), reset_interval)
    return follow_video(tracker, video)


def follow_video(tracker: Tracker, video: Video) -> Boxes:
    """Return the boxes (n, 4) of ``tracker``, which is given the first one."""
    truth = video.boxes
    tracker.start(video.image(0), {"target": truth[0]})
    later = [tracker.track(video.image(t))["target"].box for t in range(1, len(truth))]
    return np.stack([truth[0], *later])
