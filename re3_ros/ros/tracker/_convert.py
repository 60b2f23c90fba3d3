# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From ROS messages to what the tracker takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import from_cxcywh
from re3_ros.errors import ImageError, StampError
from re3_ros.media import CONVERTED_ENCODINGS, NATIVE_ENCODINGS, convert_image, decode_compressed

SECOND = 1_000_000_000
_KNOWN = NATIVE_ENCODINGS | CONVERTED_ENCODINGS


def stamp_of(header: Any) -> int:
    """Return the time of a std_msgs/Header in nanoseconds.

    Raises StampError for fields that are no time: a negative one, or too many nanoseconds.
    """
    seconds, rest = int(header.stamp.sec), int(header.stamp.nanosec)
    if seconds < 0 or rest >= SECOND:
        raise StampError(
            f"stamp is sec {seconds}, nanosec {rest}; expected sec from 0, nanosec under {SECOND}"
        )
    return seconds * SECOND + rest


def image_of(message: Any) -> NDArray[np.uint8]:
    """Return uint8 RGB ``(height, width, 3)`` of a sensor_msgs/Image or CompressedImage.

    Encodings that OpenCV knows are read straight from the message's buffer, all others go through
    cv_bridge. Raises ImageError if the fields contradict each other, a compressed image is damaged,
    or the encoding cannot be read here.
    """
    if hasattr(message, "format"):
        return decode_compressed(message.data, message.format)
    if message.encoding in _KNOWN:
        size = message.height, message.width, message.step
        return convert_image(message.data, *size, message.encoding, bool(message.is_bigendian))
    return _through_cv_bridge(message)


def class_of(message: Any) -> str:
    """Return the likeliest class_id of a vision_msgs/Detection2D, empty if it has none."""
    hypotheses = [result.hypothesis for result in message.results]
    return max(hypotheses, key=lambda h: h.score).class_id if hypotheses else ""


def box_of(bbox: Any) -> NDArray[np.float64]:
    """Return the box (4,) x1, y1, x2, y2 in pixels around a vision_msgs/BoundingBox2D.

    Of a rotated one, the outermost points count. Nothing is checked here: that is the session's.
    """
    theta = bbox.center.theta if math.isfinite(bbox.center.theta) else math.nan
    cos, sin = abs(math.cos(theta)), abs(math.sin(theta))
    width = bbox.size_x * cos + bbox.size_y * sin if sin else bbox.size_x
    height = bbox.size_x * sin + bbox.size_y * cos if sin else bbox.size_y
    centre = bbox.center.position
    return from_cxcywh(np.array([centre.x, centre.y, width, height], np.float64))


def _through_cv_bridge(message: Any) -> NDArray[np.uint8]:
    """Return RGB pixels of any encoding that cv_bridge knows; it checks no sizes, so we do."""
    if not (message.height and message.width and message.step):
        size = f"{message.width} x {message.height} pixels with a step of {message.step} bytes"
        raise ImageError(f"image is {size}; expected at least 1 x 1 pixels")
    if len(message.data) < message.step * message.height:
        needed = f"{message.height} rows of {message.step} bytes"
        raise ImageError(f"image data has {len(message.data)} bytes; expected {needed}")
    bridge = _cv_bridge(message.encoding)
    try:
        return np.ascontiguousarray(bridge.imgmsg_to_cv2(message, "rgb8"), np.uint8)
    except Exception as error:  # whatever it raises, the image is what it could not read
        raise ImageError(f"cv_bridge cannot read encoding {message.encoding!r}: {error}") from error


def _cv_bridge(encoding: str) -> Any:
    """Return a CvBridge; ImageError naming the way out where there is none."""
    try:
        from cv_bridge import CvBridge
    except (ImportError, AttributeError) as error:  # the latter: built against another NumPy
        known = ", ".join(sorted(_KNOWN))
        raise ImageError(
            f"encoding {encoding!r} needs cv_bridge, which cannot be imported here ({error}); "
            f"install it, or publish one of {known}"
        ) from error
    return CvBridge()
