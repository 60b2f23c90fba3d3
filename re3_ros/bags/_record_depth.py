# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""3D positions of targets, from the depth images of the bag that they are tracked in."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from re3_ros.errors import CameraError, InputError, MissingDepthError, SourceError
from re3_ros.media import Closing
from re3_ros.spatial import (
    CameraModel,
    DepthImage,
    Locator,
    is_rectified,
    read_camera_info,
    read_depth,
)
from re3_ros.tracking import FrameResult, TargetResult, TargetState, stamp_of

from ._definitions import IMAGE
from ._reader import BagReader
from ._record_table import Position3D

CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
DEPTH_TOLERANCE = 0.05
"""Seconds, as in the node's parameter depth_tolerance."""
WINDOW = 10**9
"""ns by which a depth image may be recorded before or after its image."""
WAITING = 256
"""Depth images of which so many are held where the times of recording tell nothing."""


@dataclass(frozen=True)
class DepthTopics:
    """Topics of depth images aligned with the colour images, and of their calibration."""

    depth: str
    camera_info: str | None = None
    """None: the only one in the bag."""
    tolerance: float = DEPTH_TOLERANCE
    """Seconds by which the stamps of a depth image and of its image may differ."""
    camera_model: str = "auto"
    """What the images are: rectified, raw, or auto, see `re3_ros.spatial.is_rectified`."""


class BagDepth(Closing):
    """The depth images of a bag, gone through beside its images, in the order of recording.

    So a wrong stamp, of a depth image or of an image, is no more than one that fits nothing.

    ``image`` is the topic of the images. Raises SourceError if a topic is missing or holds no
    calibration, CameraError if none is of use, ConfigError for an unknown camera model.
    """

    def __init__(self, source: Path | str, topics: DepthTopics, image: str) -> None:
        rectified = is_rectified(topics.camera_model, image)
        self._locator = Locator()
        self._tolerance = round(topics.tolerance * 1e9)
        with ExitStack() as stack:
            self._cameras = stack.enter_context(_Calibrations(source, topics, rectified))
            reader = stack.enter_context(BagReader(source, topics.depth, types={IMAGE}))
            self._files = stack.pop_all()
        self._topic = reader.topic
        self._messages = iter(reader)
        self._next = next(self._messages, None)
        self._near: deque[_Recorded] = deque()

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def locate(self, result: FrameResult, logged: int) -> dict[str, Position3D]:
        """Return the positions of the targets that are seen, by id; those that can be told.

        ``logged`` is when the image was recorded, ns. Raises MissingDepthError if no depth image is
        of its time, ImageError for one that cannot be read, StampError for one whose stamp is no
        time, CameraError for one that is of another size than the image, or than the calibration
        is for.
        """
        self._locator.keep({t.id for t in result.targets})
        depth = self._at(result.stamp, logged)
        if (depth.width, depth.height) != (result.width, result.height):
            raise CameraError(
                f"depth image is {depth.width} x {depth.height} pixels, and the image "
                f"{result.width} x {result.height}; give the depth that is aligned with it"
            )
        camera = self._cameras.of_size(depth.width, depth.height)
        found = {
            t.id: self._position_of(t, depth, camera, result.stamp)
            for t in result.targets
            if _is_seen(t)
        }
        return {name: position for name, position in found.items() if position is not None}

    def _position_of(
        self, target: TargetResult, depth: DepthImage, camera: CameraModel, stamp: int
    ) -> Position3D | None:
        sure = target.state == TargetState.TRACKING
        about = camera, stamp, target.frames_since_init, sure
        found = self._locator.locate(target.id, target.box, depth, *about)
        if found is None:
            return None
        x, y, z = (float(v) for v in found.position)
        vx, vy, vz = (float(v) for v in np.diag(found.covariance))
        xy, xz, yz = (float(v) for v in found.covariance[[0, 0, 1], [1, 2, 2]])
        return Position3D((x, y, z), (vx, vy, vz), (xy, xz, yz))

    def _at(self, stamp: int, logged: int) -> DepthImage:
        """Return the depth image nearest to a time; raises MissingDepthError if none is near."""
        problem = self._read(stamp - self._tolerance, logged)
        near = min(self._near, key=lambda d: abs(d.stamp - stamp), default=None)
        if near is not None and abs(near.stamp - stamp) <= self._tolerance:
            return read_depth(near.message)
        raise problem or MissingDepthError(
            f"no depth image on {self._topic} within {self._tolerance / 1e9:g} s of the image",
            setting="depth_tolerance",
        )

    def _read(self, oldest: int, logged: int) -> InputError | None:
        """Hold what was recorded around a time; return what was wrong with some of it, if any."""
        problem: InputError | None = None
        while self._next is not None and self._next.logged <= logged + WINDOW:
            if len(self._near) >= WAITING and self._near[0].stamp >= oldest:
                break
            recorded, self._next = self._next, next(self._messages, None)
            try:
                message = recorded.message()
                self._near.append(_Recorded(recorded.logged, stamp_of(message.header), message))
            except InputError as error:
                problem = error
            if len(self._near) > WAITING:
                self._near.popleft()
        while self._near and self._near[0].logged < logged - WINDOW:
            self._near.popleft()
        return problem


class _Recorded(NamedTuple):
    """A depth image and its times, ns."""

    logged: int
    stamp: int
    message: Any


class _Calibrations(Closing):
    """The calibrations of a camera; further than the first is read only where that does not fit.

    Those of no use are left out: drivers send zeros until theirs is loaded.
    """

    def __init__(self, source: Path | str, topics: DepthTopics, rectified: bool | None) -> None:
        self._reader = BagReader(source, topics.camera_info, types={CAMERA_INFO})
        self._messages = iter(self._reader)
        self._rectified = rectified
        self._refused: InputError | None = None
        self._models: dict[tuple[int, int], CameraModel] = {}
        try:
            self._first = self._must(source)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def of_size(self, width: int, height: int) -> CameraModel:
        """Return that of images of this size. Raises CameraError if there is none."""
        size = width, height
        while size not in self._models and (0, 0) not in self._models:
            if self._next() is None:
                self._first.check_size(*size)
        return self._models.get(size) or self._models[0, 0]

    def _must(self, source: Path | str) -> CameraModel:
        first = self._next()
        if first is None and self._refused is not None:
            where = f"topic {self._reader.topic} of {source}"
            raise CameraError(f"{where}: {self._refused}") from self._refused
        if first is None:
            raise SourceError(
                f"topic {self._reader.topic} of {source} is empty; depth needs the camera's "
                "calibration"
            )
        return first

    def _next(self) -> CameraModel | None:
        for recorded in self._messages:
            try:
                model = read_camera_info(recorded.message(), self._rectified)
            except InputError as error:
                self._refused = self._refused or error
            else:
                self._models.setdefault((model.width, model.height), model)
                return model
        return None


def _is_seen(target: TargetResult) -> bool:
    return target.state != TargetState.LOST
