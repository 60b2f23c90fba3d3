# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""3D positions of the targets, from depth images that are aligned with the camera's.

::

    worker of the pipeline   result ---+
                                       Matcher -> thread "positions" -> detections_3d, pose, /tf
    executor thread          depth  ---+

So neither the tracker nor the executor waits for it. Nothing is subscribed to, and nothing is
computed, while nobody listens and no frames are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from geometry_msgs.msg import PoseStamped
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection3DArray

from re3_ros.errors import CameraError, ImageError, InputError, MissingDepthError
from re3_ros.ros.kit import Faults, Throttle, image_qos, result_qos
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
from ._camera import Arrival, Camera, primary_target
from ._messages import is_lost
from ._spatial_match import Matcher
from ._spatial_messages import detection_3d, pose_stamped, transform

CHECK_PERIOD = 0.5
"""Seconds between two checks of who subscribes."""


class LiveParameters(Protocol):
    """Where parameters are looked up by name."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the present value."""


class _Pending(NamedTuple):
    """A result that waits for its depth image; the image itself is not kept."""

    header: Any
    result: FrameResult


class _Targets(NamedTuple):
    """Targets of one image whose position is known."""

    header: Any
    found: list[tuple[TargetResult, Position]]
    primary: Position | None


class Spatial:
    """Publishes `detections_3d`, `pose` and, if `publish_tf` is set, frames of each camera."""

    def __init__(self, node: Node, cameras: Mapping[str, Camera], live: LiveParameters) -> None:
        self._node = node
        prefixes = {name: f"{name}/" if len(cameras) > 1 else "" for name in cameras}
        self._inputs = {n: _DepthInput(node, c, live, prefixes[n]) for n, c in cameras.items()}
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(CHECK_PERIOD, self._check_subscribers, clock=clock)
        self._check_subscribers()

    def publish(self, arrival: Arrival, _image: NDArray[np.uint8], result: FrameResult) -> None:
        """Let a result wait for its depth image."""
        self._inputs[arrival.camera.name].add(_Pending(arrival.message.header, result))

    def close(self) -> None:
        """Stop, and destroy topics and timer."""
        self._node.destroy_timer(self._timer)
        for source in self._inputs.values():
            source.close()

    def _check_subscribers(self) -> None:
        for source in self._inputs.values():
            source.open_if_wanted()


class _DepthInput:
    """One camera's depth: subscriptions while somebody listens, publishers, and a thread."""

    def __init__(self, node: Node, camera: Camera, live: LiveParameters, prefix: str) -> None:
        self._node = node
        self._camera = camera
        self._live = live
        self._prefix = prefix
        self._depth: Any = None
        self._info: Any = None
        self._calibration: CameraInfo | None = None
        self._frames = _Frames(node, live, prefix)
        self._finder = _Finder(node, camera, live)
        self._matcher: Matcher[_Pending, Image] = Matcher(lambda: live["depth_tolerance"])
        qos = result_qos(live["result_reliability"], live["result_depth"])
        self._array = node.create_publisher(Detection3DArray, f"{prefix}detections_3d", qos)
        self._pose = node.create_publisher(PoseStamped, f"{prefix}pose", qos)
        faults = getattr(node, "faults", None) or Faults(node.get_logger)
        self._work = faults.guard("positions", self._locate)
        self._worker = threading.Thread(target=self._run, name="positions", daemon=True)
        self._worker.start()

    # Executor thread.

    def open_if_wanted(self) -> None:
        """Subscribe to depth images if somebody listens, else no longer."""
        listeners = self._array.get_subscription_count() + self._pose.get_subscription_count()
        wanted = bool(listeners or self._frames.wanted())
        if wanted and self._depth is None:
            self._subscribe()
        elif not wanted and self._depth is not None:
            self._unsubscribe()

    def _subscribe(self) -> None:
        qos = image_qos(self._live["image_reliability"])
        on_info = self._on_info
        self._info = self._node.create_subscription(
            CameraInfo, f"{self._prefix}camera_info", on_info, qos
        )
        self._depth = self._node.create_subscription(
            Image, f"{self._prefix}depth", self._on_depth, qos
        )

    def _unsubscribe(self) -> None:
        depth, self._depth = self._depth, None
        for subscription in (depth, self._info):
            if subscription is not None:
                self._node.destroy_subscription(subscription)
        self._info = self._calibration = None
        self._matcher.clear()

    def close(self) -> None:
        """End the thread, and destroy the topics."""
        self._unsubscribe()
        self._matcher.close()
        self._worker.join()
        self._frames.close()
        self._node.destroy_publisher(self._array)
        self._node.destroy_publisher(self._pose)

    def _on_info(self, message: CameraInfo) -> None:
        if self._calibration is None or self._finder.can_use(message):
            self._calibration = message

    def _on_depth(self, message: Image) -> None:
        try:
            self._matcher.add_depth(stamp_of(message.header), message)
        except InputError as error:
            self._finder.reject(error)

    # Worker of the pipeline.

    def add(self, result: _Pending) -> None:
        """Let a result wait for its depth image, if anybody wants to know."""
        if self._depth is not None:
            missed = self._matcher.add_result(stamp_of(result.header), result)
            self._camera.counts.add("depth_missing", missed)

    # Thread "positions".

    def _run(self) -> None:
        while (pair := self._matcher.take()) is not None:
            self._work(pair)

    def _locate(self, pair: Any) -> None:
        depth = self._depth
        topic = depth.topic_name if depth is not None else "depth"
        targets = self._finder.find(pair.result, pair.depth, self._calibration, topic)
        if targets is not None:
            self._publish(targets)

    def _publish(self, targets: _Targets) -> None:
        header, default = targets.header, self._live["class_id"]
        array = Detection3DArray(header=header)
        for target, position in targets.found:
            kind = self._camera.class_of(target.id, default)
            array.detections.append(detection_3d(target, position, header, kind))
        self._array.publish(array)
        if targets.primary is not None:
            self._pose.publish(pose_stamped(targets.primary, header))
        self._frames.publish(targets)


