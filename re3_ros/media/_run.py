# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking through the frames of a source."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from re3_ros.errors import BoxError, InputError
from re3_ros.images import Image
from re3_ros.tracking import Frame, FrameResult, TrackingSession

OnFrame = Callable[[Image, FrameResult], None]


@dataclass
class RunSummary:
    """What came of a run."""

    frames: int = 0
    seconds: float = 0.0
    """Time spent tracking, without reading, drawing and writing."""
    rejected: list[InputError] = field(default_factory=list)
    """Why frames could not be used."""

    @property
    def fps(self) -> float:
        """Frames tracked a second."""
        return self.frames / self.seconds if self.seconds else 0.0


def run_frames(
    frames: Iterable[Frame],
    boxes: Mapping[str, ArrayLike],
    session: TrackingSession,
    on_frame: OnFrame | None = None,
    stop: Callable[[], bool] | None = None,
    on_rejected: Callable[[str], None] | None = None,
) -> RunSummary:
    """Track ``boxes`` (4,) x1, y1, x2, y2, drawn on the first frame, through all ``frames``.

    Frames that the session rejects are left out. ``on_frame`` is called with each image and result;
    ``stop`` is asked after each frame. Raises BoxError for a box that cannot be tracked, and what
    reading the frames raises. Boxes of others, given to the session meanwhile, end nothing where
    ``on_rejected`` is there to be told why they cannot be tracked.
    """
    for name, box in boxes.items():
        session.initialise(session.cameras[0], name, box)
    summary = RunSummary()
    for frame in frames:
        begin = time.perf_counter()
        try:
            result = session.process(Frame(session.cameras[0], frame.stamp, frame.image))
        except InputError as error:  # of one frame, which is left out
            summary.rejected.append(error)
            continue
        session.prepare()
        summary.seconds += time.perf_counter() - begin
        for reason in result.rejected:
            if on_rejected is None or (boxes and not summary.frames):
                raise BoxError(reason)
            on_rejected(reason)
        summary.frames += 1
        if on_frame is not None:
            on_frame(frame.image, result)
        if stop is not None and stop():
            break
    return summary
