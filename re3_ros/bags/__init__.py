# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of ROS 2 (rosbag2, sqlite3 or mcap) in and out, without ROS.

`run_bag` drives the same `TrackingSession` as the node and writes what the node would publish.
"""

from ._definitions import COMPRESSED, DETECTIONS, IMAGE, STATUS, typestore
from ._demo import (
    SCENE_TOPIC,
    read_records,
    report_scene_bag,
    track_scene_bag,
    write_scene_bag,
)
from ._messages import (
    Counts,
    box_of,
    detections_message,
    header,
    image_message,
    stamp_of,
    status_message,
)
from ._reader import BagReader, Recorded, read_image
from ._run import DETECTIONS_TOPIC, STATUS_TOPIC, BagSummary, run_bag
from ._writer import STORAGES, BagWriter, is_bag

__all__ = [
    "COMPRESSED",
    "DETECTIONS",
    "DETECTIONS_TOPIC",
    "IMAGE",
    "SCENE_TOPIC",
    "STATUS",
    "STATUS_TOPIC",
    "STORAGES",
    "BagReader",
    "BagSummary",
    "BagWriter",
    "Counts",
    "Recorded",
    "box_of",
    "detections_message",
    "header",
    "image_message",
    "is_bag",
    "read_image",
    "read_records",
    "report_scene_bag",
    "run_bag",
    "stamp_of",
    "status_message",
    "track_scene_bag",
    "typestore",
    "write_scene_bag",
]
