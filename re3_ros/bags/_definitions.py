# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Message types of bags, without ROS.

Those of ROS itself come with `rosbags`. vision_msgs has the same fields in every distribution
since Humble; its types are written down here by field, and so are those of foxglove_msgs 3. Ours
repeat ``msg/*.msg``, which a pip-installed package does not carry; a test keeps the two equal.
"""

from __future__ import annotations

from functools import cache

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

VISION_MSGS = {
    "Point2D": "float64 x\nfloat64 y\n",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta\n",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n",
    "ObjectHypothesis": "string class_id\nfloat64 score\n",
    "ObjectHypothesisWithPose": (
        "vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n"
    ),
    "Detection2D": (
        "std_msgs/Header header\n"
        "vision_msgs/ObjectHypothesisWithPose[] results\n"
        "vision_msgs/BoundingBox2D bbox\n"
        "string id\n"
    ),
    "Detection2DArray": "std_msgs/Header header\nvision_msgs/Detection2D[] detections\n",
    "BoundingBox3D": "geometry_msgs/Pose center\ngeometry_msgs/Vector3 size\n",
    "Detection3D": (
        "std_msgs/Header header\n"
        "vision_msgs/ObjectHypothesisWithPose[] results\n"
        "vision_msgs/BoundingBox3D bbox\n"
        "string id\n"
    ),
    "Detection3DArray": "std_msgs/Header header\nvision_msgs/Detection3D[] detections\n",
}

FOXGLOVE_MSGS = {
    "Point2": "float64 x\nfloat64 y\n",
    "Color": "float64 r\nfloat64 g\nfloat64 b\nfloat64 a\n",
    "KeyValuePair": "string key\nstring value\n",
    "CircleAnnotation": (
        "builtin_interfaces/Time timestamp\n"
        "foxglove_msgs/Point2 position\n"
        "float64 diameter\n"
        "float64 thickness\n"
        "foxglove_msgs/Color fill_color\n"
        "foxglove_msgs/Color outline_color\n"
        "foxglove_msgs/KeyValuePair[] metadata\n"
    ),
    "PointsAnnotation": (
        "builtin_interfaces/Time timestamp\n"
        "uint8 UNKNOWN=0\n"
        "uint8 POINTS=1\n"
        "uint8 LINE_LOOP=2\n"
        "uint8 LINE_STRIP=3\n"
        "uint8 LINE_LIST=4\n"
        "uint8 type\n"
        "foxglove_msgs/Point2[] points\n"
        "foxglove_msgs/Color outline_color\n"
        "foxglove_msgs/Color[] outline_colors\n"
        "foxglove_msgs/Color fill_color\n"
        "float64 thickness\n"
        "foxglove_msgs/KeyValuePair[] metadata\n"
    ),
    "TextAnnotation": (
        "builtin_interfaces/Time timestamp\n"
        "foxglove_msgs/Point2 position\n"
        "string text\n"
        "float64 font_size\n"
        "foxglove_msgs/Color text_color\n"
        "foxglove_msgs/Color background_color\n"
        "foxglove_msgs/KeyValuePair[] metadata\n"
    ),
    "ImageAnnotations": (
        "builtin_interfaces/Time timestamp\n"
        "foxglove_msgs/CircleAnnotation[] circles\n"
        "foxglove_msgs/PointsAnnotation[] points\n"
        "foxglove_msgs/TextAnnotation[] texts\n"
        "foxglove_msgs/KeyValuePair[] metadata\n"
    ),
}

RE3_ROS = {
    "TargetStatus": """\
string id
uint8 NEW=0
uint8 TRACKING=1
uint8 UNCERTAIN=2
uint8 LOST=3
uint8 state
float32 score
vision_msgs/BoundingBox2D bbox
uint32 frames_since_init
uint32 frames_since_reset
uint32 frames_in_state
""",
    "TrackerStatus": """\
std_msgs/Header header
string camera
bool enabled
re3_ros/TargetStatus[] targets
float32 latency
float32 inference
uint64 frames_received
uint64 frames_processed
uint64 frames_dropped
uint64 frames_rejected
uint64 boxes_rejected
uint64 errors
string fault
string device
string weights
""",
}


ANNOTATIONS = "foxglove_msgs/msg/ImageAnnotations"
IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
DETECTIONS = "vision_msgs/msg/Detection2DArray"
DETECTIONS_3D = "vision_msgs/msg/Detection3DArray"
STATUS = "re3_ros/msg/TrackerStatus"


@cache
def typestore() -> Typestore:
    """Return all message types that are read or written here."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    packages = {"vision_msgs": VISION_MSGS, "foxglove_msgs": FOXGLOVE_MSGS, "re3_ros": RE3_ROS}
    for package, messages in packages.items():
        for name, text in messages.items():
            store.register(get_types_from_msg(text, f"{package}/msg/{name}"))
    return store
