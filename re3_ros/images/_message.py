# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of image messages: those of the node, and those of a bag read without ROS."""

from __future__ import annotations

from typing import Any

from re3_ros.errors import ImageError

from ._image import Image
from ._picture import decode_picture
from ._raw import decode_raw


def read_message(message: Any) -> Image:
    """Return uint8 RGB (H, W, 3) of a sensor_msgs/Image or CompressedImage, or of its like.

    Raises ImageError, see `decode_raw` and `decode_compressed`.
    """
    if hasattr(message, "format"):
        return decode_compressed(message.data, message.format)
    size = message.height, message.width, message.step
    return decode_raw(message.data, *size, message.encoding, bool(message.is_bigendian))


def decode_compressed(data: Any, format: str = "") -> Image:  # noqa: A002, the message's name
    """Return uint8 RGB of the picture in a sensor_msgs/CompressedImage, see `decode_picture`.

    What the file is, its own first bytes say, as publishers fill ``format`` in many ways. Raises
    ImageError for depth of compressed_depth_image_transport, and as `decode_picture`.
    """
    named = f"compressed image of format {format!r}"
    if "compressedDepth" in format:
        raise ImageError(f"{named} is not supported; use the plain depth or colour topic")
    return decode_picture(data, f"{named} with {len(data)} bytes")
