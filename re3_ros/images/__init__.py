# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images: what an image is, and the one way from files, messages and buffers to its pixels.

Whatever comes in (a JPEG in a bag, a 16-bit TIFF, an nv12 buffer of a driver), uint8 RGB comes
out, under rules that docs/images.md states: more than 8 bits are stretched, pixels are taken as
they are stored, alpha is dropped.
"""

from ._file import PictureFile, count_pictures, read_picture
from ._image import Image, check_image
from ._message import decode_compressed, read_message
from ._picture import MOST_PIXELS, PICTURE_SUFFIXES, decode_picture
from ._raw import decode_raw
from ._scale import scale_16_bit
from ._table import ENCODINGS

__all__ = [
    "ENCODINGS",
    "MOST_PIXELS",
    "PICTURE_SUFFIXES",
    "Image",
    "PictureFile",
    "check_image",
    "count_pictures",
    "decode_compressed",
    "decode_picture",
    "decode_raw",
    "read_message",
    "read_picture",
    "scale_16_bit",
]
