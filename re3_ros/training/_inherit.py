# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a `compact` network takes over of another one: of other maps, another trunk, a wider look.

Everything of the same shape is taken over as it is. A larger map holds the smaller one in its
middle, so the fully connected layer gets its weights there and zeros around. Skip layers on another
trunk are fitted by least squares to give, on the same crops, what those of the other network gave.
What is added (a coarse look) begins at zero: the new network begins as good as the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from re3_ros.errors import ConfigError
from re3_ros.network import Compact, Re3Network, build

SKIP_LAYERS = (
    ("fine.0", 0),
    ("middle.0", 1),
    ("coarse.0", 2),
    ("match_middle", 1),
    ("match_coarse", 2),
)
"""Convolutions on the trunk's maps, and which of the three each reads."""
REDUCED = 64
"""Channels of the map that the fully connected layer reads cell by cell."""
RIDGE = 1e-3
"""Of the mean square of a trunk's features, added where least squares alone would not be unique."""
BATCH = 32

DrawCrops = Callable[[int], Tensor]
"""Gives crops (N, 3, S, S) of a side in pixels, around boxes of half that."""


@torch.no_grad()
def inherit(
    source: Re3Network,
    options: Mapping[str, object],
    start_trunk: Callable[[Re3Network], None],
    draw: DrawCrops,
) -> Re3Network:
    """Return a network of the source's kind with other options, and with what it can take over.

    ``start_trunk`` fills in a trunk of another kind; ``draw`` gives crops to fit skip layers on.
    Raises ConfigError for a source that is not `compact`, for options that it does not have, and
    naming a layer whose width differs.
    """
    if all(source.options.get(name) == value for name, value in options.items()):
        return source
    if not isinstance(source, Compact):
        raise ConfigError(
            f"start_from is a network {source.architecture!r}, which hands on its weights only as "
            "they are; leave `options` out"
        )
    network = build(source.architecture, **{**source.options, **options})
    assert isinstance(network, Compact)
    fitted = type(network.trunk) is not type(source.trunk)
    if fitted:
        start_trunk(network)
    own, other = network.state_dict(), source.state_dict()
    special = {"summary.fc.weight": _spread, "pyramid.figures.weight": _scaled_figures}
    for name, tensor in own.items():
        found = other.get(name)
        if found is None or (fitted and _is_of_trunk(name)):
            continue
        if name in special:
            found = special[name](found, source, network)
        if found.shape != tensor.shape:
            raise ConfigError(
                f"{name} has shape {tuple(found.shape)} in start_from and {tuple(tensor.shape)} in "
                "the network that `options` ask for; widths are handed on as they are"
            )
        tensor.copy_(found)
    if fitted:
        _fit_skips(network, source, draw(source.side))
    return network


def _is_of_trunk(name: str) -> bool:
    layers = tuple(f"skips.{layer}." for layer, _ in SKIP_LAYERS)
    return name.startswith(("trunk.", "wide.match.", *layers))


def _spread(weight: Tensor, source: Compact, network: Compact) -> Tensor:
    """Return weights (E, F) of the fully connected layer, for larger maps."""
    cells, positions = weight[:, : -3 * _heat_maps(source)], weight[:, -3 * _heat_maps(source) :]
    sides = [(n.skips.grid.middle + 1) // 2 for n in (source, network)]
    first = (sides[1] - sides[0]) // 2
    if first < 0 or (sides[1] - sides[0]) % 2:
        raise ConfigError(
            f"side {network.side} cannot take over what was learned at side {source.side}; give "
            f"{source.side} or more, in steps of 32"
        )
    wide = weight.new_zeros(len(weight), REDUCED, sides[1], sides[1])
    middle = slice(first, first + sides[0])
    wide[:, :, middle, middle] = cells.view(len(weight), REDUCED, sides[0], sides[0])
    positions = positions.clone()
    positions[:, : 2 * _heat_maps(source)] *= _longer(source, network)
    return torch.cat([wide.flatten(1), positions], 1)


def _scaled_figures(weight: Tensor, source: Compact, network: Compact) -> Tensor:
    """Return the pyramid's last weights; before the last figure come a place's x and y."""
    scaled = weight.clone()
    scaled[:, -3:-1] *= _longer(source, network)
    return scaled


def _heat_maps(network: Compact) -> int:
    return network.summary.heat.out_channels


def _longer(source: Compact, network: Compact) -> float:
    """Return how many times longer the way from the middle of a map to its last cell is."""
    return (network.skips.grid.middle - 1) / (source.skips.grid.middle - 1)


def _fit_skips(network: Compact, source: Compact, crops: Tensor) -> None:
    """Fit the skip layers of another trunk to what those of ``source`` give on ``crops``."""
    sums = {layer: _Sums() for layer, _ in SKIP_LAYERS}
    for part in torch.split(crops, BATCH):
        pixels = part.to(next(network.parameters()))
        theirs, ours = source.trunk(pixels), network.trunk(pixels)
        for layer, index in SKIP_LAYERS:
            wanted = source.skips.get_submodule(layer)(theirs[index])
            sums[layer].add(ours[index], wanted)
    for layer, _ in SKIP_LAYERS:
        conv = network.skips.get_submodule(layer)
        assert isinstance(conv, nn.Conv2d)
        weight, bias = sums[layer].solve()
        conv.weight.copy_(weight[..., None, None])
        assert conv.bias is not None
        conv.bias.copy_(bias)


class _Sums:
    """What a linear regression over many cells needs, added up in float64."""

    def __init__(self) -> None:
        self._squares: Tensor | None = None
        self._products: Tensor | None = None

    def add(self, features: Tensor, wanted: Tensor) -> None:
        """Take in maps (N, C, h, w) and what is wanted of them (N, K, h, w)."""
        x, y = (m.permute(0, 2, 3, 1).flatten(0, 2).double() for m in (features, wanted))
        x = torch.cat([x, x.new_ones(len(x), 1)], 1)
        squares, products = x.T @ x, x.T @ y
        self._squares = squares if self._squares is None else self._squares + squares
        self._products = products if self._products is None else self._products + products

    def solve(self) -> tuple[Tensor, Tensor]:
        """Return weights (K, C) and bias (K,)."""
        assert self._squares is not None
        ridge = RIDGE * self._squares.diagonal()[:-1].mean()
        eye = torch.eye(len(self._squares), dtype=self._squares.dtype) * ridge
        eye[-1, -1] = 0
        solution = torch.linalg.solve(self._squares + eye, self._products)
        return solution[:-1].T, solution[-1]
