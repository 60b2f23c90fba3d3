# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of one camera, from activate to deactivate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2D, Detection2DArray

from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import result_qos


def image_topic(node: Node, topic: str, transport: str) -> tuple[type, str]:
    """Return type and name of what carries the images of ``topic``.

    As everywhere in ROS, the compressed ones lie under the name of the raw ones, remapped or not.
    """
    if transport == "compressed":
        return CompressedImage, f"{node.resolve_topic_name(topic)}/compressed"
    return Image, topic


class CameraTopics:
    """One camera's subscription and publishers; names are relative, so they can be remapped."""

    def __init__(
        self,
        node: Node,
        prefix: str,
        qos: QoSProfile,
        on_image: Callable[[Any], None],
        results: QoSProfile | None = None,
        transport: str = "raw",
    ) -> None:
        self._node = node
        results = results or result_qos()
        kind, topic = image_topic(node, f"{prefix}image", transport)
        self.image = node.create_subscription(kind, topic, on_image, qos)
        self.detections = node.create_publisher(Detection2DArray, f"{prefix}detections", results)
        self.detection = node.create_publisher(Detection2D, f"{prefix}detection", results)
        self.status = node.create_publisher(TrackerStatus, f"{prefix}status", results)
        self.debug_image = node.create_publisher(Image, f"{prefix}debug_image", 1)

    def close_input(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_subscription(self.image)

    def close_output(self) -> None:
        """Destroy the publishers; nobody may be publishing any more."""
        for publisher in (self.detections, self.detection, self.status, self.debug_image):
            self._node.destroy_publisher(publisher)
