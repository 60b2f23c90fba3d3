# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From the tracker's results to ROS messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    ObjectHypothesisWithPose,
)

from re3_ros.boxes import to_cxcywh
from re3_ros.msg import TargetStatus
from re3_ros.tracking import FrameResult, TargetResult, TargetState


def bounding_box(box: NDArray[np.float64]) -> BoundingBox2D:
    """Return the message of a box (4,) x1, y1, x2, y2 in pixels."""
    message = BoundingBox2D()
    x, y, width, height = (float(v) for v in to_cxcywh(box))
    message.center.position.x, message.center.position.y = x, y
    message.size_x, message.size_y = width, height
    return message


def detection(target: TargetResult, header: Any, class_id: str) -> Detection2D:
    """Return where a target is, under the header of the image it was seen in."""
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = class_id
    hypothesis.hypothesis.score = float(target.score)
    message = Detection2D(header=header, id=target.id, bbox=bounding_box(target.box))
    message.results = [hypothesis]
    return message


def detections(
    result: FrameResult, header: Any, class_of: Callable[[str], str]
) -> Detection2DArray:
    """Return all targets of one image that are not lost; ``class_of`` tells the class of an id."""
    found = [detection(t, header, class_of(t.id)) for t in result.targets if not is_lost(t)]
    return Detection2DArray(header=header, detections=found)


def target_status(target: TargetResult) -> TargetStatus:
    """Return the whole state of a target, lost or not."""
    return TargetStatus(
        id=target.id,
        state=int(target.state),
        score=float(target.score),
        bbox=bounding_box(target.box),
        frames_since_init=target.frames_since_init,
        frames_since_reset=target.frames_since_reset,
        frames_in_state=target.frames_in_state,
    )


def rgb_image(pixels: NDArray[np.uint8], header: Any) -> Image:
    """Return a sensor_msgs/Image of uint8 RGB ``(height, width, 3)``."""
    height, width = pixels.shape[:2]
    message = Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width)
    message.data.frombytes(np.ascontiguousarray(pixels).data)  # assigning an array is very slow
    return message


def is_lost(target: TargetResult) -> bool:
    """Tell whether a target was not seen in its image."""
    return target.state == TargetState.LOST
