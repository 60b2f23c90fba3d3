# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of all targets cut at once, on the device where the image is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from re3_ros.crops import CropRoi


def roi_table(rois: Sequence[CropRoi]) -> Tensor:
    """Return (N, 8) float32, what `cut_rois` takes; coordinates up to 2**24 are exact."""
    return torch.tensor([list(roi) for roi in rois], dtype=torch.float32)


def cut_rois(image: Tensor, table: Tensor, size: int) -> Tensor:
    """Return the crops uint8 (N, size, size, 3) of an image uint8 (H, W, 3).

    They are those of `re3_ros.crops.crop_many` to within one level: OpenCV rounds its weights to
    1/2048. Made of operations on whole tensors, without a branch, so that a graph can hold it.
    """
    left, top, width, height, column, row, columns, rows = table.T
    x0, x1, x_weight, x_inside = _axis(size, column, columns, left, width)
    y0, y1, y_weight, y_inside = _axis(size, row, rows, top, height)
    pixels = image.view(-1, 3)
    stride = image.shape[1]

    def at(y: Tensor, x: Tensor) -> Tensor:
        return pixels[y[:, :, None] * stride + x[:, None, :]].float()

    x_weight, y_weight = x_weight[:, None, :, None], y_weight[:, :, None, None]
    above = torch.lerp(at(y0, x0), at(y0, x1), x_weight)
    below = torch.lerp(at(y1, x0), at(y1, x1), x_weight)
    inside = y_inside[:, :, None, None] & x_inside[:, None, :, None]
    return (torch.lerp(above, below, y_weight).round() * inside).to(torch.uint8)


def _axis(
    size: int, offset: Tensor, length: Tensor, start: Tensor, extent: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return, for each pixel (N, size) along one axis of the crops, the two pixels of the image
    that it lies between, the weight of the second, and whether it shows the image at all."""
    place = torch.arange(size, device=offset.device) + 0.5
    within = place - offset[:, None]
    inside = (within > 0) & (within < length[:, None])
    source = within * (extent / length.clamp(min=1))[:, None] - 0.5
    last = (extent - 1).clamp(min=0)[:, None]
    source = torch.minimum(source.clamp(min=0), last)
    low = source.floor()
    high = torch.minimum(low + 1, last)
    begin = start[:, None]
    return (low + begin).long(), (high + begin).long(), source - low, inside
