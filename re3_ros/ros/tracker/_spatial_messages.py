# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From places in space to ROS messages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import Pose, PoseStamped, TransformStamped
from vision_msgs.msg import Detection3D, ObjectHypothesisWithPose

from re3_ros.spatial import Place
from re3_ros.tracking import TargetResult

ANY_TURN = math.pi**2 / 3
"""Variance of an angle that can be anything, in square radians: nothing is known of rotation."""


def pose(place: Place) -> Pose:
    """Return the pose of a target; it is not turned against the camera."""
    message = Pose()
    x, y, z = (float(v) for v in place.position)
    message.position.x, message.position.y, message.position.z = x, y, z
    return message


def detection_3d(target: TargetResult, place: Place, header: Any, class_id: str) -> Detection3D:
    """Return where a target is in space, under the header of the image it was seen in."""
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = class_id
    hypothesis.hypothesis.score = float(target.score)
    hypothesis.pose.pose = pose(place)
    covariance = np.diag([0.0] * 3 + [ANY_TURN] * 3)
    covariance[:3, :3] = place.covariance
    hypothesis.pose.covariance = covariance.ravel()
    message = Detection3D(header=header, id=target.id, results=[hypothesis])
    message.bbox.center = pose(place)
    size = message.bbox.size
    size.x, size.y, size.z = (float(v) for v in place.size)
    return message


def pose_stamped(place: Place, header: Any) -> PoseStamped:
    """Return where a target is, under the header of the image it was seen in."""
    return PoseStamped(header=header, pose=pose(place))


def transform(place: Place, header: Any, child: str) -> TransformStamped:
    """Return the frame of a target, seen from the camera's."""
    message = TransformStamped(header=header, child_frame_id=child)
    moved = message.transform.translation
    moved.x, moved.y, moved.z = (float(v) for v in place.position)
    return message
