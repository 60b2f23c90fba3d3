# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Re-detection: from a detector to lost targets.

A detector sees a cup, but not which cup. A lost target knows what it looked like. So, where a
detection has the class of a lost target, the memory of the target, as it was when it was last seen,
is matched with it. If it finds itself there, in a box that overlaps the detection's, the target is
started anew from the detection, under its id, on the image that the detector saw. Targets that are
not lost are never moved, and what they cover is matched with no other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import iou, is_valid
from re3_ros.errors import InputError
from re3_ros.ros.kit import Reports
from re3_ros.tracking import FrameResult, TrackingSession, rescaled, stamp_of

from ._camera import Camera
from ._convert import box_of, class_of
from ._messages import is_lost
from ._parameters import LiveParameters

WAITING = 16
"""Arrays of a camera that wait for their image."""


@dataclass(frozen=True, eq=False)
class DetectorFrame:
    """What a detector saw in one image."""

    stamp: int
    """Of the image, in ns; 0 for the newest."""
    found: list[tuple[str, NDArray[np.float64]]]
    """Class and box (4,) of each."""


@dataclass(frozen=True, eq=False)
class Match:
    """A lost target that found itself in a box."""

    score: float
    name: str
    index: int


class DetectorBridge:
    """Starts lost targets anew where a detector re-detects them."""

    def __init__(self, session: TrackingSession, live: LiveParameters, reports: Reports) -> None:
        self._session = session
        self._live = live
        self._reports = reports
        self._lock = threading.Lock()
        self._frames: dict[str, list[DetectorFrame]] = {}
        self._turn = 0

    def add(self, camera: Camera, message: Any) -> None:
        """Leave a vision_msgs/Detection2DArray; by the thread of the executor."""
        found = [(class_of(d), box_of(d.bbox)) for d in message.detections]
        good = [(kind, box) for kind, box in found if is_valid(box, np.inf, np.inf)]
        if len(good) < len(found):
            bad = f"{len(found) - len(good)} of {len(found)} detections have no box of 2 x 2 pixels"
            self._reports.warn("detector box", f"{camera.name}: {bad} or more, and are ignored")
        with self._lock:
            waiting = self._frames.get(camera.name, [])
            frame = DetectorFrame(stamp_of(message.header), good)
            self._frames[camera.name] = [*waiting, frame][-WAITING:]

    def work(self, camera: Camera, result: FrameResult) -> None:
        """Use the newest detections whose image was processed; by the worker, between images."""
        frame = self._take(camera.name, result.stamp)
        if frame is None or not any(is_lost(t) for t in result.targets):
            return
        try:
            matches = self._matches(camera, frame, result)
            for match in _best(matches):
                self._session.initialise(
                    camera.name, match.name, frame.found[match.index][1], frame.stamp
                )
                how = f"looks right with {match.score:.2f}"
                self._reports.info(f"{camera.name}: a detector found {match.name!r}, {how}")
        except InputError as error:
            self._reports.warn("detector", f"{camera.name}: detections ignored: {error}")

    def _take(self, camera: str, stamp: int) -> DetectorFrame | None:
        """Return the newest frame whose image has come, and forget it and those before it."""
        with self._lock:
            waiting = self._frames.get(camera, [])
            due = [frame for frame in waiting if frame.stamp <= stamp]
            self._frames[camera] = [frame for frame in waiting if frame.stamp > stamp]
        return due[-1] if due else None

    def _matches(self, camera: Camera, frame: DetectorFrame, result: FrameResult) -> list[Match]:
        """Return the lost targets that find themselves in detections of their class."""
        overlap, least = self._live["detector_overlap"], self._live["detector_score"]
        now = result.width, result.height
        then = self._session.frame_size(camera.name, frame.stamp) or now
        seen = [rescaled(t.box, now, then) for t in result.targets if not is_lost(t)]
        free = [
            i
            for i, (_, box) in enumerate(frame.found)
            if not any(float(iou(box, other)) >= overlap for other in seen)
        ]
        pairs = [
            (t.id, i)
            for t in result.targets
            if is_lost(t)
            for i in free
            if frame.found[i][0] == camera.class_of(t.id, self._live["class_id"])
        ]
        asked = _by_name(self._in_turn(pairs))
        boxes = {name: [frame.found[i][1] for i in there] for name, there in asked.items()}
        answers = self._session.match_lost(camera.name, boxes, frame.stamp)
        return [
            Match(answer.score, name, i)
            for name, found in answers.items()
            for i, box, answer in zip(asked[name], boxes[name], found, strict=True)
            if answer.score >= least and float(iou(box, answer.box)) >= overlap
        ]

    def _in_turn(self, pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return as many pairs as one image may cost; the next image has the next ones."""
        limit = self._live["detector_looks"]
        if len(pairs) <= limit:
            return pairs
        start, self._turn = self._turn % len(pairs), self._turn + limit
        return (pairs[start:] + pairs[:start])[:limit]


def _by_name(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, index in pairs:
        found.setdefault(name, []).append(index)
    return found


def _best(matches: list[Match]) -> list[Match]:
    """Return the surest matches, each target and each detection once."""
    chosen: list[Match] = []
    for match in sorted(matches, key=lambda m: -m.score):
        if not any(match.name == c.name or match.index == c.index for c in chosen):
            chosen.append(match)
    return chosen
