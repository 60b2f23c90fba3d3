# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The trunk of the paper's model K (Table I): GoogLeNet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._trunk import Trunk, normalise_response, pool

MEAN = (123.0, 117.0, 104.0)
INCEPTIONS: dict[str, tuple[int, int, int, int, int, int]] = {
    # widths of 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5, pool_proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class GoogLeNet(Trunk):
    """GoogLeNet up to its last inception module, with Caffe's pooling and names.

    The paper says no more of model K than the name of its trunk. As in CaffeNet, skip layers read
    what follows the early stages at about 27 and 13 cells a side (pool2, after both
    normalisations, 28x28; pool3, 14x14) and the last convolutional output (inception 5b, 7x7),
    and the last map is that output after a 3x3 pooling of stride 2: 1024x3x3, the 9,216 features
    of CaffeNet's pool5.
    """

    channels = "bgr"
    taps = ((192, 28, 28), (480, 14, 14), (1024, 7, 7))
    out = (1024, 3, 3)

    def __init__(self) -> None:
        super().__init__(MEAN, (1.0, 1.0, 1.0))
        self.convs = nn.ModuleDict(
            {
                "conv1/7x7_s2": nn.Conv2d(3, 64, 7, stride=2, padding=3),
                "conv2/3x3_reduce": nn.Conv2d(64, 64, 1),
                "conv2/3x3": nn.Conv2d(64, 192, 3, padding=1),
            }
        )
        inputs = 192
        for name, (one, three_in, three, five_in, five, projected) in INCEPTIONS.items():
            self.convs[f"inception_{name}/1x1"] = nn.Conv2d(inputs, one, 1)
            self.convs[f"inception_{name}/3x3_reduce"] = nn.Conv2d(inputs, three_in, 1)
            self.convs[f"inception_{name}/3x3"] = nn.Conv2d(three_in, three, 3, padding=1)
            self.convs[f"inception_{name}/5x5_reduce"] = nn.Conv2d(inputs, five_in, 1)
            self.convs[f"inception_{name}/5x5"] = nn.Conv2d(five_in, five, 5, padding=2)
            self.convs[f"inception_{name}/pool_proj"] = nn.Conv2d(inputs, projected, 1)
            inputs = one + three + five + projected
        self.start_msra()

    def forward(self, crops: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return pool2, pool3 and inception 5b, and that pooled."""
        norm1 = normalise_response(pool(self._conv("conv1/7x7_s2", self.normalise(crops))))
        conv2 = self._conv("conv2/3x3", self._conv("conv2/3x3_reduce", norm1))
        pool2 = pool(normalise_response(conv2))
        pool3 = pool(self._inceptions(pool2, "3a", "3b"))
        pool4 = pool(self._inceptions(pool3, "4a", "4b", "4c", "4d", "4e"))
        last = self._inceptions(pool4, "5a", "5b")
        return [pool2, pool3, last], pool(last)

    def _inceptions(self, x: Tensor, *names: str) -> Tensor:
        for name in (f"inception_{n}" for n in names):
            branches = (
                self._conv(f"{name}/1x1", x),
                self._conv(f"{name}/3x3", self._conv(f"{name}/3x3_reduce", x)),
                self._conv(f"{name}/5x5", self._conv(f"{name}/5x5_reduce", x)),
                self._conv(f"{name}/pool_proj", functional.max_pool2d(x, 3, 1, 1)),
            )
            x = torch.cat(branches, 1)
        return x

    def _conv(self, name: str, x: Tensor) -> Tensor:
        return functional.relu(self.convs[name](x))
