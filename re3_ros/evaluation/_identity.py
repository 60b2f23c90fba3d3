# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How well trackers keep their target among objects like it, on simulated videos and clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from re3_ros.training import Identity, Video, identity

from ._runner import SequenceResult


class IdentityRow(NamedTuple):
    """What a tracker made of videos with rivals, and of clips."""

    rivals: Identity
    clips_iou: float
    """Mean IoU on the clips, each counting the same; NaN without any."""


def identity_row(
    videos: Sequence[Video], results: Sequence[SequenceResult], clips: Iterable[SequenceResult]
) -> IdentityRow:
    """Return the figures of one tracker; ``results`` are those on ``videos``, in their order."""
    found = [
        (result.trajectory.boxes, video.boxes, video.rivals)
        for video, result in zip(videos, results, strict=True)
    ]
    overlaps = [result.average_overlap for result in clips]
    return IdentityRow(identity(found), float(np.mean(overlaps)) if overlaps else float("nan"))
