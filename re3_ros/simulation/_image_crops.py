# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Crops of whole images on the device, as `re3_ros.crops.crop` makes them on the host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes
from re3_ros.crops import search_window
from re3_ros.images import Image

from ._atlas import pack
from ._motion import Array


def image_crops(
    images: Sequence[Image], boxes: Boxes, size: int, context: float, device: torch.device
) -> Tensor:
    """Return uint8 (N, 3, size, size) crops of N images around boxes (N, 4).

    Only what the windows show of the images is sent to the device.
    """
    extents = np.array([image.shape[1::-1] for image in images], np.float64)
    windows = np.clip(search_window(boxes, context), -(2.0**40), 2.0**40)
    windows = np.rint(np.nan_to_num(windows, nan=-1.0))
    low, high = windows[:, :2].clip(min=0), np.minimum(windows[:, 2:], extents)
    out = torch.zeros((len(images), 3, size, size), dtype=torch.uint8, device=device)
    shown = np.flatnonzero((high > low).all(axis=1))
    if not len(shown):
        return out
    parts = [
        (images[i][int(low[i, 1]) : int(high[i, 1]), int(low[i, 0]) : int(high[i, 0])], None)
        for i in shown.tolist()
    ]
    offset, length = _place(windows[shown], (high - low)[shown], size)
    atlas = pack(parts, device)
    places, inside = _places(offset, length, atlas.sizes.astype(float), size, device)
    places += torch.as_tensor(atlas.origins, dtype=torch.float32, device=device)[:, None, None]
    sample = atlas.sample(places)[:3].permute(1, 0, 2, 3) * inside[:, None]
    out[torch.as_tensor(shown, device=device)] = sample.round_().to(torch.uint8)
    return out


def _place(windows: Boxes, visible: Array, size: int) -> tuple[Array, Array]:
    """Return offset and length (N, 2), in pixels of the crop, of the part that lies in the image.

    The rounding is that of the published code, see `re3_ros.crops`.
    """
    sides = windows[:, 2:] - windows[:, :2]
    length = np.maximum(1, np.rint(size * visible / sides))
    offset = np.trunc(np.maximum(0, -windows[:, :2] * size / sides))
    return np.minimum(offset, size - length), length


def _places(
    offset: Array, length: Array, extent: Array, size: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return (N, size, size, 2) pixels of the parts, and (N, size, size) where there are any."""
    fields = np.stack([offset, length, extent], axis=1)[:, :, None]
    start, span, pixels = torch.as_tensor(fields, dtype=torch.float32, device=device).unbind(1)
    at = torch.arange(size, device=device, dtype=torch.float32).view(1, -1, 1) - start
    source = ((at + 0.5) * pixels / span - 0.5).clamp_(min=0).minimum(pixels - 1)
    here = (at >= 0) & (at < span)
    places = torch.empty((len(offset), size, size, 2), device=device)
    places[..., 0], places[..., 1] = source[:, None, :, 0], source[:, :, None, 1]
    return places, here[:, None, :, 0] & here[:, :, None, 1]