class _Finder:
    """From a result and its depth image to positions, with a word about what does not fit."""

    def __init__(self, node: Node, camera: Camera, live: LiveParameters) -> None:
        self._node = node
        self._camera = camera
        self._live = live
        self._locator = Locator()
        self._throttle = Throttle()
        self._said: set[str] = set()

    def find(
        self, seen: _Pending, message: Any, calibration: CameraInfo | None, topic: str
    ) -> _Targets | None:
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

    def _read(self, seen: _Pending, message: Any, topic: str) -> DepthImage:
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

    @property
    def _topic(self) -> str:
        return str(self._camera.topics.image.topic_name)

    def _locate(self, seen: _Pending, depth: DepthImage, model: CameraModel) -> _Targets:
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
        return _Targets(seen.header, found, positions.get(primary.id) if primary else None)

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


@dataclass
class _Frames:
    """Frames of targets on /tf."""

    node: Node
    live: LiveParameters
    prefix: str
    publisher: Any = None
    said: bool = False

    def wanted(self) -> bool:
        """Tell whether frames are asked for and can be sent; makes the publisher, if so."""
        if self.live["publish_tf"] and self.publisher is None and not self.said:
            try:
                from tf2_msgs.msg import TFMessage
            except ImportError:
                self._say("no frames: tf2_msgs is not installed (apt install ros-*-tf2-msgs)")
            else:
                self.publisher = self.node.create_publisher(TFMessage, "/tf", 100)
        return bool(self.live["publish_tf"] and self.publisher is not None)

    def publish(self, targets: _Targets) -> None:
        """Send a frame for each target, named by `tf_prefix`, camera if there are several, id."""
        if not (self.live["publish_tf"] and self.publisher is not None and targets.found):
            return
        from tf2_msgs.msg import TFMessage

        header, start = targets.header, self.live["tf_prefix"] + self.prefix
        if not header.frame_id:
            self._say("no frames: the header of the images has an empty frame_id")
            return
        found = [
            (f"{start}{target.id}".lstrip("/"), position) for target, position in targets.found
        ]
        frames = [transform(position, header, child) for child, position in found]
        sent = [f for f in frames if f.child_frame_id != header.frame_id]
        self.publisher.publish(TFMessage(transforms=sent))

    def close(self) -> None:
        """Destroy the publisher."""
        if self.publisher is not None:
            self.node.destroy_publisher(self.publisher)

    def _say(self, text: str) -> None:
        if not self.said:
            self.said = True
            self.node.get_logger().warning(text)
