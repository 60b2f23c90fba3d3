# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions in int8: what their inputs and weights are rounded to.

A network's copy whose convolutions round as processors' int8 instructions do; runtimes that know
those instructions make them of it. Inputs have one scale each, from the range that was observed
when the network was calibrated: 0 ... 255 where they are never negative, else -128 ... 127. What a
few crops have beyond that is cut off: a range that holds all of it is coarse for the others.
Weights are symmetric, with a scale for every output channel (Krishnamoorthi, "Quantizing deep
convolutional networks for efficient inference", 2018, section 3). They use 7 of the 8 bits: without
VNNI, processors add two products in 16 bits, which 8 bits would overflow.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from re3_ros.errors import ConfigError

from ._base import ActivationRange, Re3Network

WEIGHT_LIMIT = 63
"""Largest magnitude of a weight: 2 * 255 * 63 < 2 ** 15."""
LARGEST_CHANGE = 0.01
"""Mean change of a corner, the crop's side being 10, that convolutions in int8 may cost together: a
thousandth of the crop, as much as bfloat16 costs."""
HELD = 0.9
"""Share of the passes whose inputs are wholly within a range."""


def rounding(limits: ActivationRange) -> tuple[int, int, float]:
    """Return least and largest integer, and the scale, that a range is represented with."""
    least, most = (0, 255) if limits.low >= 0 else (-128, 127)
    return least, most, max(limits.high, -limits.low, torch.finfo(torch.float32).tiny) / most


@contextmanager
def recorded_ranges(network: Re3Network) -> Iterator[dict[str, ActivationRange]]:
    """Yield what has, after the block, the range of inputs of each convolution that ran in it, by
    module name.

    Each end is one that a share `HELD` of the passes keeps within.
    """
    ends: dict[str, list[tuple[float, float]]] = {}
    ranges: dict[str, ActivationRange] = {}

    def record(name: str) -> Any:
        def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = (float(end) for end in torch.aminmax(inputs[0]))
            ends.setdefault(name, []).append((low, high))

        return see

    hooks = [
        module.register_forward_pre_hook(record(name)) for name, module in _convolutions(network)
    ]
    try:
        yield ranges
    finally:
        for hook in hooks:
            hook.remove()
        for name, seen in ends.items():
            low, high = torch.tensor(seen, dtype=torch.float64).unbind(1)
            ranges[name] = ActivationRange(
                float(low.quantile(1 - HELD)), float(high.quantile(HELD))
            )


def quantised(network: Re3Network, ranges: Mapping[str, ActivationRange]) -> Re3Network:
    """Return a copy of ``network`` that rounds as int8 does in the convolutions of ``ranges``.

    Raises ConfigError where a name is not that of a convolution.
    """
    made = copy.deepcopy(network)
    known = dict(_convolutions(made))
    for name, limits in ranges.items():
        if name not in known:
            raise ConfigError(
                f"there is no convolution {name!r} in {network.architecture}; calibrate its "
                "weights anew with `re3 weights calibrate`"
            )
        parent, _, last = name.rpartition(".")
        setattr(made.get_submodule(parent), last, QuantisedConv(known[name], limits))
    return made


def harmless(
    network: Re3Network, ranges: Mapping[str, ActivationRange], previous: Tensor, current: Tensor
) -> dict[str, ActivationRange]:
    """Return the ranges of convolutions that together, in int8, change corners by little.

    Those that change them most, each alone in int8, are left out, as many as it takes. Corners are
    those of pairs of crops (N, 3, S, S).
    """
    exact = _corners(network, previous, current)
    alone = {
        name: _apart(quantised(network, {name: limits}), previous, current, exact)
        for name, limits in ranges.items()
    }
    kept = dict(ranges)
    for worst in sorted(alone, key=lambda name: -alone[name]):
        if _apart(quantised(network, kept), previous, current, exact) < LARGEST_CHANGE:
            break
        del kept[worst]
    return kept


def corner_change(
    network: Re3Network, ranges: Mapping[str, ActivationRange], previous: Tensor, current: Tensor
) -> float:
    """Return the mean change of corners, the crop's side being 10, by int8 in all of these
    convolutions, over pairs of crops (N, 3, S, S)."""
    exact = _corners(network, previous, current)
    return _apart(quantised(network, ranges), previous, current, exact)


@torch.inference_mode()
def _corners(network: Re3Network, previous: Tensor, current: Tensor) -> Tensor:
    """Return corners (N, 4) in pairs of crops (N, 3, S, S), from the state that the first leave."""
    features = network.embed(previous)
    remembered, template = network.remember(features), network.template(features, previous)
    start = network.initial_state(len(previous))
    _, state = network.advance(remembered, features, template, start)
    output, _ = network.advance(remembered, network.embed(current), template, state)
    return output.corners


def _apart(network: Re3Network, previous: Tensor, current: Tensor, exact: Tensor) -> float:
    return float((_corners(network, previous, current) - exact).abs().mean())


class QuantisedConv(nn.Conv2d):
    """A convolution of rounded inputs with rounded weights."""

    scales: Tensor
    zeros: Tensor

    def __init__(self, conv: nn.Conv2d, limits: ActivationRange) -> None:
        """Take the convolution, whose weights it shares, and the range of its inputs."""
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]  # a pair, as it was given or made
            conv.stride,  # type: ignore[arg-type]
            conv.padding,  # type: ignore[arg-type]
            conv.dilation,  # type: ignore[arg-type]
            conv.groups,
            conv.bias is not None,
        )
        self.weight, self.bias = conv.weight, conv.bias
        self.least, self.most, self.scale = rounding(limits)
        tiny = torch.finfo(torch.float32).tiny
        magnitude = conv.weight.detach().abs().flatten(1).amax(1)
        self.register_buffer("scales", (magnitude / WEIGHT_LIMIT).clamp_min(tiny))
        self.register_buffer("zeros", torch.zeros(len(magnitude), dtype=torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        """Return what the convolution makes of ``x``, both rounded."""
        inputs = torch.fake_quantize_per_tensor_affine(x, self.scale, 0, self.least, self.most)
        weight = torch.fake_quantize_per_channel_affine(
            self.weight, self.scales, self.zeros, 0, -WEIGHT_LIMIT, WEIGHT_LIMIT
        )
        out: Tensor = self._conv_forward(inputs, weight, self.bias)
        return out


def _convolutions(network: nn.Module) -> Iterable[tuple[str, nn.Conv2d]]:
    return [(name, m) for name, m in network.named_modules() if isinstance(m, nn.Conv2d)]
