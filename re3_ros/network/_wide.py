# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A second, coarser look at a window twice as wide, for targets that move fast or come back.

The window around the last box shows an object only while it moves by less than half its size a
frame. A look at four times the box, at a quarter of the resolution and through the first layers
only, costs a tenth of a look; it shows where in there the object of the previous and of the
template crop is most alike.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._fusion import unit
from ._pyramid import cells_of, expected_place, likeness

FACTOR = 4
"""Pixels of the crop in one of the coarse look, in x and in y."""
CELLS = 5
"""Side of the square of cells that shows the object and its rim."""
SHARPNESS = 20.0
"""What similarities are multiplied with before they are weighed against each other, at first."""
EARLIER = 2
"""The crops that the current one is compared with: previous and template."""


class Wide(nn.Module):
    """Compares whole windows at stride 4 of the coarse look, 16 pixels of the crop."""

    def __init__(self, crop_size: int, channels: int, match: int, fc_width: int) -> None:
        """Take the side of a crop, the trunk's channels at stride 4, and widths.

        ``match`` is that of what is compared, ``fc_width`` of what is added to the FC. At first it
        adds nothing.
        """
        super().__init__()
        self.side = crop_size // FACTOR // 4 - 1
        self.match = nn.Conv2d(channels, match, 1)
        self.width = match * self.side**2
        """Numbers of one crop's look."""
        self.kept = match * CELLS**2
        """Numbers kept of an earlier crop."""
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))
        self.figures = nn.Linear(EARLIER * (self.side**2 + 3), fc_width, bias=False)
        nn.init.zeros_(self.figures.weight)

    def reduce(self, crops: Tensor) -> Tensor:
        """Return the coarse look's pixels (N, 3, S / 4, S / 4) of crops (N, 3, S, S)."""
        return functional.avg_pool2d(crops, FACTOR)

    def embed(self, fine: Tensor) -> Tensor:
        """Return unit features (N, match * h * w) of the trunk's map (N, C, h, w) at stride 4."""
        return unit(self.match(fine)).flatten(1)

    def remember(self, look: Tensor) -> Tensor:
        """Return the cells that show the object, (N, CELLS ** 2 * match), of what `embed` gave."""
        return cells_of(self._maps(look), CELLS)

    def forward(self, previous: Tensor, template: Tensor, current: Tensor) -> Tensor:
        """Return what is added to the FC (N, E): of what was kept of two earlier crops, and the
        current crop's look."""
        cells = torch.cat([previous, template], 1)
        alike = likeness(cells, self._maps(current), EARLIER, CELLS)
        alike = alike.to(self.figures.weight.dtype)
        flat = alike.flatten(2)
        where = expected_place((self.sharpness * flat).softmax(2), alike)
        figures = [flat.flatten(1), 2 * where.flatten(1), 4 * flat.amax(2)]
        added: Tensor = self.figures(torch.cat(figures, 1))
        return added.to(current.dtype)

    def _maps(self, look: Tensor) -> Tensor:
        return look.view(-1, self.match.out_channels, self.side, self.side)
