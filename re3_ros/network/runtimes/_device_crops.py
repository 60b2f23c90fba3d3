# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of all targets cut at once, on the device where the image is."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from re3_ros.crops import Rois

COLUMNS = 5
"""Numbers of `roi_table` for an axis: where the shown part begins in the crop and how long it is
there, pixels of the image for one of the crop, where it begins in the image, its last place."""


def roi_table(rois: Rois) -> NDArray[np.float32]:
    """Return (N, 2, COLUMNS) float32, for x and y what `cut_rois` takes; see `COLUMNS`.

    Coordinates up to 2**24 are exact.
    """
    start, extent, offset, length = (rois[:, k : k + 2] for k in (0, 2, 4, 6))
    scale, last = extent / np.maximum(length, 1), np.maximum(extent - 1, 0)
    return np.stack([offset, length, scale, start, last], 2).astype(np.float32)


def cut_rois(image: Tensor, table: Tensor, size: int, kind: torch.dtype = torch.uint8) -> Tensor:
    """Return the crops (N, size, size, 3), whole numbers, of an image uint8 (H, W, 3).

    They are those of `re3_ros.crops.crop_many` to within one level: OpenCV rounds its weights to
    1/2048. Made of operations on whole tensors, without a branch, so that a graph can hold it.
    """
    offset, length, scale, start, last = table[..., None].unbind(2)
    within = torch.arange(size, device=image.device) + 0.5 - offset
    inside = (within > 0) & (within < length)
    place = torch.minimum((within * scale - 0.5).clamp(min=0), last)
    low = place.floor()
    high = torch.minimum(low + 1, last)
    weight = place - low
    # Of each axis the two pixels that a place lies between, and what each of them counts.
    pixels = (torch.stack([low, high], 3) + start[..., None]).long()
    weights = torch.stack([1 - weight, weight], 3) * inside[..., None]
    columns, rows = pixels.unbind(1)
    index = rows[:, :, :, None, None] * image.shape[1] + columns[:, None, None]
    seen = image.view(-1, 3)[index].float()
    of_column, of_row = weights.unbind(1)
    across = (seen * of_column[:, None, None, :, :, None]).sum(4)
    return (across * of_row[:, :, :, None, None]).sum(2).round().to(kind)
