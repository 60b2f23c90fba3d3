# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How well a network in training tracks, with the true test-time procedure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from re3_ros.boxes import iou
from re3_ros.network import Re3Network
from re3_ros.tracking import Tracker

from ._videos import Clip


def closed_loop(network: Re3Network, clips: Sequence[Clip]) -> dict[str, float]:
    """Return the mean IoU of each clip, tracked from its first box without re-initialisation."""
    return {clip.name: _mean_iou(network, clip) for clip in clips}


def _mean_iou(network: Re3Network, clip: Clip) -> float:
    tracker = Tracker(network)
    tracker.start(clip.images[0], {"target": clip.boxes[0]})
    later = [tracker.track(image)["target"].box for image in clip.images[1:]]
    known = np.isfinite(clip.boxes).all(axis=1)
    return float(iou(np.stack([clip.boxes[0], *later]), clip.boxes)[known].mean())
