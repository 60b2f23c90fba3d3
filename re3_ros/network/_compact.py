# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``compact``: the method of the paper in a network that two CPU cores run at camera rate.

What is the paper's: a crop pair, convolutional features with skip layers from three depths, late
fusion of the two crops, two factored peephole LSTM layers with the embedding fed to both, four
regressed corner coordinates, the recurrent state as the only adaptation. What is new:

- a SqueezeNet 1.1 trunk on crops of 128 pixels;
- the late fusion also sees cosine similarities between every position of the current crop and every
  position of the object in the previous and in the template crop, at strides 8 and 16;
- the fully connected layer is preceded by two convolutions, and the expected position of each of
  a few learned heat maps enters beside the flattened map;
- the head also reads the embedding, and gives the logit of the object being seen.

Options make others of the same kind: a wider window, a second, coarser look, another trunk.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from re3_ros.errors import ConfigError

from ._base import Output, Re3Network
from ._fusion import Fusion, Grid, Skips, Summary
from ._mobilenet import MobileNet
from ._pyramid import Pyramid, cells_of, central
from ._recurrent import FactoredLSTM
from ._squeezenet import SqueezeNet
from ._wide import Wide

TRUNKS: dict[str, type[SqueezeNet | MobileNet]] = {"squeezenet": SqueezeNet, "mobilenet": MobileNet}
SMALLEST_SIDE = 96
"""Pixels; a smaller crop has no cells around the object."""
CENTRE, HEAD_CONTEXT = 5.0, 2.0
"""The head counts from the middle of a window of two boxes, however wide the network's own is."""


