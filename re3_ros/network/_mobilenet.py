# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The first half of MobileNetV2 (Sandler et al., arXiv 1801.04381), as a trunk of depthwise layers.

Half the arithmetic of the SqueezeNet trunk. Its maps lie as that one's do: convolutions of stride 2
pad nothing, which of an even side leaves out the last row only.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._trunk import fitting, read_npz, start_convolutions

HALF_RANGE = 127.5
"""Pixels 0 ... 255 become -1 ... 1."""
EXPANSION = 6


class Bottleneck(nn.Module):
    """Depthwise 3x3 on an expanded map, projected; with a residual where the shape stays."""

    def __init__(self, inputs: int, expanded: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.residual = stride == 1 and inputs == outputs
        padding = 1 if stride == 1 else 0
        self.expand = nn.Conv2d(inputs, expanded, 1)
        self.depthwise = nn.Conv2d(expanded, expanded, 3, stride, padding, groups=expanded)
        self.project = nn.Conv2d(expanded, outputs, 1)

    def widen(self, x: Tensor) -> Tensor:
        """Return the expanded map (N, expanded, h, w)."""
        return functional.relu6(self.expand(x))

    def narrow(self, wide: Tensor) -> Tensor:
        """Return (N, outputs, h, w) of the expanded map, without the residual."""
        out: Tensor = self.project(functional.relu6(self.depthwise(wide)))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outputs, h, w)."""
        out = self.narrow(self.widen(x))
        return x + out if self.residual else out


class MobileNet(nn.Module):
    """conv to the expansion of bottleneck 10, with expanded maps at strides 4, 8 and 16."""

    taps = 144, 192, 384
    """Channels of the three maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, stride=2)
        self.depthwise = nn.Conv2d(32, 32, 3, padding=1, groups=32)
        self.project = nn.Conv2d(32, 16, 1)
        self.stride4 = nn.Sequential(_bottleneck(16, 24, 2), _bottleneck(24, 24))
        self.to_stride8 = _bottleneck(24, 32, 2)
        self.stride8 = nn.Sequential(_bottleneck(32, 32), _bottleneck(32, 32))
        self.to_stride16 = _bottleneck(32, 64, 2)
        self.stride16 = nn.Sequential(*(_bottleneck(64, 64) for _ in range(3)))
        self.last = nn.Conv2d(64, 64 * EXPANSION, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return maps (N, 144, h, w), (N, 192, h/2, w/2), (N, 384, h/4, w/4) of RGB 0 ... 255."""
        fine, middle = self.early(crops)
        coarse = functional.relu6(self.last(self.stride16(self.to_stride16.narrow(middle))))
        return fine, middle, coarse

    def early(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first two maps."""
        fine = self.first(crops)
        return fine, self.to_stride16.widen(self.stride8(self.to_stride8.narrow(fine)))

    def first(self, crops: Tensor) -> Tensor:
        """Return the first map."""
        x = functional.relu6(self.conv(crops / HALF_RANGE - 1))
        x = self.project(functional.relu6(self.depthwise(x)))
        return self.to_stride8.widen(self.stride4(x))

    def start_msra(self) -> None:
        """Draw all convolutions anew as He et al. (2015), for training without pretrained ones."""
        start_convolutions(self)

    @torch.no_grad()
    def load_npz(self, path: Path) -> None:
        """Fill in ImageNet-pretrained arrays, batch norms folded in, called ``conv00.weight`` and
        ``conv00.bias`` in the order of the layers.

        Raises WeightsError naming a file that is not readable, or the first array that is missing
        or of another shape.
        """
        arrays = read_npz(path)
        layers = [m for m in self.modules() if isinstance(m, nn.Conv2d)]
        for index, layer in enumerate(layers):
            for kind in ("weight", "bias"):
                parameter = getattr(layer, kind)
                parameter.copy_(fitting(arrays, f"conv{index:02}.{kind}", parameter, path))


def _bottleneck(inputs: int, outputs: int, stride: int = 1) -> Bottleneck:
    return Bottleneck(inputs, EXPANSION * inputs, outputs, stride)
