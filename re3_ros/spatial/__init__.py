# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""3D positions: depth images, calibrations, and which surface in a box is the target.

In come a depth image, a calibration and boxes; out go positions in metres in the camera's optical
frame (REP-103), with covariance, and how far what is seen reaches. Knows nothing of tracking.
"""

from ._camera import CAMERA_MODELS, DISTORTIONS, CameraModel, is_rectified, read_camera_info
from ._depth import DEPTH_ENCODINGS, MILLIMETRE, DepthImage, decode_depth, read_depth
from ._extent import Extent, extent_of, find_extent
from ._locator import Locator, Position, position_of
from ._surfaces import Surface, find_surfaces

__all__ = [
    "CAMERA_MODELS",
    "DEPTH_ENCODINGS",
    "DISTORTIONS",
    "MILLIMETRE",
    "CameraModel",
    "DepthImage",
    "Extent",
    "Locator",
    "Position",
    "Surface",
    "decode_depth",
    "extent_of",
    "find_extent",
    "find_surfaces",
    "is_rectified",
    "position_of",
    "read_camera_info",
    "read_depth",
]
