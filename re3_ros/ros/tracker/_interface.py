# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the node subscribes to, publishes and serves: the table that the documentation shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A topic, or a service, of the node."""

    name: str
    """Relative to the node's namespace; ~/ stands for its name, / for no namespace."""
    kind: str
    """package/Type"""
    text: str
    qos: str = "reliable, depth 10"
    each: bool = True
    """Whether there is one for each camera, where there are several."""
    needs: str = ""
    """Package that has the type, if the node runs without it too."""


SUBSCRIBED = (
    Topic(
        "image",
        "sensor_msgs/Image",
        "the camera; see [Images](#images)",
        "`image_reliability` (best effort), depth `image_depth`",
    ),
    Topic(
        "depth",
        "sensor_msgs/Image",
        "aligned with `image`; only while somebody listens to positions; see "
        "[3D positions](#places)",
        "`image_reliability` (best effort), depth 5",
    ),
    Topic(
        "camera_info",
        "sensor_msgs/CameraInfo",
        "calibration of `image`, along with `depth`",
        "`image_reliability` (best effort), depth 5",
    ),
    Topic(
        "init_box",
        "vision_msgs/Detection2D",
        "a box around an object to follow; see [Boxes](#boxes)",
        each=False,
    ),
    Topic(
        "init_boxes",
        "vision_msgs/Detection2DArray",
        "several of them at once; see [Boxes](#boxes)",
        each=False,
    ),
    Topic(
        "drop_target",
        "std_msgs/String",
        "id of a target to be forgotten; `camera/id`: on that camera only",
        each=False,
    ),
)
PUBLISHED = (
    Topic(
        "detections",
        "vision_msgs/Detection2DArray",
        "once per processed image: all targets that are not LOST",
        "`result_reliability` (reliable), depth `result_depth`",
    ),
    Topic(
        "detection",
        "vision_msgs/Detection2D",
        "the primary target, while it is not LOST",
        "`result_reliability` (reliable), depth `result_depth`",
    ),
    Topic(
        "status",
        "re3_ros/TrackerStatus",
        "once per processed image: the whole state",
        "`result_reliability` (reliable), depth `result_depth`",
    ),
    Topic(
        "detections_3d",
        "vision_msgs/Detection3DArray",
        "once per processed image that has a depth image, while somebody subscribes: where the "
        "targets are, and the box around what is seen of them; see [3D positions](#places)",
        "`result_reliability` (reliable), depth `result_depth`",
    ),
    Topic(
        "pose",
        "geometry_msgs/PoseStamped",
        "the position of the primary target, while somebody subscribes",
        "`result_reliability` (reliable), depth `result_depth`",
    ),
    Topic(
        "/tf",
        "tf2_msgs/TFMessage",
        "a frame for each target, with `publish_tf`",
        "reliable, depth 100",
        each=False,
        needs="tf2_msgs",
    ),
    Topic(
        "debug_image",
        "sensor_msgs/Image",
        "rgb8 with the targets drawn in, while somebody subscribes",
        "reliable, depth 1",
    ),
    Topic(
        "annotations",
        "foxglove_msgs/ImageAnnotations",
        "what Foxglove draws over the image, while somebody subscribes; see [Viewers](#viewers)",
        needs="foxglove_msgs",
    ),
    Topic(
        "markers",
        "visualization_msgs/MarkerArray",
        "`detections_3d` as RViz and Foxglove draw them in space, while somebody subscribes; see "
        "[Viewers](#viewers)",
        needs="visualization_msgs",
    ),
    Topic(
        "/diagnostics",
        "diagnostic_msgs/DiagnosticArray",
        "every `diagnostic_period` seconds, in every state; see [Diagnostics](#diagnostics)",
        "reliable, depth 1",
        each=False,
    ),
)
SERVICES = (
    Topic("~/clear", "std_srvs/Trigger", "forgets all targets", each=False),
    Topic(
        "~/enable",
        "std_srvs/SetBool",
        "false: images are ignored, targets are kept, and `status.enabled` says so; true: goes on",
        each=False,
    ),
)


def names(topic: Topic, cameras: tuple[str, ...]) -> list[str]:
    """Return the topic's names on a node with these cameras."""
    several = topic.each and len(cameras) > 1
    return [f"{camera}/{topic.name}" for camera in cameras] if several else [topic.name]
