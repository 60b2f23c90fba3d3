# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Places in space: depth images, calibrations, and which of what a box shows is its target."""

from ._camera import DISTORTIONS, CameraModel, read_camera_info
from ._depth import DEPTH_ENCODINGS, MILLIMETRE, DepthImage, decode_depth, read_depth
from ._locator import Locator, Place, place
from ._surfaces import Surface, find_surfaces

__all__ = [
    "DEPTH_ENCODINGS",
    "DISTORTIONS",
    "MILLIMETRE",
    "CameraModel",
    "DepthImage",
    "Locator",
    "Place",
    "Surface",
    "decode_depth",
    "find_surfaces",
    "place",
    "read_camera_info",
    "read_depth",
]
