# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The template crop at several sizes and aspects, compared as wholes with the current crop.

Between two images an object hardly changes its size, so a network learns to repeat the size of the
previous box, and errors of a few per cent a frame add up. The template crop tells the true size,
but features at a fixed stride do not show it: what they see depends on the size itself. So the
template crop is magnified by a few factors, each version is embedded once, and each frame shows
which of them is most like what is there now, and where.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MAGNIFICATIONS = (
    *((0.0, 0.0), (-0.45, -0.45), (-0.225, -0.225), (0.225, 0.225), (0.45, 0.45)),
    *((-0.3, 0.0), (0.3, 0.0), (0.0, -0.3), (0.0, 0.3)),
)
"""Natural logarithms of the factors in x and y; the first is the crop as it is."""
CELLS = 7
"""Side of the square of cells in the middle of a map that is compared as a whole."""
SHARPNESS = 20.0
"""What similarities are multiplied with before they are weighed against each other, at first."""
FIGURES = 2 * len(MAGNIFICATIONS) + 5
"""Numbers that summarise a comparison: peaks, weights, magnification, position and its peak."""


class Pyramid(nn.Module):
    """Magnifies template crops, and compares their features with those of current crops."""

    matrices: Tensor
    logarithms: Tensor

    def __init__(self, side: int, mixed: int, fc_width: int) -> None:
        """Take the side of a crop and the widths of what is added to: mixed maps, and FC."""
        super().__init__()
        pairs = [[_resampling(side, x) for x in pair] for pair in MAGNIFICATIONS[1:]]
        matrices = torch.stack([torch.stack(pair) for pair in pairs])
        self.register_buffer("matrices", matrices, persistent=False)
        self.register_buffer("logarithms", torch.tensor(MAGNIFICATIONS), persistent=False)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))
        self.maps = nn.Conv2d(len(MAGNIFICATIONS), mixed, 1, bias=False)
        self.figures = nn.Linear(FIGURES, fc_width, bias=False)

    def magnify(self, crops: Tensor) -> Tensor:
        """Return crops (N, 3, S, S) magnified around their centres, (N * (M - 1), 3, S, S).

        Where nothing is left to be shown, the border is repeated.
        """
        x, y = self.matrices[:, 0], self.matrices[:, 1]
        pixels = crops.to(x.dtype)[:, None]
        return (y[:, None] @ pixels @ x[:, None].transpose(2, 3)).flatten(0, 1)

    def forward(self, cells: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is added to the mixed maps (N, mixed, h, w), and to the FC (N, E).

        ``cells`` (N, M * 49 * C) are what `cells_of` gave for every magnified crop, one after the
        other, ``current`` (N, C, h, w) the unit features of the whole current crop.
        """
        alike = likeness(cells, current, len(MAGNIFICATIONS), CELLS).to(self.maps.weight.dtype)
        summary = sum_up(alike, self.sharpness, self.logarithms, positions(alike))
        return self.maps(alike).to(current.dtype), self.figures(summary).to(current.dtype)


def sum_up(alike: Tensor, sharpness: Tensor, logarithms: Tensor, places: Tensor) -> Tensor:
    """Return (N, FIGURES), each of the order of 1, of how alike versions are, (N, versions, h, w).

    ``logarithms`` (versions, 2) are those of the versions' magnifications, ``places`` (h * w, 2)
    what `positions` gives.
    """
    flat = alike.flatten(2)
    peaks = flat.amax(2)
    weights = (sharpness * peaks).softmax(1)
    magnification = weights @ logarithms
    joint = (weights[:, :, None] * flat).sum(1)
    where = (sharpness * joint).softmax(1) @ places
    best = joint.amax(1, keepdim=True)
    return torch.cat([4 * peaks, 2 * weights, 10 * magnification, 2 * where, 4 * best], 1)


def positions(maps: Tensor) -> Tensor:
    """Return x and y of the cells of maps (..., h, w) in [-1, 1], row by row, (h * w, 2).

    A softmax over all cells of a map, times these, is the expected position.
    """
    height, width = maps.shape[-2:]
    x = torch.linspace(-1, 1, width, device=maps.device, dtype=maps.dtype)
    y = torch.linspace(-1, 1, height, device=maps.device, dtype=maps.dtype)
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], 1)


def expected_place(weights: Tensor, maps: Tensor) -> Tensor:
    """Return x and y in [-1, 1] (..., 2) under weights (..., h * w) of the cells of maps
    (..., h, w)."""
    return weights @ positions(maps).to(weights.dtype)


def central(maps: Tensor, side: int) -> Tensor:
    """Return the ``side`` rows and columns in the middle of square maps (N, C, n, n)."""
    first = (maps.shape[-1] - side) // 2
    return maps[..., first : first + side, first : first + side]


def cells_of(maps: Tensor, side: int = CELLS) -> Tensor:
    """Return the cells in the middle of square maps (N, C, n, n), row by row, (N, side² * C)."""
    return central(maps, side).permute(0, 2, 3, 1).flatten(1)


def likeness(cells: Tensor, current: Tensor, versions: int, side: int) -> Tensor:
    """Return how alike squares of cells are to those around each cell, (N, versions, h, w).

    ``cells`` (N, versions * side² * C) are what `cells_of` gave for each version, one after the
    other, ``current`` (N, C, h, w) unit features: at each place the mean product of cells that lie
    on each other, nothing lying beyond the map; float32 at least.
    """
    n, channels, h, w = current.shape
    half = side // 2
    wide = functional.pad(current, (half, half))
    shifted = torch.cat([wide[..., x : x + w] for x in range(side)], 1).flatten(2)
    rows = cells.view(n, versions * side, side * channels)
    products = torch.bmm(rows, shifted).view(n, -1, side, h * w)
    return _sum_shifted(products, w).view(n, -1, h, w) / side**2


def _sum_shifted(products: Tensor, width: int) -> Tensor:
    """Return (N, M, n): at position q the sum over rows r of products (N, M, rows, n) at
    q + r * width, rows being counted from the middle one, and nothing lying beyond the ends;
    float32 at least."""
    count, n = products.shape[2:]
    half = count // 2
    # Rows that are read as longer by ``width`` than they are, are shifted by as much more each.
    long = functional.pad(products, (half * width, (count - half) * width)).flatten(2)
    long = functional.pad(long, (0, count * width))
    turned = long.view(*products.shape[:2], count, n + (count + 1) * width)
    exact = torch.promote_types(products.dtype, torch.float32)
    return turned[..., :n].sum(2, dtype=exact)


def _resampling(side: int, logarithm: float) -> Tensor:
    """Return the matrix (side, side) that magnifies a row around its middle, antialiased."""
    size = 2 * round(side * torch.tensor(logarithm).exp().item() / 2)
    eye = torch.eye(side)[None, None]
    if size != side:
        eye = functional.interpolate(eye, (size, side), mode="bilinear", antialias=True)
    first = (size - side) // 2
    rows = (torch.arange(side) + first).clamp(0, size - 1)
    return eye[0, 0, rows]
