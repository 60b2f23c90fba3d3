# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The trunk of the paper: conv1 to conv5 of CaffeNet."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from re3_ros.errors import ConfigError

from ._trunk import Trunk, normalise_response

WIDTHS = (96, 256, 384, 384, 256)
CAFFENET_GROUPS = (1, 2, 1, 2, 2)
CAFFENET_KERNELS = (11, 5, 3, 3, 3)
MEAN = (123.151630838, 115.902882574, 103.062623801)


class CaffeNet(Trunk):
    """Five convolutions; the first two are followed by ReLU, pooling, then normalisation.

    The order pool before norm is CaffeNet's, not AlexNet's. Skip layers read norm1, norm2 and
    conv5 after its ReLU and before its pooling (paper, section III-A1).
    """

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__(MEAN, (1.0, 1.0, 1.0))
        if len(widths) != 5 or min(widths) < 2 or any(w % 2 for w in widths):
            raise ConfigError(f"trunk widths are {list(widths)}; CaffeNet has five, all even")
        inputs = (3, *widths[:4])
        self.convs = nn.ModuleDict()
        for k in range(5):
            self.convs[f"conv{k + 1}"] = nn.Conv2d(
                inputs[k],
                widths[k],
                CAFFENET_KERNELS[k],
                stride=4 if k == 0 else 1,
                padding=0 if k == 0 else CAFFENET_KERNELS[k] // 2,
                groups=CAFFENET_GROUPS[k],
            )
        self.taps = ((widths[0], 27, 27), (widths[1], 13, 13), (widths[4], 13, 13))
        self.out = (widths[4], 6, 6)
        self.start_msra()

    def forward(self, crops: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return norm1, norm2 and conv5, and pool5."""
        norm1 = normalise_response(_pool(self._conv("conv1", self.normalise(crops))))
        norm2 = normalise_response(_pool(self._conv("conv2", norm1)))
        conv5 = self._conv("conv5", self._conv("conv4", self._conv("conv3", norm2)))
        return [norm1, norm2, conv5], _pool(conv5)

    def _conv(self, name: str, x: Tensor) -> Tensor:
        return functional.relu(self.convs[name](x))


def _pool(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 3, 2)
