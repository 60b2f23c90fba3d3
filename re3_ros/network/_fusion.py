# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Skip layers, late fusion and summary of `compact`: from the trunk's maps to one vector."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._prelu import PReLU
from ._pyramid import central, positions

HALF_SAFE = 2.0**-6
"""Features are some hundreds at most; the squares of so much less of them have a sum in float16."""
OBJECT_MIDDLE, OBJECT_COARSE = 9, 5
"""Rows and columns in the middle of a map that show the object, which fills 64 pixels."""


class Grid(NamedTuple):
    """Sides of the three maps of a crop, at strides 4, 8 and 16."""

    fine: int
    """The last row and column that the trunk gives is cut."""
    middle: int
    coarse: int

    @classmethod
    def of(cls, side: int) -> Grid:
        """Return those of a crop of ``side`` pixels, a multiple of 16."""
        middle = side // 8 - 1
        return cls(2 * middle, middle, side // 16 - 1)


class Skips(nn.Module):
    """1x1 convolutions with PReLU on the trunk's three maps, and what is matched between crops."""

    def __init__(
        self, grid: Grid, taps: tuple[int, int, int], skip: int, fine_skip: int, match: int
    ) -> None:
        """Take the maps' sides and channels, and the widths of what is made of them."""
        super().__init__()
        fine, middle, coarse = taps
        self.grid = grid
        self.fine = nn.Sequential(nn.Conv2d(fine, fine_skip, 1), PReLU(fine_skip))
        self.middle = nn.Sequential(nn.Conv2d(middle, skip, 1), PReLU(skip))
        self.coarse = nn.Sequential(nn.Conv2d(coarse, skip, 1), PReLU(skip))
        self.match_middle = nn.Conv2d(middle, match, 1)
        self.match_coarse = nn.Conv2d(coarse, match, 1)
        self.shapes = (  # of one crop's maps, in the order in which they are flattened
            (4 * fine_skip + skip, grid.middle, grid.middle),
            (skip, grid.coarse, grid.coarse),
            (match, grid.middle, grid.middle),
            (match, grid.coarse, grid.coarse),
        )

    def forward(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> Tensor:
        """Return (N, F)."""
        side = self.grid.fine
        detail = functional.pixel_unshuffle(self.fine(fine)[..., :side, :side], 2)
        maps = (
            torch.cat([detail, self.middle(middle)], 1),
            self.coarse(coarse),
            self.matched_middle(middle),
            unit(self.match_coarse(coarse)),
        )
        return torch.cat([m.flatten(1) for m in maps], 1)

    def matched_middle(self, middle: Tensor) -> Tensor:
        """Return unit features (N, match, h, w) of the trunk's map of stride 8."""
        return unit(self.match_middle(middle))

    def split(self, features: Tensor) -> list[Tensor]:
        """Return the four maps of (N, F), the inverse of the flattening."""
        sizes = [c * h * w for c, h, w in self.shapes]
        parts = torch.split(features, sizes, 1)
        return [p.view(-1, *shape) for p, shape in zip(parts, self.shapes, strict=True)]


class Enlarge(nn.Module):
    """A map of stride 16 at the positions of stride 8: cell m lies on cell 2m + 1.

    Between its cells it is bilinear, beyond the outer ones constant. As one product with a matrix
    this is the same in every runtime; its weights, quarters, are exact in bfloat16.
    """

    matrix: Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.side = grid.middle
        eye = torch.eye(grid.coarse**2).view(1, -1, grid.coarse, grid.coarse)
        inner = functional.interpolate(
            eye, size=(grid.middle - 2, grid.middle - 2), mode="bilinear", align_corners=True
        )
        matrix = functional.pad(inner, (1, 1, 1, 1), mode="replicate").flatten(2)[0]
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, coarse: Tensor) -> Tensor:
        """Return (N, C, 15, 15) of (N, C, 7, 7), for a crop of 128 pixels."""
        n, channels = coarse.shape[:2]
        # As a linear layer, converters keep its channels apart; a product with @ they flatten.
        fine = functional.linear(coarse.flatten(2), self.matrix.T)
        return fine.view(n, channels, self.side, self.side)


class Share(nn.Module):
    """One crop's linear share of the first mixing layer."""

    def __init__(self, skips: Skips, mixed: int) -> None:
        super().__init__()
        self.middle = nn.Conv2d(skips.shapes[0][0], mixed, 1, bias=False)
        self.coarse = nn.Conv2d(skips.shapes[1][0], mixed, 1, bias=False)
        self.enlarge = Enlarge(skips.grid)

    def forward(self, middle: Tensor, coarse: Tensor) -> Tensor:
        """Return (N, mixed, h, w) at stride 8."""
        out: Tensor = self.middle(middle) + self.enlarge(self.coarse(coarse))
        return out


class Fusion(nn.Module):
    """Late fusion of previous, current and template crop into one map.

    The similarities of the current crop's positions with the cells of an earlier crop's object
    enter by a 1x1 convolution, which is linear: its product with the cells is formed once, when
    they are remembered, so that a look multiplies by one small matrix for each target.
    """

    def __init__(self, skips: Skips, mixed: int) -> None:
        super().__init__()
        self.split = skips.split
        self.mixed = mixed
        self.grid, match = skips.grid, skips.shapes[2][0]
        self.previous = Share(skips, mixed)
        self.current = Share(skips, mixed)
        self.initial = Share(skips, mixed)
        self.match_middle = nn.Conv2d(2 * OBJECT_MIDDLE**2, mixed, 1)
        self.match_coarse = nn.Conv2d(2 * OBJECT_COARSE**2, mixed, 1, bias=False)
        self.enlarge = Enlarge(skips.grid)
        self.sizes = [mixed * skips.grid.middle**2, mixed * match, mixed * match]
        self.width = sum(self.sizes)
        """Numbers kept of an earlier crop."""

    def remember(self, features: Tensor, share: Share) -> Tensor:
        """Return one earlier crop's share, and the matrices (mixed, match) that positions of the
        current crop are multiplied with, at both strides; flattened."""
        middle, coarse, match_middle, match_coarse = self.split(features)
        part = 0 if share is self.previous else 1
        kept = (
            share(middle, coarse),
            _matcher(self.match_middle, part, central(match_middle, OBJECT_MIDDLE)),
            _matcher(self.match_coarse, part, central(match_coarse, OBJECT_COARSE)),
        )
        return torch.cat([k.flatten(1) for k in kept], 1)

    def forward(
        self, remembered: Tensor, features: Tensor, template: Tensor, further: Tensor | None
    ) -> Tensor:
        """Return the mixed map (N, mixed, h, w); ``further`` is added to it before its ReLU."""
        middle, coarse, match_middle, match_coarse = self.split(features)
        share, at_middle, at_coarse = torch.split(remembered + template, self.sizes, 1)
        assert self.match_middle.bias is not None
        matches = self._matched(at_middle, match_middle) + self.match_middle.bias.view(-1, 1, 1)
        matches = matches + self.enlarge(self._matched(at_coarse, match_coarse))
        mixed: Tensor = self.current(middle, coarse) + share.view_as(matches) + matches
        return functional.relu(mixed if further is None else mixed + further)

    def _matched(self, matrix: Tensor, current: Tensor) -> Tensor:
        """Return (N, mixed, h, w) of unit features (N, match, h, w) and (N, mixed * match)."""
        n, match, h, w = current.shape
        products = torch.bmm(matrix.view(n, self.mixed, match), current.flatten(2))
        return products.view(n, self.mixed, h, w)


class Summary(nn.Module):
    """The mixed map as one vector: convolutions, heat maps' positions, fully connected layer."""

    def __init__(self, grid: Grid, mixed: int, heat_maps: int, fc_width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(mixed, mixed, 3, padding=1)
        self.heat = nn.Conv2d(mixed, heat_maps, 1)
        self.reduce = nn.Conv2d(mixed, 64, 3, stride=2, padding=1)
        flat = 64 * ((grid.middle + 1) // 2) ** 2
        self.fc = nn.Linear(flat + 3 * heat_maps, fc_width)

    def forward(self, x: Tensor, further: Tensor | None) -> Tensor:
        """Return (N, E); ``further`` (N, E) is added before the last ReLU."""
        x = functional.relu(x + self.conv(x))
        flat = functional.relu(self.reduce(x)).flatten(1)
        out = self.fc(torch.cat([flat, self._heat_positions(x)], 1))
        return functional.relu(out if further is None else out + further)

    def _heat_positions(self, x: Tensor) -> Tensor:
        heat = self.heat(x)
        return expected_positions(heat, positions(heat))


def unit(features: Tensor) -> Tensor:
    """Return features (N, C, h, w) of length 1 along C, or shorter where they are nearly 0."""
    small = features * HALF_SAFE
    length: Tensor = small.norm(dim=1, keepdim=True)
    return small / length.clamp_min(1e-3 * HALF_SAFE)


def _matcher(conv: nn.Conv2d, part: int, cells: Tensor) -> Tensor:
    """Return (N, mixed, match): one half of a 1x1 convolution over similarities, times the cells
    (N, match, h, w) that they are similarities with."""
    count = cells.shape[2] * cells.shape[3]
    weight = conv.weight.flatten(1)[:, part * count : (part + 1) * count]
    return weight @ cells.flatten(2).transpose(1, 2)


def expected_positions(heat: Tensor, places: Tensor) -> Tensor:
    """Return (N, 3 * maps): expected x and y under each map's softmax, and its peak.

    ``places`` (h * w, 2) are what `positions` gives for these maps (N, maps, h, w).
    """
    flat = heat.flatten(2)
    weights = flat.softmax(2)
    x, y = (weights @ places.to(weights.dtype)).unbind(2)
    return torch.cat([x, y, flat.amax(2)], 1).to(heat.dtype)
