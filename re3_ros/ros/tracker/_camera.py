# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the node: its topics, its counters, and what is published of a result."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.media import draw_results
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import Counts, shorten
from re3_ros.tracking import FrameResult, TargetResult

from ._messages import detection, detections, is_lost, rgb_image, target_status
from ._topics import CameraTopics

REJECTING_PERIOD = 1.0
"""Seconds without a status after which one says that images are rejected."""


@dataclass(frozen=True)
class Arrival:
    """An image that came in."""

    camera: Camera
    message: Any
    """sensor_msgs/Image or CompressedImage"""
    time: float
    """of time.monotonic, when it was received."""
    number: int = 0
    """Images of its camera received by then, this one included."""


@dataclass
class Camera:
    """What belongs to one camera between activate and deactivate."""

    name: str
    topics: CameraTopics
    counts: Counts
    frame_id: str | None = None
    """Of its newest image; None before the first."""
    last_image: float = 0.0
    """Time of arrival, of time.monotonic."""
    status: TrackerStatus | None = None
    """The last one published that tells of targets."""
    publishers: int = 0
    """How many publish its images, when that was last looked at."""
    last_status: float = 0.0
    """When any was published, of time.monotonic."""
    rejection: str = ""
    """Why the last image that was rejected could not be used."""
    ignored: int = 0
    """Number of the last image that was ignored, as counted in `Arrival.number`."""
    processed: int = 0
    """Number of the last image that was processed."""
    classes: dict[str, str] = field(default_factory=dict)
    """class_id by target, of those that were started with one."""

    @property
    def skipped(self) -> bool:
        """Whether newer images were ignored than the newest that was processed."""
        return self.ignored > self.processed

    def class_of(self, target: str, default: str) -> str:
        """Return the class_id of a target."""
        return self.classes.get(target, default)

    def remember_class(self, target: str, class_id: str, targets: Collection[str]) -> None:
        """Keep the class_id that a target was started with, and those of ``targets``."""
        kept = {name: kind for name, kind in self.classes.items() if name in targets}
        kept.pop(target, None)
        self.classes = kept | ({target: class_id} if class_id else {})

    def arrive(self, message: Any) -> Arrival:
        """Count an image that was received."""
        self.frame_id = message.header.frame_id
        self.last_image = time.monotonic()
        self.counts.add("frames_received")
        return Arrival(self, message, self.last_image, self.counts["frames_received"])

    def publish(
        self,
        result: FrameResult,
        arrival: Arrival,
        primary: str,
        class_id: str,
        about: TrackerStatus,
    ) -> None:
        """Publish all that is known of one image, under its own header."""
        header = arrival.message.header
        found = detections(result, header, lambda name: self.class_of(name, class_id))
        self.topics.detections.publish(found)
        target = primary_target(result, primary)
        if target is not None and not is_lost(target):
            kind = self.class_of(target.id, class_id)
            self.topics.detection.publish(detection(target, header, kind))
        about.header, about.camera = header, self.name
        about.targets = [target_status(t) for t in result.targets]
        about.inference = float(result.latency)
        self._count(about)
        about.latency = time.monotonic() - arrival.time
        self.status = about
        self._send(about)

    def ignore(self, arrival: Arrival, about: TrackerStatus) -> None:
        """Answer an image that is not processed: the targets are as they were."""
        self.ignored = max(self.ignored, arrival.number)
        about.header, about.camera = arrival.message.header, self.name
        about.targets = self.status.targets if self.status is not None else []
        self._count(about)
        self.status = about
        self._send(about)

    def report(self, fault: str, now: Any, about: TrackerStatus) -> None:
        """Publish a status without targets that says why there are no detections."""
        about.header.stamp, about.header.frame_id = now, self.frame_id or ""
        about.camera, about.fault = self.name, fault
        self._count(about)
        self._send(about)

    def reject(self, reason: str, now: Any, about: TrackerStatus) -> None:
        """Count an image that cannot be used; say so in a status, if none was sent for a while."""
        self.counts.add("frames_rejected")
        self.rejection = reason
        if time.monotonic() - self.last_status >= REJECTING_PERIOD:
            self.report(f"images are rejected: {shorten(reason)}", now, about)

    def _send(self, about: TrackerStatus) -> None:
        self.last_status = time.monotonic()
        self.topics.status.publish(about)

    def _count(self, about: TrackerStatus) -> None:
        for name in ("frames_received", "frames_processed", "frames_dropped", "frames_rejected"):
            setattr(about, name, self.counts[name])

    def publish_debug(
        self, image: NDArray[np.uint8], result: FrameResult, arrival: Arrival
    ) -> None:
        """Publish the image with the targets drawn in, if anybody wants to see it."""
        if not self.topics.debug_image.get_subscription_count():
            return
        text = f"{self.name}  {1e3 * result.latency:.0f} ms"
        drawn = draw_results(image, result.targets, text)
        self.topics.debug_image.publish(rgb_image(drawn, arrival.message.header))


def primary_target(result: FrameResult, name: str) -> TargetResult | None:
    """Return the target of that name or, without a name, the oldest one; None if there is none."""
    wanted = [t for t in result.targets if not name or t.id == name]
    return wanted[0] if wanted else None


def cameras_of(frame_id: str, cameras: Mapping[str, Camera]) -> list[Camera]:
    """Return the cameras that the header of a box can mean; one, if it is clear.

    It names the camera, or the frame_id of its images. With a single camera it may be empty.
    """
    if frame_id in cameras:
        return [cameras[frame_id]]
    if not frame_id:
        return list(cameras.values())
    return [camera for camera in cameras.values() if camera.frame_id == frame_id]
