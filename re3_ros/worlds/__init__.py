# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Worlds: drawn scenes with ground truth, to show and to test the tracker.

In come a seed and a time, out go images and the box, the visibility and the distance of what is in
them: the demo scene, a yard that a robot drives through, a table below the camera of an arm, and
depth images.
"""

from ._depth_scene import DEPTH_CAMERA, DepthScene, DepthView
from ._quads import Eye, Quad, render
from ._report import DemoRecord, DemoSummary, overlaps, write_demo_report
from ._scene import DemoScene, SceneFrame
from ._table import Table, TableView
from ._yard import Yard, YardView

__all__ = [
    "DEPTH_CAMERA",
    "DemoRecord",
    "DemoScene",
    "DemoSummary",
    "DepthScene",
    "DepthView",
    "Eye",
    "Quad",
    "SceneFrame",
    "Table",
    "TableView",
    "Yard",
    "YardView",
    "overlaps",
    "render",
    "write_demo_report",
]
