# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The targets as Foxglove's ImageAnnotations, which it draws over the image they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node

from re3_ros.media import STATE_COLOURS
from re3_ros.tracking import FrameResult, TargetResult, TargetState

from ._camera import Arrival, Camera

_SHARE = 1 / 240
"""Width of a line in short sides of the image; text is eight times as high."""


class Annotations:
    """Publishes `annotations` of each camera while somebody subscribes.

    Without the package foxglove_msgs there is no such topic, and the log says so once.
    """

    def __init__(self, node: Node, cameras: Mapping[str, Camera], _live: object) -> None:
        self._node = node
        self._publishers: dict[str, Any] = {}
        try:
            from foxglove_msgs.msg import ImageAnnotations
        except ImportError:
            node.get_logger().info(
                "no topic annotations for Foxglove: foxglove_msgs is not installed "
                "(apt install ros-$ROS_DISTRO-foxglove-msgs)",
                once=True,
            )
            return
        for name in cameras:
            topic = f"{name}/annotations" if len(cameras) > 1 else "annotations"
            self._publishers[name] = node.create_publisher(ImageAnnotations, topic, 10)

    def publish(self, arrival: Arrival, _image: NDArray[np.uint8], result: FrameResult) -> None:
        """Publish boxes and labels under the stamp of their image."""
        publisher = self._publishers.get(arrival.camera.name)
        if publisher is not None and publisher.get_subscription_count():
            publisher.publish(image_annotations(result, arrival.message.header.stamp))

    def close(self) -> None:
        """Destroy the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers.clear()


def image_annotations(result: FrameResult, stamp: Any) -> Any:
    """Return a foxglove_msgs/ImageAnnotations: a box and a label for each target, lost or not.

    Its origin is the corner of the first pixel, as is ours.
    """
    from foxglove_msgs.msg import ImageAnnotations

    width = max(1.0, min(result.width, result.height) * _SHARE)
    message = ImageAnnotations()
    if hasattr(message, "timestamp"):  # younger versions of the package
        message.timestamp = stamp
    for target in result.targets:
        message.points.append(_box(target, width, stamp))
        message.texts.append(_label(target, width, stamp))
    return message


def _box(target: TargetResult, width: float, stamp: Any) -> Any:
    from foxglove_msgs.msg import Point2, PointsAnnotation

    left, top, right, bottom = (float(v) for v in target.box)
    ring = ((left, top), (right, top), (right, bottom), (left, bottom))
    box = PointsAnnotation(type=PointsAnnotation.LINE_LOOP, timestamp=stamp, thickness=width)
    box.points = [Point2(x=x, y=y) for x, y in ring]
    box.outline_color = _colour(target.state)
    return box


def _label(target: TargetResult, width: float, stamp: Any) -> Any:
    from foxglove_msgs.msg import Point2, TextAnnotation

    left, top = (float(v) for v in target.box[:2])
    state = "" if target.state == TargetState.TRACKING else f" {target.state.name.lower()}"
    label = TextAnnotation(timestamp=stamp, font_size=max(12.0, 8 * width))
    label.text = f"{target.id} {target.score:.2f}{state}"
    label.position = Point2(x=left, y=top - width)
    label.text_color = _colour(target.state)
    label.background_color.a = 0.5
    return label


def _colour(state: TargetState) -> Any:
    from foxglove_msgs.msg import Color

    red, green, blue = (channel / 255 for channel in STATE_COLOURS[state])
    return Color(r=red, g=green, b=blue, a=1.0)
