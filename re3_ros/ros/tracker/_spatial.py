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
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection3DArray

from re3_ros.errors import InputError
from re3_ros.ros.kit import Faults, image_qos, result_qos
from re3_ros.tracking import FrameResult, stamp_of

from ._camera import Arrival, Camera
from ._parameters import LiveParameters
from ._spatial_finder import Finder, Pending, Targets
from ._spatial_match import Matcher
from ._spatial_messages import Frames, detection_3d, pose_stamped
from ._views import Markers

CHECK_PERIOD = 0.5
"""Seconds between two checks of who subscribes."""


class Spatial:
    """Publishes `detections_3d`, `pose`, `markers` and, with `publish_tf`, frames of a camera."""

    def __init__(self, node: Node, cameras: Mapping[str, Camera], live: LiveParameters) -> None:
        self._node = node
        prefixes = {name: f"{name}/" if len(cameras) > 1 else "" for name in cameras}
        self._inputs = {n: _DepthInput(node, c, live, prefixes[n]) for n, c in cameras.items()}
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(CHECK_PERIOD, self._check_subscribers, clock=clock)
        self._check_subscribers()

    def publish(self, arrival: Arrival, _image: NDArray[np.uint8], result: FrameResult) -> None:
        """Let a result wait for its depth image."""
        self._inputs[arrival.camera.name].add(Pending(arrival.message.header, result))

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
        self._frames = Frames(node, live, prefix)
        self._markers = Markers(node, prefix)
        self._finder = Finder(node, camera, live)
        self._matcher: Matcher[Pending, Image] = Matcher(lambda: live["depth_tolerance"])
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
        # Each is asked: those who are wanted open their topic then.
        wanted = any([listeners, self._markers.wanted(), self._frames.wanted()])
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
        self._markers.close()
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

    def add(self, result: Pending) -> None:
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

    def _publish(self, targets: Targets) -> None:
        header, default = targets.header, self._live["class_id"]
        array = Detection3DArray(header=header)
        for target, position in targets.found:
            kind = self._camera.class_of(target.id, default)
            array.detections.append(detection_3d(target, position, header, kind))
        self._array.publish(array)
        if targets.primary is not None:
            self._pose.publish(pose_stamped(targets.primary, header))
        self._frames.publish(header, targets.found)
        self._markers.publish(header, targets.found)
