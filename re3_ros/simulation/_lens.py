# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Soft lenses and JPEG files on the device, as OpenCV and libjpeg make them on the host.

Both are products of small matrices. Results are within a few grey levels of the host's, whose
arithmetic is in integers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ._motion import Array

_BLOCK = 8
_MCU = 16
"""Pixels of luminance that belong together where chroma is halved (ITU T.81, A.2)."""
# ITU T.81, tables K.1 and K.2.
_LUMA = """
16 11 10 16 24 40 51 61   12 12 14 19 26 58 60 55   14 13 16 24 40 57 69 56
14 17 22 29 51 87 80 62   18 22 37 56 68 109 103 77   24 35 55 64 81 104 113 92
49 64 78 87 103 121 120 101   72 92 95 98 112 100 103 99"""
_CHROMA = """
17 18 24 47 99 99 99 99   18 21 26 66 99 99 99 99   24 26 56 99 99 99 99 99
47 66 99 99 99 99 99 99   99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99
99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99"""
# ITU T.871, section 7: RGB to YCbCr, without the 128 of the latter two.
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def blur(canvas: Tensor, at: Tensor, last: Tensor, sigma: Tensor, reach: Tensor) -> Tensor:
    """Return (3, n, size, size) blurred along rows by two kernels, along columns by one.

    Kernels are Gaussians cut off, or averages where the standard deviation is without measure;
    images are mirrored at their edges. ``at`` is 0 ... size - 1. Fields (3 n, 1, 1, 1) are those of
    rows, first kernel, then second, then of columns: the last pixel that counts (what lies beyond
    is left undefined), the standard deviation, and how far the kernel reaches to both sides; 0
    leaves all as it is.
    """
    size = len(at)
    # A pixel counts where it is and, but for the outermost, in its mirror images at both edges.
    shape = (len(last), 1, 1, size)
    images = torch.cat([at.expand(shape), (-at).expand(shape), 2 * last - at], 1)
    way = images - at.view(size, 1)
    weight = torch.exp_((way / sigma).square_().mul_(-0.5))
    weight.mul_(way.abs_() <= reach)
    weight[:, 1:].mul_(images[:, 1:] != at)
    weight = weight.sum(1).mul_(at <= last.view(-1, 1, 1))
    weight.div_(weight.sum(-1, keepdim=True).clamp_(min=1e-9))
    first, second, down = weight.chunk(3)
    across = torch.bmm(second, first).transpose(1, 2)
    return torch.matmul(torch.matmul(down, canvas), across)


def compress(images: Tensor, columns: Tensor, rows: Tensor, coarseness: Tensor) -> Tensor:
    """Return images uint8 (n, 3, size, size) as they are after JPEG with halved chroma.

    Fields (n, 1, 1, 1): the last column and the last row that count, and libjpeg's scale of the
    tables, 5000 / quality under 50, else 200 - 2 quality.
    """
    n, _, size, _ = images.shape
    whole, half = (-(-size // _MCU) * _MCU // k for k in (1, 2))
    tools = _tools(whole, images.device)
    at = torch.arange(whole, device=images.device, dtype=torch.float32)
    column = at.minimum(columns).to(torch.int64)
    row = at.view(whole, 1).minimum(rows).to(torch.int64)
    rgb = images.gather(3, column.expand(n, 3, size, whole))
    rgb = rgb.gather(2, row.expand(n, 3, whole, whole)).to(torch.float32)
    ycc = torch.bmm(tools.to_ycc.expand(n, 3, 3), rgb.view(n, 3, -1)).view(n, 3, whole, whole)
    luma, chroma = ycc.split_with_sizes([1, 2], 1)
    # Both chromas of an image, one above the other, are as high as it is.
    halved = functional.avg_pool2d(chroma, 2).add_(0.375).floor_().view(n, whole, half)
    coarse, cosines = coarseness.squeeze(1), tools.cosines.expand(n, whole, whole)
    back = cosines.transpose(1, 2)
    luma = _quantised(luma.squeeze(1) - 128, cosines, back, tools.luma * coarse)
    narrow = tools.half_cosines.expand(n, half, half)
    chroma = _quantised(halved, cosines, narrow.transpose(1, 2), tools.chroma * coarse)
    higher, wider = tools.higher.expand(n, 2 * whole, whole), tools.wider.expand(n, half, whole)
    chroma = torch.bmm(torch.bmm(higher, chroma), wider)
    ycc = torch.cat([luma.add_(128).view(n, 1, -1), chroma.view(n, 2, -1)], dim=1)
    out = torch.bmm(tools.to_rgb.expand(n, 3, 3), ycc).round_().clamp_(0, 255).to(torch.uint8)
    return out.view(n, 3, whole, whole)[..., :size, :size]


def _quantised(values: Tensor, left: Tensor, right: Tensor, table: Tensor) -> Tensor:
    """Return what quantisation of 8x8 blocks leaves of values (n, h, w).

    ``left`` and ``right`` transform and ``table`` (n, h, w) is a hundred times the step, before
    rounding.
    """
    step = table.add_(50).mul_(0.01).floor_().clamp_(1, 255)
    there = torch.bmm(torch.bmm(left, values), right).div_(step).round_().mul_(step)
    back = torch.bmm(torch.bmm(left.transpose(1, 2), there), right.transpose(1, 2))
    return back.round_().clamp_(-128, 127)


class _Tools:
    """Constant matrices for images of a size, which is whole blocks."""

    def __init__(self, size: int, device: torch.device) -> None:
        def sent(values: NDArray[Any]) -> Tensor:
            return torch.as_tensor(values, dtype=torch.float32).to(device)

        half = size // 2
        self.to_ycc, self.to_rgb = sent(np.array(_TO_YCC)), sent(np.array(_TO_RGB))
        self.cosines, self.half_cosines = sent(_cosines(size)), sent(_cosines(half))
        self.luma, self.chroma = sent(_tiled(_LUMA, size, size)), sent(_tiled(_CHROMA, size, half))
        self.higher = sent(np.kron(np.eye(2), _doubling(half)))
        self.wider = sent(_doubling(half).T)


@lru_cache
def _tools(size: int, device: torch.device) -> _Tools:
    return _Tools(size, device)


def _cosines(size: int) -> Array:
    """Return (size, size), the discrete cosine transform of each block of eight."""
    k, x = np.mgrid[:_BLOCK, :_BLOCK]
    block = np.cos((2 * x + 1) * k * np.pi / (2 * _BLOCK)) / 2
    block[0] /= np.sqrt(2)
    return np.kron(np.eye(size // _BLOCK), block)


def _tiled(table: str, height: int, width: int) -> Array:
    values = np.array(table.split(), np.float64).reshape(_BLOCK, _BLOCK)
    return np.tile(values, (height // _BLOCK, width // _BLOCK))


def _doubling(size: int) -> Array:
    """Return (2 size, size): each value a quarter of the way to its neighbours, as libjpeg does."""
    out: NDArray[np.float64] = np.zeros((2 * size, size))
    for i in range(size):
        for side, step in enumerate((-1, 1)):
            out[2 * i + side, i] += 0.75
            out[2 * i + side, min(max(i + step, 0), size - 1)] += 0.25
    return out
