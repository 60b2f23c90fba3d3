# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracker: the lifecycle node re3_tracker.

Images and commands come in on the executor's thread and wait in a mailbox; a worker hands them to
the `TrackingSession` and publishes detections, positions in 3D and the status.
"""

from ._convert import box_of
from ._cv_bridge import read_image
from ._interface import PUBLISHED, SERVICES, SUBSCRIBED, Topic
from ._main import main
from ._messages import bounding_box, rgb_image
from ._node import TrackerNode
from ._parameters import GROUPS, SPECS
from ._topics import image_topic

__all__ = [
    "GROUPS",
    "PUBLISHED",
    "SERVICES",
    "SPECS",
    "SUBSCRIBED",
    "Topic",
    "TrackerNode",
    "bounding_box",
    "box_of",
    "image_topic",
    "main",
    "read_image",
    "rgb_image",
]
