# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops: the search window around a box, its warp to network size, and coordinates in it.

In come images (uint8 HxWx3 RGB) and boxes; out go crops for the network, and boxes in the crop's
coordinates and back. Training, tracking and the runtimes cut with the same functions.
"""

from ._coordinates import OUTPUT_SCALE, decode, encode
from ._warp import Rois, crop, crop_many, crop_rois
from ._window import CONTEXT, search_window

__all__ = [
    "CONTEXT",
    "OUTPUT_SCALE",
    "Rois",
    "crop",
    "crop_many",
    "crop_rois",
    "decode",
    "encode",
    "search_window",
]
