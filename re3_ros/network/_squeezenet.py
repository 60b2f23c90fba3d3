# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The convolutional trunk of SqueezeNet 1.1 (Iandola et al., arXiv 1602.07360)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._trunk import fitting, pool, read_npz, start_convolutions

MEAN_RGB = (123.0, 117.0, 104.0)
INPUT_DEVIATION = 64.0
"""About that of photographs' pixels, on the scale 0 ... 255."""


class Fire(nn.Module):
    """1x1 squeeze, then 1x1 and 3x3 expansions side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 2 * expand, h, w)."""
        s = functional.relu(self.squeeze1x1(x), inplace=True)
        # Before they are joined: compilers then make one operation of convolution and ReLU.
        parts = [functional.relu(e(s), inplace=True) for e in (self.expand1x1, self.expand3x3)]
        return torch.cat(parts, 1)


class SqueezeNet(nn.Module):
    """conv1 to fire9, with the maps after fire3, fire5 and fire9 (strides 4, 8 and 16)."""

    taps = 128, 256, 512
    """Channels of the three maps."""
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2)
        self.fire2 = Fire(64, 16, 64)
        self.fire3 = Fire(128, 16, 64)
        self.fire4 = Fire(128, 32, 128)
        self.fire5 = Fire(256, 32, 128)
        self.fire6 = Fire(256, 48, 192)
        self.fire7 = Fire(384, 48, 192)
        self.fire8 = Fire(384, 64, 256)
        self.fire9 = Fire(512, 64, 256)
        self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1), persistent=False)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return maps (N, 128, h, w), (N, 256, h/2, w/2), (N, 512, h/4, w/4) of RGB 0 ... 255."""
        fine, middle = self.early(crops)
        coarse = self.fire9(self.fire8(self.fire7(self.fire6(pool(middle)))))
        return fine, middle, coarse

    def early(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first two maps."""
        fine = self.first(crops)
        return fine, self.fire5(self.fire4(pool(fine)))

    def first(self, crops: Tensor) -> Tensor:
        """Return the first map."""
        x = functional.relu(self.conv1(crops - self.mean), inplace=True)
        fine: Tensor = self.fire3(self.fire2(pool(x)))
        return fine

    @torch.no_grad()
    def start_msra(self) -> None:
        """Draw all convolutions anew as He et al. (2015), for training without pretrained ones.

        As torch draws them, every layer would shrink its input: after 18 of them nothing is left.
        """
        start_convolutions(self)
        self.conv1.weight.div_(INPUT_DEVIATION)

    def load_npz(self, path: Path) -> None:
        """Fill in ImageNet-pretrained arrays named as in Caffe, whose input was BGR.

        Raises WeightsError naming a file that is not readable, or the first array that is missing
        or of another shape.
        """
        arrays = read_npz(path)
        for name, parameter in self.named_parameters():
            key = name if name.startswith("conv1") else name.replace(".", "/", 1)
            values = fitting(arrays, key, parameter, path)
            parameter.data.copy_(values.flip(1) if name == "conv1.weight" else values)
