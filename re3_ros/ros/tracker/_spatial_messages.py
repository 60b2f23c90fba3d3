# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From 3D positions to ROS messages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import Pose, PoseStamped, TransformStamped
from vision_msgs.msg import Detection3D, ObjectHypothesisWithPose

from re3_ros.spatial import Position
from re3_ros.tracking import TargetResult

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
    """Return the position of a target, under the header of the image it was seen in."""
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = class_id
    hypothesis.hypothesis.score = float(target.score)
    hypothesis.pose.pose = pose(position)
    covariance = np.diag([0.0] * 3 + [ANY_TURN] * 3)
    covariance[:3, :3] = position.covariance
    hypothesis.pose.covariance = covariance.ravel()
    message = Detection3D(header=header, id=target.id, results=[hypothesis])
    message.bbox.center = pose(position)
    size = message.bbox.size
    size.x, size.y, size.z = (float(v) for v in position.size)
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
