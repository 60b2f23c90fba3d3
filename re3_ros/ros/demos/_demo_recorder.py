# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder of the live demo: shows the tracker its target, and writes down what comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray

from re3_ros.bags import DETECTIONS, IMAGE, STATUS, BagWriter
from re3_ros.errors import SourceError
from re3_ros.msg import TrackerStatus
from re3_ros.ros.tracker import bounding_box, box_of
from re3_ros.tracking import TargetState, known_state, stamp_of
from re3_ros.worlds import DemoRecord, DemoScene

from ._demo_camera import SECOND
from ._staging import NodeRecorder

TARGET = "tortoise"
LATE = 30
"""Images after which a box without effect is taken to be lost."""


class Recorder(NodeRecorder):
    """Subscribes to the camera and to the tracker in one namespace, and records both in a bag.

    The first image received is answered with the true box on it, stamped as that image: the one
    thing that a user does. All topics are taken as bytes, and go into the bag as they came.
    """

    def __init__(self, node: Node, scene: DemoScene, epoch: int, bag: BagWriter) -> None:
        super().__init__(node)
        self._scene = scene
        self._epoch = epoch
        self._bag = bag
        self.first: int | None = None
        """Index of the image that the box was given on."""
        self.images: dict[int, float] = {}
        """Time of arrival, of time.monotonic, by index in the scene."""
        self.answers: dict[int, float] = {}
        """Time of arrival of the detections, likewise."""
        self.detections: dict[int, Detection2DArray] = {}
        self.statuses: dict[int, TrackerStatus] = {}
        self._init_box = node.create_publisher(Detection2D, "init_box", 1)

    def connect(self, alive: Callable[[], bool], timeout: float = 120.0) -> None:
        """Subscribe to the tracker and, once it is there, to the camera, which then begins."""
        self._subscribe(Detection2DArray, DETECTIONS, "detections", 10, self._on_detections)
        status = self._subscribe(TrackerStatus, STATUS, "status", 10, self._on_status)
        deadline = time.monotonic() + timeout
        while not (
            self._init_box.get_subscription_count()
            and self._node.count_publishers(status.topic_name)
        ):
            self.spin()
            if not alive() or time.monotonic() > deadline:
                raise SourceError("the tracker could not be brought up: node.log says why")
        self._subscribe(Image, IMAGE, "image", qos_profile_sensor_data, self._on_image)

    @property
    def answered(self) -> int:
        """Images for which detections have come."""
        return len(self.detections)

    @property
    def seconds(self) -> float:
        """From the first detections to the last, and one frame more."""
        times = self.answers.values()
        return max(times) - min(times) + 1 / self._scene.fps if times else 0.0

    @property
    def image_rate(self) -> float:
        """Images received in a second."""
        times = self.images.values()
        return len(times) / (max(times) - min(times) + 1 / self._scene.fps) if times else 0.0

    def delays(self) -> list[float]:
        """Return the seconds from the arrival of each image to that of its detections."""
        return [t - self.images[i] for i, t in self.answers.items() if i in self.images]

    def records(self) -> list[DemoRecord]:
        """Return what was answered, from the image on which the box was given."""
        begin = self._scene.frames if self.first is None else self.first
        both = sorted(self.detections.keys() & self.statuses.keys())
        return [self._record(index) for index in both if index >= begin]

    def _record(self, index: int) -> DemoRecord:
        mine = [t for t in self.statuses[index].targets if t.id == TARGET]
        found = [d for d in self.detections[index].detections if d.id == TARGET]
        box = box_of(found[0].bbox) if found else None
        score = mine[0].score if mine else 0.0
        state = known_state(mine[0].state, TARGET) if mine else TargetState.NEW
        return DemoRecord(index, box, score, state)

    def _subscribe(
        self,
        kind: type,
        name: str,
        topic: str,
        qos: QoSProfile | int,
        receive: Callable[[int, Any], None],
    ) -> Any:
        def on_bytes(data: bytes) -> None:
            message = deserialize_message(data, kind)
            stamp = stamp_of(message.header)
            self._bag.write_raw(subscription.topic_name, name, data, time.time_ns())
            receive(self._scene.index(stamp - self._epoch * SECOND), message)

        subscription = self._node.create_subscription(kind, topic, on_bytes, qos, raw=True)
        return subscription

    def _on_image(self, index: int, message: Image) -> None:
        self.images[index] = time.monotonic()
        if self.first is None:
            self.first = index
            self._point(index, message.header)

    def _point(self, index: int, header: Header) -> None:
        box = np.asarray(self._scene.truth(index)[0])
        self._init_box.publish(Detection2D(header=header, id=TARGET, bbox=bounding_box(box)))

    def _on_detections(self, index: int, message: Detection2DArray) -> None:
        self.answers[index] = time.monotonic()
        self.detections[index] = message

    def _on_status(self, index: int, message: TrackerStatus) -> None:
        self.statuses[index] = message
        if self.first is not None and not message.targets and index > self.first + LATE:
            self.first = None  # the box was sent before the node knew of its sender: once more
