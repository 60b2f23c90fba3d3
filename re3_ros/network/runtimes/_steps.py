# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a network in a precision of one's choice, on the device where it is.

The weights before the recurrent layers, which are nearly all of them, are of that precision (half
the memory traffic with ``bfloat16``); recurrent layers, head and state stay float32, as errors
would add up in them.
"""

from __future__ import annotations

import copy
from typing import Protocol

import torch
from torch import Tensor

from re3_ros.errors import ConfigError
from re3_ros.network import FoldedCompact, Re3Network, can_fold, functions_for


class Steps(Protocol):
    """What is captured. Crops are (N, S, S, 3), whole numbers of any type."""

    def remember(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the next look needs of crops, and their features."""

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return what is kept for a target's life."""

    def look(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """Return corners (N, 4), visibility logits (N,) if there are, new state (N, R, H)."""

    def look_again(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> Tensor:
        """Return the new state of a look at the crops that ``features`` are of."""


class PlainSteps:
    """Those of any network: its own modules."""

    def __init__(self, network: Re3Network, kind: torch.dtype) -> None:
        self._network, self._kind = network, kind
        for name, module in network.named_children():
            if not name.startswith(("lstm", "head", "pyramid")):
                module.to(kind)

    def remember(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Embed the crops."""
        features = self._network.embed(crops.permute(0, 3, 1, 2))
        return self._network.remember(features), features

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Keep what the network wants."""
        return self._network.template(features, crops.permute(0, 3, 1, 2)).to(self._kind)

    def look(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """Embed the crops and advance."""
        features = self._network.embed(crops.permute(0, 3, 1, 2))
        embedding = self._network.fuse(remembered, features, template).float()
        hidden, new = self._network.recur(embedding, state)
        return *self._network.predict(hidden, embedding), new

    def look_again(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> Tensor:
        """Advance on features that are there."""
        embedding = self._network.fuse(remembered, features, template).float()
        return self._network.recur(embedding, state)[1]


def make_steps(
    network: Re3Network, device: torch.device, kind: torch.dtype, compiled: bool
) -> Steps:
    """Return the steps of a copy of a network on a device. Raises ConfigError."""
    own = copy.deepcopy(network).to(device, torch.float32).eval()
    if can_fold(own):
        like = torch.zeros(1, 16, 15, 15, dtype=kind, device=device)
        like = like.contiguous(memory_format=torch.channels_last)
        return FoldedCompact(own, kind, functions_for(like, compiled))
    if compiled:
        raise ConfigError(
            f"runtime cuda-compiled knows the architecture compact as it is shipped, and this is "
            f"{network.architecture} of another kind; choose runtime cuda"
        )
    if device.type == "cuda":
        own = own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return PlainSteps(own, kind)
