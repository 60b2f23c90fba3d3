# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""PReLU (paper, section III-A1: after the skip layers) in a form that runtimes make fast."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PReLU(nn.PReLU):
    """`torch.nn.PReLU` of maps (N, C, h, w); exported as a sum of two ReLUs.

    `torch.export` would decompose it into a comparison and a selection, which runtimes do not put
    into the convolution before it.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return max(x, 0) + a min(x, 0), a for each channel."""
        if not _is_exporting():
            return super().forward(maps)
        slopes = self.weight.view(1, -1, 1, 1)
        return functional.relu(maps) - slopes * functional.relu(-maps)


def _is_exporting() -> bool:
    known = getattr(torch.compiler, "is_exporting", None) if hasattr(torch, "compiler") else None
    return known is not None and bool(known())
