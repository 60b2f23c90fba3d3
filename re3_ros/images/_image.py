# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What an image is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import ImageError

Image = NDArray[np.uint8]


def check_image(image: object) -> Image:
    """Return ``image`` as C-contiguous uint8 HxWx3 RGB, copied only where it is not contiguous.

    Raises ImageError, naming type, shape or dtype, for anything else.
    """
    if not isinstance(image, np.ndarray):
        raise ImageError(f"image is a {type(image).__name__}; expected a numpy array")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"image has shape {image.shape}; expected height x width x 3 (RGB)")
    if image.dtype != np.uint8:
        raise ImageError(f"image has dtype {image.dtype}; expected uint8, values 0 to 255")
    if image.size == 0:
        raise ImageError(f"image has shape {image.shape} and holds no pixel")
    return np.ascontiguousarray(image)
