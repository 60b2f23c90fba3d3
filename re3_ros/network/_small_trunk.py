# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The trunk of the small network that was published for PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from re3_ros.errors import ConfigError

from ._trunk import Trunk

WIDTHS = (32, 64, 128, 256, 512)
NORM_GROUPS = 32
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


class SmallTrunk(Trunk):
    """Five convolutions, each with group normalisation and ELU; the middle three are pooled.

    It has no skip layers: `taps` is empty.
    """

    taps = ()

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__(MEAN, STD)
        if len(widths) != 5 or any(w < 1 or w % NORM_GROUPS for w in widths):
            raise ConfigError(
                f"trunk widths are {list(widths)}; the small trunk has five, multiples of "
                f"{NORM_GROUPS}"
            )
        inputs = (3, *widths[:4])
        self.convs, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for k in range(5):
            kernel, stride = (7, 4) if k == 0 else (3, 1)
            name = f"conv{k + 1}"
            self.convs[name] = nn.Conv2d(
                inputs[k], widths[k], kernel, stride=stride, padding=kernel // 2
            )
            self.norms[name] = nn.GroupNorm(NORM_GROUPS, widths[k])
        self.out = (widths[4], 7, 7)
        self.start_msra()

    def forward(self, crops: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return no taps, and the last map."""
        x = self.normalise(crops)
        for name, conv in self.convs.items():
            x = functional.elu(self.norms[name](conv(x)))
            if name in {"conv2", "conv3", "conv4"}:
                x = functional.max_pool2d(x, 2)
        return [], x
