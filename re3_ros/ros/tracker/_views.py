# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What viewers draw: annotations of Foxglove over the image, markers of RViz in space.

Both packages of messages are optional: without one, its topic does not exist, and the log says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.node import Node

from re3_ros.media import STATE_COLOURS, image_annotations, label_of
from re3_ros.spatial import Position
from re3_ros.tracking import FrameResult, TargetResult

from ._camera import Arrival, Camera
from ._spatial_messages import bounding_box_3d

LIFETIME = 2
"""Seconds after which markers vanish if no newer ones come: of a node, or a depth, that ended."""
_THINNEST = 1e-3
"""Metres of a side of a marker at least; RViz refuses 0, and what is seen may be flat."""
_LETTERS, _SMALLEST = 0.2, 0.02
"""Height of text in longest sides of its box, and in metres at least."""


class Annotations:
    """Publishes `annotations` of each camera while somebody subscribes."""

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
            stamp = arrival.message.header.stamp
            publisher.publish(image_annotations(result, stamp, _foxglove))

    def close(self) -> None:
        """Destroy the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers.clear()


def _foxglove(kind: str, **fields: Any) -> Any:
    """Return a message of foxglove_msgs, without the fields that an older version lacks."""
    from foxglove_msgs import msg

    made = getattr(msg, kind)
    known = made.get_fields_and_field_types()
    return made(**{name: value for name, value in fields.items() if name in known})


class Markers:
    """Publishes `markers` of one camera, the `detections_3d` to be seen, while somebody subscribes.

    ``prefix`` stands before the name of the topic.
    """

    def __init__(self, node: Node, prefix: str) -> None:
        self._node = node
        self._publisher: Any = None
        try:
            from visualization_msgs.msg import MarkerArray
        except ImportError:
            node.get_logger().info(
                "no topic markers for RViz: visualization_msgs is not installed "
                "(apt install ros-$ROS_DISTRO-visualization-msgs)",
                once=True,
            )
            return
        self._publisher = node.create_publisher(MarkerArray, f"{prefix}markers", 10)

    def wanted(self) -> bool:
        """Tell whether somebody subscribes."""
        return self._publisher is not None and self._publisher.get_subscription_count() > 0

    def publish(self, header: Any, found: Sequence[tuple[TargetResult, Position]]) -> None:
        """Publish what replaces all markers of before: a box and a label for each target."""
        if self.wanted():
            self._publisher.publish(marker_array(header, found))

    def close(self) -> None:
        """Destroy the publisher."""
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)


def marker_array(header: Any, found: Sequence[tuple[TargetResult, Position]]) -> Any:
    """Return a visualization_msgs/MarkerArray: all of before deleted, a box and a label a target.

    So whoever missed a message shows no target that is gone.
    """
    from visualization_msgs.msg import Marker, MarkerArray

    array = MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])
    for index, (target, position) in enumerate(found):
        array.markers += _markers(header, index, target, position)
    return array


def _markers(header: Any, index: int, target: TargetResult, position: Position) -> tuple[Any, Any]:
    """Return box and label of a target; the label lies above the box as the camera sees it."""
    from visualization_msgs.msg import Marker

    seen = bounding_box_3d(position)
    sides = [max(_THINNEST, v) for v in (seen.size.x, seen.size.y, seen.size.z)]
    common = {"header": header, "id": index, "action": Marker.ADD}
    common["lifetime"] = Duration(seconds=LIFETIME).to_msg()
    box = Marker(ns="boxes", type=Marker.CUBE, pose=seen.center, **common)
    box.scale.x, box.scale.y, box.scale.z = sides
    label = Marker(ns="labels", type=Marker.TEXT_VIEW_FACING, text=label_of(target), **common)
    label.scale.z = max(_SMALLEST, _LETTERS * max(sides))
    centre, place = seen.center.position, label.pose.position
    place.x, place.y, place.z = centre.x, centre.y - max(sides) / 2 - label.scale.z, centre.z
    red, green, blue = (channel / 255 for channel in STATE_COLOURS[target.state])
    for marker, alpha in ((box, 0.4), (label, 1.0)):
        marker.color.r, marker.color.g, marker.color.b, marker.color.a = red, green, blue, alpha
    return box, label
