# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What every network of the Re3 family can do.

One frame of one target is ``embed -> fuse -> recur -> predict``. The steps are separate methods
because the tracker does not run them at one time: as soon as a box is known, the next frame's
first crop can be cut, embedded and remembered, and only the second crop waits for the image.
Published networks normalise, flatten and concatenate inside; nothing of that shows here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from re3_ros.errors import ConfigError


class Output(NamedTuple):
    """What the network says of one pair of crops."""

    corners: Tensor
    """(N, 4) x1, y1, x2, y2 in crop coordinates, the side of the crop being 10."""
    visibility: Tensor | None
    """(N,) logits of the object being seen, None for networks without such an output."""


class ActivationRange(NamedTuple):
    """Least and largest number that a convolution is given."""

    low: float
    high: float


class Re3Network(nn.Module, ABC):
    """A crop pair in, corner coordinates out, and a recurrent state between frames.

    Shapes: N targets, crops of S pixels, F features a crop, A numbers remembered of the previous
    crop, T of the initial one, E embedding, recurrent state of R rows (h1, c1, h2, c2) by H.
    """

    architecture: str
    """Name of the preset that builds it."""
    crop_size: int
    """S, side of a crop in pixels."""
    context: float
    """Side of the search window as a multiple of the box (paper: 2)."""
    state_shape: tuple[int, int]
    """(R, H) of the recurrent state of one target."""
    activation_ranges: Mapping[str, ActivationRange] = MappingProxyType({})
    """Of the inputs of the convolutions that int8 serves well, by module name; of these weights."""

    @property
    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The keyword arguments, JSON-ready, with which `build` makes an equal network."""

    @abstractmethod
    def embed(self, crops: Tensor) -> Tensor:
        """Return features (N, F) of crops (N, 3, S, S), RGB in 0 ... 255, uint8 or float."""

    @abstractmethod
    def remember(self, features: Tensor) -> Tensor:
        """Return (N, A), all that the late fusion needs of the previous crop's (N, F)."""

    @abstractmethod
    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return (N, T), what is kept for the target's life of the template crop: of its features
        (N, F) and its pixels (N, 3, S, S)."""

    @abstractmethod
    def fuse(self, remembered: Tensor, features: Tensor, template: Tensor) -> Tensor:
        """Return the embedding (N, E) of previous (N, A), current (N, F), template crop (N, T)."""

    @abstractmethod
    def recur(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return hidden (N, H) and a new state (N, R, H) from (N, E) and state (N, R, H)."""

    @abstractmethod
    def predict(self, hidden: Tensor, embedding: Tensor) -> Output:
        """Return corners and visibility from hidden (N, H) and embedding (N, E)."""

    def rescale_visibility(self, scale: float, offset: float) -> None:
        """Make the visibility logit ``scale * logit + offset`` from now on, in the weights.

        Raises ConfigError for networks without such an output.
        """
        raise ConfigError(
            f"{self.architecture} has no visibility output to be scaled by {scale:g} and moved by "
            f"{offset:g}; networks of the architecture compact have one"
        )

    def initial_state(self, targets: int) -> Tensor:
        """Return zeros (targets, R, H), the state before the first frame."""
        like = next(self.parameters())
        return torch.zeros(targets, *self.state_shape, device=like.device, dtype=like.dtype)

    def advance(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Return output and new state once both crops are embedded."""
        embedding = self.fuse(remembered, features, template)
        hidden, state = self.recur(embedding, state)
        return self.predict(hidden, embedding), state

    def forward(
        self,
        previous_crops: Tensor,
        current_crops: Tensor,
        state: Tensor,
        template: Tensor | None = None,
    ) -> tuple[Output, Tensor]:
        """Return output and new state of a pair of crops (N, 3, S, S) in one go.

        Without a template the previous crop is taken for the initial one, as on the first frame.
        """
        n = len(previous_crops)
        features = self.embed(torch.cat([previous_crops, current_crops]))
        if template is None:
            template = self.template(features[:n], previous_crops)
        return self.advance(self.remember(features[:n]), features[n:], template, state)