class Compact(Re3Network):
    """The shipped default; see the module for its structure."""

    architecture = "compact"

    def __init__(
        self,
        skip: int = 64,
        fine_skip: int = 8,
        match: int = 64,
        mixed: int = 96,
        heat_maps: int = 32,
        fc_width: int = 512,
        lstm_width: int = 384,
        pyramid: bool = True,
        side: int = 128,
        context: float = 2.0,
        wide: bool = False,
        trunk: str = "squeezenet",
    ) -> None:
        """Widths: skip layers, matched features, mixing convolutions, heat maps, FC and LSTM.

        ``pyramid``: compare with magnified template crops. ``side``, ``context``: of a look, in
        pixels and in boxes. ``wide``: take crops of twice both, and add a coarse look at the whole
        of them. ``trunk``: one of `TRUNKS`. Raises ConfigError for values that make no network.
        """
        super().__init__()
        _check(side, context, trunk)
        self._options = {
            "skip": skip,
            "fine_skip": fine_skip,
            "match": match,
            "mixed": mixed,
            "heat_maps": heat_maps,
            "fc_width": fc_width,
            "lstm_width": lstm_width,
            "pyramid": pyramid,
            "side": side,
            "context": context,
            "wide": wide,
            "trunk": trunk,
        }
        self.state_shape = (4, lstm_width)
        self.side = side
        self.crop_size = 2 * side if wide else side
        self.context = 2 * context if wide else context
        self.trunk = TRUNKS[trunk]()
        grid = Grid.of(side)
        self.skips = Skips(grid, self.trunk.taps, skip, fine_skip, match)
        self.fusion = Fusion(self.skips, mixed)
        self.pyramid = Pyramid(side, mixed, fc_width) if pyramid else None
        self.summary = Summary(grid, mixed, heat_maps, fc_width)
        self.lstm = FactoredLSTM(fc_width, lstm_width, peephole="diagonal")
        self.head = nn.Linear(lstm_width + fc_width, 5)
        _start_centred(self.head)
        self.wide = Wide(self.crop_size, self.trunk.taps[0], match, fc_width) if wide else None

    @property
    def options(self) -> dict[str, Any]:
        """The widths given at construction."""
        return dict(self._options)

    def embed(self, crops: Tensor) -> Tensor:
        """Return the skip layers' maps of crops, flattened, then those of the coarse look."""
        pixels = self._prepared(crops)
        features: Tensor = self.skips(*self.trunk(self._middle(pixels)))
        if self.wide is None:
            return features
        look = self.wide.embed(self.trunk.first(self.wide.reduce(pixels)))
        return torch.cat([features, look], 1)

    def remember(self, features: Tensor) -> Tensor:
        """Return the previous crop's share of the fusion and its object's matched features, then
        those of the coarse look."""
        features, look = self._parts(features)
        share = self.fusion.remember(features, self.fusion.previous)
        return share if look is None else torch.cat([share, *self._kept_of(look)], 1)

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return the template crop's share of the fusion and its object's matched features, then
        those of the coarse look and of the magnified crops."""
        features, look = self._parts(features)
        parts = [self.fusion.remember(features, self.fusion.initial), *self._kept_of(look)]
        if self.pyramid is not None:
            parts.append(cells_of(self.skips.split(features)[2]))
            with torch.no_grad():  # the trunk learns from the other crops: this halves the cost
                magnified = self._prepared(self.pyramid.magnify(self._middle(crops)))
                _, middle = self.trunk.early(magnified)
            others = cells_of(self.skips.matched_middle(middle))
            parts.append(others.reshape(features.shape[0], -1))
        return torch.cat(parts, 1)

    def fuse(self, remembered: Tensor, features: Tensor, template: Tensor) -> Tensor:
        """Return the embedding (N, E)."""
        width = self.fusion.width
        features, look = self._parts(features)
        share, initial, rest = remembered[:, :width], template[:, :width], template[:, width:]
        maps, figures = None, None
        if self.wide is not None and look is not None:
            figures = self.wide(remembered[:, width:], rest[:, : self.wide.kept], look)
            rest = rest[:, self.wide.kept :]
        if self.pyramid is not None:
            maps, more = self.pyramid(rest, self.skips.split(features)[2])
            figures = more if figures is None else figures + more
        mixed = self.fusion(share, features, initial, maps)
        embedding: Tensor = self.summary(mixed, figures)
        return embedding

    def recur(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return hidden (N, H) and the new state (N, 4, H)."""
        hidden, state = self.lstm(embedding, state)
        return hidden, state

    def predict(self, hidden: Tensor, embedding: Tensor) -> Output:
        """Return corners and the visibility logit."""
        out = self.head(torch.cat([hidden, embedding], 1))
        corners = out[:, :4]
        if self.context != HEAD_CONTEXT:
            corners = CENTRE + (corners - CENTRE) * (HEAD_CONTEXT / self.context)
        return Output(corners, out[:, 4])

    @torch.no_grad()
    def rescale_visibility(self, scale: float, offset: float) -> None:
        """Make the visibility logit ``scale * logit + offset``: the head's last row is linear."""
        self.head.weight[4] *= scale
        self.head.bias[4] = scale * self.head.bias[4] + offset

    def _prepared(self, crops: Tensor) -> Tensor:
        """Return crops as the trunk wants them."""
        pixels = crops.to(next(self.trunk.parameters()).dtype)
        return pixels.contiguous(memory_format=torch.channels_last)

    def _middle(self, crops: Tensor) -> Tensor:
        """Return what a look shows of crops (N, 3, S, S): all, or the middle half of each side."""
        return crops if self.wide is None else central(crops, self.side)

    def _parts(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return features of the look, and of the coarse one if there is one."""
        if self.wide is None:
            return features, None
        width = self.wide.width
        return features[:, :-width], features[:, -width:]

    def _kept_of(self, look: Tensor | None) -> tuple[Tensor, ...]:
        """Return what is kept of a coarse look, if there is one."""
        return () if self.wide is None or look is None else (self.wide.remember(look),)


def _check(side: int, context: float, trunk: str) -> None:
    if trunk not in TRUNKS:
        raise ConfigError(f"compact has no trunk {trunk!r}; choose one of {', '.join(TRUNKS)}")
    if side < SMALLEST_SIDE or side % 16:
        raise ConfigError(f"side {side} makes no maps; give a multiple of 16 from {SMALLEST_SIDE}")
    if not context > 1:
        raise ConfigError(f"context {context} shows nothing around a box; give more than 1")


def _start_centred(head: nn.Linear) -> None:
    """Let the untrained network answer that the object has not moved and is seen."""
    nn.init.normal_(head.weight, std=1e-3)
    with torch.no_grad():
        head.bias.copy_(torch.tensor([2.5, 2.5, 7.5, 7.5, 1.0]))
