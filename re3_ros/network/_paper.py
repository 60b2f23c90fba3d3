# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network of the paper, its published smaller kin, and the ablations of its Table I."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from re3_ros.errors import ConfigError

from ._base import Output, Re3Network
from ._caffenet import CaffeNet
from ._googlenet import GoogLeNet
from ._prelu import PReLU
from ._recurrent import FactoredLSTM, Peephole
from ._small_trunk import SmallTrunk
from ._trunk import CROP_SIZE, Trunk, msra

TrunkName = Literal["caffenet", "googlenet", "small"]


class PaperNetwork(Re3Network):
    """Trunk with skip layers, late fusion in fc6, factored LSTM layers, four coordinates.

    The rows of Table I are options: A and B ``skip_widths=[], fc_width=4096, fc_layers=3,
    lstm_layers=0``; C, D and E ``skip_widths=[], lstm_layers=1``; F ``lstm_layers=1``; G to J the
    defaults; K ``trunk="googlenet"``.
    """

    crop_size = CROP_SIZE
    context = 2.0
    architecture = "paper"

    def __init__(
        self,
        *,
        trunk: TrunkName = "caffenet",
        trunk_widths: Sequence[int] | None = None,
        skip_widths: Sequence[int] = (16, 32, 64),
        fc_width: int = 2048,
        fc_layers: int = 1,
        lstm_width: int = 1024,
        lstm_layers: int = 2,
        peephole: Peephole = "dense",
        forget_bias: float = 1.0,
        recurrent_bias: bool = False,
        head_width: int = 0,
    ) -> None:
        """Take the widths and numbers of layers; without LSTM layers the network feeds forward.

        ``trunk_widths`` None are the published ones; empty ``skip_widths`` leave the skip layers
        out; a ``head_width`` puts one hidden layer before the coordinates.
        Raises ConfigError for an unknown trunk or widths that do not fit it.
        """
        super().__init__()
        self._options = _plain(locals(), PaperNetwork.__init__.__kwdefaults__)
        _check_sizes(self._options)
        self.trunk = make_trunk(trunk, trunk_widths)
        self.skips = _make_skips(self.trunk, skip_widths)
        self.activation = functional.elu if trunk == "small" else functional.relu
        self.features = _feature_count(self.trunk, skip_widths)
        self.fc6_previous = nn.Linear(self.features, fc_width)
        self.fc6_current = nn.Linear(self.features, fc_width, bias=False)
        self.fcs = nn.ModuleList(nn.Linear(fc_width, fc_width) for _ in range(fc_layers - 1))
        self.lstm: FactoredLSTM | None = None
        if lstm_layers:
            self.lstm = FactoredLSTM(
                fc_width, lstm_width, lstm_layers, peephole, forget_bias, recurrent_bias
            )
        hidden = lstm_width if lstm_layers else fc_width
        self.state_shape = (2 * lstm_layers, hidden)
        self.head_hidden = nn.Linear(hidden, head_width) if head_width else None
        self.head = nn.Linear(head_width or hidden, 4)
        self._start_msra()

    def _start_msra(self) -> None:
        """Draw the new layers as the paper does; both halves of fc6 share one fan-in."""
        for layer in (self.fc6_previous, self.fc6_current, *self.fcs, self.head_hidden, self.head):
            if isinstance(layer, nn.Linear):
                msra(layer)
        with torch.no_grad():
            self.fc6_previous.weight.mul_(0.5**0.5)
            self.fc6_current.weight.mul_(0.5**0.5)

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments given at construction, defaults included."""
        return dict(self._options)

    def embed(self, crops: Tensor) -> Tensor:
        """Return the skip layers' maps, then the last map, each flattened channel by channel."""
        taps, last = self.trunk(crops)
        maps = [skip(tap) for skip, tap in zip(self.skips, taps, strict=False)]
        return torch.cat([m.flatten(1) for m in (*maps, last)], 1)

    def remember(self, features: Tensor) -> Tensor:
        """Return the previous crop's part of fc6 before its ReLU, (N, fc_width).

        fc6 is linear up to there, so this and the current crop's part add to the joint form.
        """
        part: Tensor = self.fc6_previous(features)
        return part

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return (N, 0): these networks keep nothing of the template crop."""
        del crops
        return features.new_zeros(len(features), 0)

    def fuse(self, remembered: Tensor, features: Tensor, template: Tensor) -> Tensor:
        """Return fc6 (N, fc_width); ``template`` is not used."""
        del template
        embedding: Tensor = self.activation(remembered + self.fc6_current(features))
        for layer in self.fcs:
            embedding = self.activation(layer(embedding))
        return embedding

    def recur(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return hidden (N, H) and the new state (N, R, H)."""
        if self.lstm is None:
            return embedding, state
        hidden, new = self.lstm(embedding, state)
        return hidden, new

    def predict(self, hidden: Tensor, embedding: Tensor) -> Output:
        """Return corners; there is no visibility output."""
        del embedding
        if self.head_hidden is not None:
            hidden = self.activation(self.head_hidden(hidden))
        return Output(self.head(hidden), None)


def make_trunk(name: TrunkName, widths: Sequence[int] | None = None) -> Trunk:
    """Return a new trunk; ``widths`` of its convolutions where it is not GoogLeNet.

    Raises ConfigError for an unknown name or widths that do not fit.
    """
    if name not in get_args(TrunkName):
        raise ConfigError(f"trunk is {name!r}; choose one of {', '.join(get_args(TrunkName))}")
    if name == "googlenet":
        if widths is not None:
            raise ConfigError(f"trunk_widths is {list(widths)}; those of GoogLeNet are fixed")
        return GoogLeNet()
    kind = CaffeNet if name == "caffenet" else SmallTrunk
    return kind() if widths is None else kind(widths)


def _make_skips(trunk: Trunk, widths: Sequence[int]) -> nn.ModuleList:
    """Return 1x1 convolutions with PReLU, one for each tap, or none at all."""
    if widths and len(widths) != len(trunk.taps):
        raise ConfigError(
            f"skip_widths is {list(widths)}; give {len(trunk.taps)} widths for this trunk, or []"
        )
    skips = nn.ModuleList()
    for (channels, _, _), width in zip(trunk.taps, widths, strict=False):
        conv = nn.Conv2d(channels, width, 1)
        msra(conv)
        skips.append(nn.Sequential(conv, PReLU(width)))
    return skips


def _feature_count(trunk: Trunk, skip_widths: Sequence[int]) -> int:
    skips = zip(trunk.taps, skip_widths, strict=False)
    channels, height, width = trunk.out
    return channels * height * width + sum(w * tap[1] * tap[2] for tap, w in skips)


def _plain(values: dict[str, Any], names: dict[str, Any] | None) -> dict[str, Any]:
    """Return the options among ``values`` as JSON has them: sequences become lists."""
    options = {name: values[name] for name in names or ()}
    return {k: list(v) if isinstance(v, (list, tuple)) else v for k, v in options.items()}


def _check_sizes(options: dict[str, Any]) -> None:
    """Raise ConfigError for a width or number of layers that is no whole number in range."""
    least = {"fc_width": 1, "fc_layers": 1, "lstm_width": 1, "lstm_layers": 0, "head_width": 0}
    sizes = [(name, options[name], low) for name, low in least.items()]
    for name in ("skip_widths", "trunk_widths"):
        sizes += [(name, width, 1) for width in options[name] or ()]
    for name, value, low in sizes:
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise ConfigError(f"{name} has {value!r}; expected a whole number of {low} or more")
