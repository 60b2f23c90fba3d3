# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From 3D positions to ROS messages, and frames on /tf."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from geometry_msgs.msg import Pose, PoseStamped, TransformStamped
from rclpy.node import Node
from vision_msgs.msg import BoundingBox3D, Detection3D, ObjectHypothesisWithPose

from re3_ros.spatial import Position
from re3_ros.tracking import TargetResult

from ._parameters import LiveParameters

ANY_TURN = math.pi**2 / 3
"""Variance of an angle that can be anything, in square radians: nothing is known of rotation."""


def pose(position: Position) -> Pose:
    """Return the pose of a target; it is not turned against the camera."""
    message = Pose()
    x, y, z = (float(v) for v in position.position)
    message.position.x, message.position.y, message.position.z = x, y, z
    return message


def detection_3d(
    target: TargetResult, position: Position, header: Any, class_id: str
) -> Detection3D:
    """Return the position of a target, under the header of the image it was seen in.

    The bounding box is that of the surface that is seen, along its own axes; where they are not
    known, it has the sides of the box in the image and the axes of the camera.
    """
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = class_id
    hypothesis.hypothesis.score = float(target.score)
    hypothesis.pose.pose = pose(position)
    covariance = np.diag([0.0] * 3 + [ANY_TURN] * 3)
    covariance[:3, :3] = position.covariance
    hypothesis.pose.covariance = covariance.ravel()
    message = Detection3D(header=header, id=target.id, results=[hypothesis])
    message.bbox = bounding_box_3d(position)
    return message


def bounding_box_3d(position: Position) -> BoundingBox3D:
    """Return the box around what is seen of a target."""
    extent = position.extent
    sides = position.size if extent is None else extent.size
    message = BoundingBox3D(center=pose(position))
    if extent is not None:
        place, turn = message.center.position, message.center.orientation
        place.x, place.y, place.z = (float(v) for v in extent.centre)
        turn.x, turn.y, turn.z, turn.w = (float(v) for v in extent.quaternion)
    message.size.x, message.size.y, message.size.z = (float(v) for v in sides)
    return message


def pose_stamped(position: Position, header: Any) -> PoseStamped:
    """Return the pose of a target, under the header of the image it was seen in."""
    return PoseStamped(header=header, pose=pose(position))


def transform(position: Position, header: Any, child: str) -> TransformStamped:
    """Return the frame of a target, seen from the camera's."""
    message = TransformStamped(header=header, child_frame_id=child)
    moved = message.transform.translation
    moved.x, moved.y, moved.z = (float(v) for v in position.position)
    return message


@dataclass
class Frames:
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

    def publish(self, header: Any, found: list[tuple[TargetResult, Position]]) -> None:
        """Send a frame for each target, named by `tf_prefix`, camera if there are several, id."""
        if not (self.live["publish_tf"] and self.publisher is not None and found):
            return
        from tf2_msgs.msg import TFMessage

        start = self.live["tf_prefix"] + self.prefix
        if not header.frame_id:
            self._say("no frames: the header of the images has an empty frame_id")
            return
        frames = [transform(p, header, f"{start}{target.id}".lstrip("/")) for target, p in found]
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
