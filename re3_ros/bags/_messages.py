# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Results as messages, field for field as the node publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from re3_ros.boxes import Boxes, to_cxcywh
from re3_ros.images import Image
from re3_ros.media import image_annotations
from re3_ros.tracking import FrameResult, TargetResult, TargetState

from ._definitions import IMAGE, typestore

CLASS_ID = "object"
"""What the node puts into every hypothesis by default: the tracker knows no classes."""


@dataclass(frozen=True)
class StatusCounts:
    """What a status message counts."""

    received: int = 0
    processed: int = 0
    rejected: int = 0
    boxes_rejected: int = 0


def header(stamp: int, frame_id: str = "") -> Any:
    """Return a std_msgs/Header of ``stamp`` ns."""
    time = _new("builtin_interfaces/msg/Time", sec=stamp // 10**9, nanosec=stamp % 10**9)
    return _new("std_msgs/msg/Header", stamp=time, frame_id=frame_id)


def image_message(image: Image, message_header: Any, encoding: str = "rgb8") -> Any:
    """Return a sensor_msgs/Image of uint8 pixels (H, W, 3)."""
    height, width = image.shape[:2]
    return _new(
        IMAGE,
        header=message_header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=3 * width,
        data=np.ascontiguousarray(image).reshape(-1),
    )


def detections_message(result: FrameResult, message_header: Any) -> Any:
    """Return a vision_msgs/Detection2DArray of all targets that are not lost."""
    found = [_detection(t, message_header) for t in result.targets if t.state != TargetState.LOST]
    return _new("vision_msgs/msg/Detection2DArray", header=message_header, detections=found)


def status_message(
    result: FrameResult, message_header: Any, counts: StatusCounts, device: str, weights: str
) -> Any:
    """Return a re3_ros/TrackerStatus of all targets."""
    return _new(
        "re3_ros/msg/TrackerStatus",
        header=message_header,
        camera=result.camera,
        enabled=True,
        targets=[_target(t) for t in result.targets],
        latency=result.latency,
        inference=result.latency,
        frames_received=counts.received,
        frames_processed=counts.processed,
        frames_dropped=0,
        frames_rejected=counts.rejected,
        boxes_rejected=counts.boxes_rejected,
        errors=0,
        fault="",
        device=device,
        weights=weights,
    )


def annotations_message(result: FrameResult, message_header: Any) -> Any:
    """Return a foxglove_msgs/ImageAnnotations of all targets, lost or not."""
    return image_annotations(result, message_header.stamp, _foxglove)


def box_of(bbox: Any) -> Boxes:
    """Return the box (4,) x1, y1, x2, y2 of an upright vision_msgs/BoundingBox2D."""
    centre = bbox.center.position
    half = np.array([bbox.size_x, bbox.size_y]) / 2
    middle = np.array([centre.x, centre.y])
    return np.concatenate([middle - half, middle + half])


def _new(kind: str, **fields: Any) -> Any:
    return typestore().types[kind](**fields)


def _foxglove(kind: str, **fields: Any) -> Any:
    return _new(f"foxglove_msgs/msg/{kind}", **fields)


def _bbox(box: Boxes) -> Any:
    x, y, width, height = (float(v) for v in to_cxcywh(box))
    position = _new("vision_msgs/msg/Point2D", x=x, y=y)
    centre = _new("vision_msgs/msg/Pose2D", position=position, theta=0.0)
    return _new("vision_msgs/msg/BoundingBox2D", center=centre, size_x=width, size_y=height)


def _detection(target: TargetResult, message_header: Any) -> Any:
    score = float(target.score)
    point = _new("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0)
    turn = _new("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
    pose = _new("geometry_msgs/msg/Pose", position=point, orientation=turn)
    unknown = _new("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=np.zeros(36))
    hypothesis = _new("vision_msgs/msg/ObjectHypothesis", class_id=CLASS_ID, score=score)
    result = _new("vision_msgs/msg/ObjectHypothesisWithPose", hypothesis=hypothesis, pose=unknown)
    return _new(
        "vision_msgs/msg/Detection2D",
        header=message_header,
        results=[result],
        bbox=_bbox(target.box),
        id=target.id,
    )


def _target(target: TargetResult) -> Any:
    return _new(
        "re3_ros/msg/TargetStatus",
        id=target.id,
        state=int(target.state),
        score=float(target.score),
        bbox=_bbox(target.box),
        frames_since_init=target.frames_since_init,
        frames_since_reset=target.frames_since_reset,
        frames_in_state=target.frames_in_state,
    )
