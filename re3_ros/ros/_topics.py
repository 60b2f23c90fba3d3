# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of one camera, from activate to deactivate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray

from re3_ros.msg import TrackerStatus

RESULTS = 10
"""Depth of the queues of results: reliable, so that subscribers of both kinds can be served."""


def image_qos(reliability: str = "best_effort", depth: int = 5) -> QoSProfile:
    """Return the QoS of the image subscription; by default SensorDataQoS."""
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=qos_profile_sensor_data.durability,
        history=qos_profile_sensor_data.history,
    )


class CameraTopics:
    """One camera's subscription and publishers; names are relative, so they can be remapped."""

    def __init__(
        self, node: Node, prefix: str, qos: QoSProfile, on_image: Callable[[Any], None]
    ) -> None:
        self._node = node
        self.image = node.create_subscription(Image, f"{prefix}image", on_image, qos)
        self.detections = node.create_publisher(Detection2DArray, f"{prefix}detections", RESULTS)
        self.detection = node.create_publisher(Detection2D, f"{prefix}detection", RESULTS)
        self.status = node.create_publisher(TrackerStatus, f"{prefix}status", RESULTS)
        self.debug_image = node.create_publisher(Image, f"{prefix}debug_image", 1)

    def close_input(self) -> None:
        """Destroy the subscription."""
        self._node.destroy_subscription(self.image)

    def close_output(self) -> None:
        """Destroy the publishers; nobody may be publishing any more."""
        for publisher in (self.detections, self.detection, self.status, self.debug_image):
            self._node.destroy_publisher(publisher)
