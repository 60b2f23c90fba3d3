# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in and out: image encodings, video sources, drawing, MP4, and the demo scene."""

from ._encodings import (
    CONVERTED_ENCODINGS,
    NATIVE_ENCODINGS,
    convert_image,
    decode_compressed,
    decode_image,
)

__all__ = [
    "CONVERTED_ENCODINGS",
    "NATIVE_ENCODINGS",
    "convert_image",
    "decode_compressed",
    "decode_image",
]
