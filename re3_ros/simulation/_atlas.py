# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many images in one texture, so that one call samples them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from re3_ros.images import Image

Alpha = NDArray[np.uint8] | None


@dataclass(frozen=True)
class Atlas:
    """Pictures side by side, each with a border of one transparent pixel of its edge's colour."""

    texture: Tensor
    """(1, 4, H, W) float32 RGB 0 ... 255 and opacity 0 ... 1."""
    origins: NDArray[np.int64]
    """(K, 2) x, y of each image's first pixel."""
    sizes: NDArray[np.int64]
    """(K, 2) width and height of each image."""

    def sample(self, places: Tensor) -> Tensor:
        """Return (4, N, H, W) at ``places`` (N, H, W, 2), bilinear; pixel centres are whole.

        ``places`` are pixels of the texture and are overwritten.
        """
        n, rows, columns, _ = places.shape
        height, width = self.texture.shape[2:]
        scale = torch.tensor([2 / width, 2 / height], device=places.device)
        grid = places.mul_(scale).add_(scale / 2 - 1).view(1, n * rows, columns, 2)
        out = functional.grid_sample(self.texture, grid, "bilinear", "zeros", align_corners=False)
        return out.view(-1, n, rows, columns)


def pack(images: Sequence[tuple[Image, Alpha]], device: torch.device) -> Atlas:
    """Return an atlas of ``images``: colours HxWx3 and, unless opaque, opacity HxW."""
    sizes = np.array([colours.shape[1::-1] for colours, _ in images], np.int64).reshape(-1, 2)
    origins, width, height = shelve(sizes + 2)
    canvas = np.zeros((height, width, 4), np.uint8)
    for (x, y), (w, h), image in zip(origins, sizes + 2, images, strict=True):
        canvas[y : y + h, x : x + w] = _bordered(*image)
    texture = torch.from_numpy(canvas).to(device).permute(2, 0, 1).to(torch.float32)[None]
    texture = texture.contiguous()
    texture[:, 3] /= 255
    return Atlas(texture, origins + 1, sizes)


def shelve(sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], int, int]:
    """Return places (K, 2) of rectangles (K, 2) that do not overlap, and the width and height.

    The tallest come first, in rows from left to right.
    """
    width = max(int(sizes[:, 0].max()), int(np.sqrt(sizes.prod(axis=1).sum() * 1.1)))
    places = np.zeros_like(sizes)
    x = y = shelf = 0
    for k in np.argsort(-sizes[:, 1], kind="stable"):
        w, h = sizes[k]
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        places[k] = x, y
        x, shelf = x + int(w), max(shelf, int(h))
    return places, width, y + shelf


def _bordered(colours: Image, alpha: Alpha) -> Image:
    out = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2RGBA)
    if alpha is not None:
        out[..., 3] = alpha
    out = cv2.copyMakeBorder(out, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    out[[0, -1], :, 3] = out[:, [0, -1], 3] = 0
    return np.asarray(out, np.uint8)
