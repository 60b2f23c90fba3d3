# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops: the search window around a box, its warp to network size, and coordinates in it."""

from ._coordinates import OUTPUT_SCALE, decode, encode
from ._image import Image, check_image
from ._warp import crop, crop_many
from ._window import CONTEXT, search_window

__all__ = [
    "CONTEXT",
    "OUTPUT_SCALE",
    "Image",
    "check_image",
    "crop",
    "crop_many",
    "decode",
    "encode",
    "search_window",
]
