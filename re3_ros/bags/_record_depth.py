# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""3D positions of targets, from the depth images of the bag that they are tracked in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from re3_ros.errors import CameraError, SourceError
from re3_ros.media import Closing
from re3_ros.spatial import CameraModel, DepthImage, Locator, read_camera_info, read_depth
from re3_ros.tracking import FrameResult, TargetResult, TargetState

from ._definitions import IMAGE
from ._messages import stamp_of
from ._reader import BagReader, RecordedMessage
from ._record_table import Position3D

CAMERA_INFO = "sensor_msgs/msg/CameraInfo"


@dataclass(frozen=True)
class DepthTopics:
    """Topics of depth images aligned with the colour images, and of their calibration."""

    depth: str
    camera_info: str | None = None
    """None: the only one in the bag."""
    tolerance: float = 0.02
    """Seconds by which the stamps of a depth image and of its image may differ."""
    rectified: bool | None = None
    """Whether the images are; None: as the calibration says, see `read_camera_info`."""


class BagDepth(Closing):
    """The depth images of a bag, gone through beside its images, in the order of their stamps.

    Raises SourceError if a topic is missing or holds no calibration, CameraError if that is bad.
    """

    def __init__(self, source: Path | str, topics: DepthTopics) -> None:
        self._camera = _first_info(source, topics)
        self._locator = Locator()
        self._tolerance = round(topics.tolerance * 1e9)
        self._files = ExitStack()
        reader = self._files.enter_context(BagReader(source, topics.depth, types={IMAGE}))
        # Not a generator: that would be over after one damaged message.
        self._messages: Iterator[Any] = map(RecordedMessage.message, reader)
        self._near: deque[Any] = deque()

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def locate(self, result: FrameResult) -> dict[str, Position3D]:
        """Return the positions of the targets that are seen, by id; those that can be told.

        Raises ImageError for a depth image that cannot be read, StampError for one whose stamp is
        no time, CameraError for one that is of another size than the image, or than the
        calibration is for.
        """
        self._locator.keep({t.id for t in result.targets})
        depth = self._at(result.stamp)
        if depth is None:
            return {}
        if (depth.width, depth.height) != (result.width, result.height):
            raise CameraError(
                f"depth image is {depth.width} x {depth.height} pixels, and the image "
                f"{result.width} x {result.height}; give the depth that is aligned with it"
            )
        self._camera.check_size(depth.width, depth.height)
        found = {
            t.id: self._position_of(t, depth, result.stamp) for t in result.targets if _is_seen(t)
        }
        return {name: position for name, position in found.items() if position is not None}

    def _position_of(
        self, target: TargetResult, depth: DepthImage, stamp: int
    ) -> Position3D | None:
        sure = target.state == TargetState.TRACKING
        about = self._camera, stamp, target.frames_since_init, sure
        found = self._locator.locate(target.id, target.box, depth, *about)
        if found is None:
            return None
        x, y, z = (float(v) for v in found.position)
        vx, vy, vz = (float(v) for v in np.diag(found.covariance))
        return Position3D((x, y, z), (vx, vy, vz))

    def _at(self, stamp: int) -> DepthImage | None:
        """Return the depth image nearest to a time, None if there is none within the tolerance."""
        latest = stamp + self._tolerance
        while not self._near or stamp_of(self._near[-1].header) < latest:
            message = next(self._messages, None)
            if message is None:
                break
            stamp_of(message.header)  # raises StampError while it is easily left out
            self._near.append(message)
        while self._near and stamp_of(self._near[0].header) < stamp - self._tolerance:
            self._near.popleft()
        fitting = [m for m in self._near if stamp_of(m.header) <= latest]
        if not fitting:
            return None
        return read_depth(min(fitting, key=lambda m: abs(stamp_of(m.header) - stamp)))


def _is_seen(target: TargetResult) -> bool:
    return target.state != TargetState.LOST


def _first_info(source: Path | str, topics: DepthTopics) -> CameraModel:
    with BagReader(source, topics.camera_info, types={CAMERA_INFO}) as reader:
        for recorded in reader:
            return read_camera_info(recorded.message(), topics.rectified)
        raise SourceError(
            f"topic {reader.topic} of {source} is empty; depth needs the camera's calibration"
        )
