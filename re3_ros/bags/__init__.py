# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of ROS 2 (rosbag2, SQLite or MCAP) in and out, without ROS.

In comes a bag with images, out goes a bag with detections (`run_bag`, which drives the same
`TrackingSession` as the node and writes what the node would publish) or a table of tracks to learn
from (`record_bag`).
"""

from ._definitions import (
    ANNOTATIONS,
    COMPRESSED,
    DETECTIONS,
    DETECTIONS_3D,
    IMAGE,
    STATUS,
    typestore,
)
from ._demo import SCENE_TOPIC, read_records, report_scene_bag, track_scene_bag, write_scene_bag
from ._messages import (
    StatusCounts,
    annotations_message,
    box_of,
    detections_message,
    header,
    image_message,
    status_message,
)
from ._reader import BagReader, RecordedMessage
from ._record import RecordSummary, RowSink, TrackedImage, record_bag
from ._record_demonstration import Demonstration
from ._record_depth import DEPTH_TOLERANCE, DepthTopics
from ._record_join import StatusJoiner, record_statuses
from ._record_table import COLUMNS, Column, TrackRow, TrackTable, track_row
from ._run import ANNOTATIONS_TOPIC, DETECTIONS_TOPIC, STATUS_TOPIC, BagSummary, run_bag
from ._run_plot import Run, RunTopics, key_frames, plot_run, read_run
from ._writer import STORAGES, BagWriter, is_bag

__all__ = [
    "ANNOTATIONS",
    "ANNOTATIONS_TOPIC",
    "COLUMNS",
    "COMPRESSED",
    "DEPTH_TOLERANCE",
    "DETECTIONS",
    "DETECTIONS_3D",
    "DETECTIONS_TOPIC",
    "IMAGE",
    "SCENE_TOPIC",
    "STATUS",
    "STATUS_TOPIC",
    "STORAGES",
    "BagReader",
    "BagSummary",
    "BagWriter",
    "Column",
    "Demonstration",
    "DepthTopics",
    "RecordSummary",
    "RecordedMessage",
    "RowSink",
    "Run",
    "RunTopics",
    "StatusCounts",
    "StatusJoiner",
    "TrackRow",
    "TrackTable",
    "TrackedImage",
    "annotations_message",
    "box_of",
    "detections_message",
    "header",
    "image_message",
    "is_bag",
    "key_frames",
    "plot_run",
    "read_records",
    "read_run",
    "record_bag",
    "record_statuses",
    "report_scene_bag",
    "run_bag",
    "status_message",
    "track_row",
    "track_scene_bag",
    "typestore",
    "write_scene_bag",
]
