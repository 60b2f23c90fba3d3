# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From a result and its depth image to the positions of targets."""

from __future__ import annotations

from typing import Any, NamedTuple

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from re3_ros.errors import CameraError, ImageError, InputError, MissingDepthError
from re3_ros.ros.kit import Throttle
from re3_ros.spatial import (
    CameraModel,
    DepthImage,
    Locator,
    Position,
    is_rectified,
    read_camera_info,
    read_depth,
)
from re3_ros.tracking import FrameResult, TargetResult, TargetState, stamp_of

from ._advice import advice
from ._camera import Camera, primary_target
from ._messages import is_lost
from ._parameters import LiveParameters


class Pending(NamedTuple):
    """A result that waits for its depth image; the image itself is not kept."""

    header: Any
    result: FrameResult


class Targets(NamedTuple):
    """Targets of one image whose position is known."""

    header: Any
    found: list[tuple[TargetResult, Position]]
    primary: Position | None


class Finder:
    """From a result and its depth image to positions, with a word about what does not fit."""

    def __init__(self, node: Node, camera: Camera, live: LiveParameters) -> None:
        self._node = node
        self._camera = camera
        self._live = live
        # Looked up once: at the end the subscription is gone before the last depth image is used.
        self._topic = str(camera.topics.image.topic_name)
        self._locator = Locator()
        self._throttle = Throttle()
        self._said: set[str] = set()

    def find(
        self, seen: Pending, message: Any, calibration: CameraInfo | None, topic: str
    ) -> Targets | None:
        """Return the targets with their positions; None, logged and counted, if depth is no use."""
        try:
            depth = self._read(seen, message, topic)
            model = self._model(calibration, depth)
        except InputError as error:
            self.reject(error)
            return None
        return self._locate(seen, depth, model)

    def can_use(self, calibration: CameraInfo) -> bool:
        """Tell whether positions come of a calibration; some drivers send zeros now and then."""
        try:
            self._parse(calibration)
        except InputError:
            return False
        return True

    def _read(self, seen: Pending, message: Any, topic: str) -> DepthImage:
        if message is None:
            raise MissingDepthError(
                f"no depth image on {topic} within {self._live['depth_tolerance']:g} s of the "
                "image",
                setting="depth_tolerance",
            )
        depth, result = read_depth(message), seen.result
        if (depth.width, depth.height) != (result.width, result.height):
            raise ImageError(
                f"depth image is {depth.width} x {depth.height} pixels, the image "
                f"{result.width} x {result.height}; align it with the image: the camera driver's "
                "align_depth, or depth_image_proc's register node"
            )
        self._compare(message.header.frame_id, seen.header.frame_id, topic)
        return depth

    def _compare(self, depth: str, image: str, topic: str) -> None:
        if depth and image and depth != image:
            self._say(
                f"{topic} is in frame {depth!r}, the image in {image!r}: positions are right only "
                "if the depth image is aligned with the image"
            )

    def _model(self, calibration: CameraInfo | None, depth: DepthImage) -> CameraModel:
        if calibration is None:
            raise CameraError("no camera_info has come; remap it to that of the camera")
        model = self._parse(calibration)
        model.check_size(depth.width, depth.height)
        if model.distortion and self._rectified() is None:
            self._say(
                f"{self._topic} is taken as not rectified: positions are freed of the lens's "
                f"distortion ({model.kind}); if it is rectified, set camera_model:=rectified"
            )
        return model

    def _parse(self, calibration: CameraInfo) -> CameraModel:
        return read_camera_info(calibration, self._rectified())

    def _rectified(self) -> bool | None:
        return is_rectified(self._live["camera_model"], self._topic)

    def _locate(self, seen: Pending, depth: DepthImage, model: CameraModel) -> Targets:
        stamp, positions = stamp_of(seen.header), {}
        self._locator.keep({target.id for target in seen.result.targets})
        for target in seen.result.targets:
            if not is_lost(target):
                sure = target.state in {TargetState.NEW, TargetState.TRACKING}
                about = stamp, target.frames_since_init, sure
                positions[target.id] = self._locator.locate(
                    target.id, target.box, depth, model, *about
                )
        found = [(t, p) for t in seen.result.targets if (p := positions.get(t.id)) is not None]
        primary = primary_target(seen.result, self._live["primary"])
        return Targets(seen.header, found, positions.get(primary.id) if primary else None)

    def reject(self, error: InputError) -> None:
        """Count a depth image, or its lack, and say why there are no positions."""
        missing = isinstance(error, MissingDepthError)
        self._camera.counts.add("depth_missing" if missing else "depth_rejected")
        held_back = self._throttle.due(type(error).__name__)
        if held_back is not None:
            more = f" ({held_back} more like this since the last line)" if held_back else ""
            text = f"{self._camera.name}: no 3D positions: {error}{advice(error)}{more}"
            self._node.get_logger().warning(text)

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._node.get_logger().warning(f"{self._camera.name}: {text}")
