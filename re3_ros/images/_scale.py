# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The one rule by which more than 8 bits become 8."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def scale_16_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 8-bit pixels of the same shape, stretched over the values that occur.

    Cameras put 10 to 14 bits, or millimetres of depth, into 16: dividing by 256 would leave a few
    grey levels. The range is that of the 0.5 and 99.5 percentiles, rounded outwards to eighths of
    its next power of two, so that noise does not change the meaning of a grey level from one frame
    to the next and only a lasting change of the scene does. Other numbers than uint16 are treated
    alike; those that are not finite become 0.
    """
    low, high = _range(pixels)
    kind: Any = np.float64 if pixels.dtype.itemsize > 4 else np.float32
    with np.errstate(all="ignore"):
        scaled = (pixels.astype(kind) - kind(low)) * kind(255 / (high - low))
        scaled = np.clip(np.rint(scaled), 0, 255)
        if pixels.dtype.kind == "f":
            scaled[~np.isfinite(pixels)] = 0
        return np.asarray(scaled, np.uint8)


def _range(pixels: NDArray[Any]) -> tuple[float, float]:
    sample = pixels[:: max(1, pixels.shape[0] // 64), :: max(1, pixels.shape[1] // 64)]
    least = 1.0
    if pixels.dtype.kind == "f":
        most = np.finfo(pixels.dtype).max / 4  # so that differences are finite
        sample = np.clip(sample[np.isfinite(sample)], -most, most)
        least = max(float(np.abs(sample).max(initial=0)) * 2.0**-20, 1e-30)
    if not sample.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(sample, [0.5, 99.5]))
    step = float(max(2.0 ** np.ceil(np.log2(max(high - low, least))) / 8, least))
    return np.floor(low / step) * step, (np.floor(high / step) + 1) * step
