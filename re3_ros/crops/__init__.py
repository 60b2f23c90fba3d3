# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops: the search window around a box, its warp to network size, and coordinates in it."""

from ._coordinates import OUTPUT_SCALE, decode, encode
from ._image import Image, check_image
from ._warp import NOTHING, Part, crop, crop_many, visible_parts
from ._window import CONTEXT, search_window

__all__ = [
    "CONTEXT",
    "NOTHING",
    "OUTPUT_SCALE",
    "Image",
    "Part",
    "check_image",
    "crop",
    "crop_many",
    "decode",
    "encode",
    "search_window",
    "visible_parts",
]
