# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`compact` rewritten for a GPU, where a look costs by the number of kernels, not of products.

The same function of the same weights: convolutions of one input are one convolution (a 1x1 beside
a 3x3 lies in the middle of it, which multiplies by zeros, and costs a GPU less than a second
kernel), linear maps that are added up are one, constants are part of weights, and chains of small
operations are functions that can be compiled. Maps are channels last, as tensor cores want them.
"""

from __future__ import annotations

import copy
from typing import NamedTuple, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._compact import CENTRE, HEAD_CONTEXT, Compact
from ._functions import Functions
from ._fusion import Share, Summary
from ._pyramid import CELLS, Pyramid, cells_of, positions
from ._recurrent import PeepholeLSTMCell
from ._squeezenet import SqueezeNet
from ._trunk import pool

Convolution = tuple[Tensor, Tensor]
"""Weight and bias."""


class Maps(NamedTuple):
    """What the fusion sees of a crop."""

    middle: tuple[Tensor, ...]
    """(N, ..., h, w) at stride 8; they are joined where something else joins them."""
    coarse: Tensor
    match_middle: Tensor
    match_coarse: Tensor


def can_fold(network: nn.Module) -> TypeGuard[Compact]:
    """Return whether `FoldedCompact` knows how to rewrite a network."""
    return (
        type(network) is Compact
        and type(network.trunk) is SqueezeNet
        and network.pyramid is not None
        and network.wide is None
    )


class FoldedCompact:
    """Takes crops (N, S, S, 3), uint8 or of its own type, and gives what a tracker needs.

    What is remembered, and kept of a template, is of its own type and layout.
    """

    def __init__(
        self, network: Compact, kind: torch.dtype, functions: Functions | None = None
    ) -> None:
        """Take a network of float32 for which `can_fold` is true, and the type of all but the
        recurrent layers and the head."""
        call = functions or Functions()
        assert isinstance(network.trunk, SqueezeNet), "see can_fold"
        assert network.pyramid is not None
        self._kind, self._magnify = kind, network.pyramid.magnify
        with torch.no_grad():
            self._trunk = _Trunk(network.trunk, kind, call)
            self._read = _Read(network, kind, call)
            self._fuse = _Fuse(network, network.pyramid, kind, call)
            self._recur = _Recur(network, call)

    def remember(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the next look needs of crops, and their features, as `Compact.embed` does."""
        maps = self._read(*self._trunk(crops))
        whole = torch.cat(maps.middle, 1), *maps[1:]
        features = torch.cat([m.flatten(1) for m in whole], 1)
        return self._fuse.keep(features, self._fuse.previous), features

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return what is kept for a target's life."""
        magnified = self._magnify(crops.permute(0, 3, 1, 2)).to(self._kind)
        _, others = self._read.middle(self._trunk.early(magnified.permute(0, 2, 3, 1))[1])
        cells = self._fuse.split(features)[2], others
        own, more = (cells_of(c).view(len(crops), -1) for c in cells)
        return torch.cat([self._fuse.keep(features, self._fuse.initial), own, more], 1)

    def look(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return corners (N, 4), visibility logits (N,) and the new state (N, R, H)."""
        maps = self._read(*self._trunk(crops))
        return self._recur(self._fuse(maps, remembered, template), state)

    def look_again(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> Tensor:
        """Return the new state of a look at the crops that ``features`` are of."""
        middle, *others = self._fuse.split(features)
        return self._recur(self._fuse(Maps((middle,), *others), remembered, template), state)[2]


class _Trunk:
    """The SqueezeNet with one convolution for each pair of expansions."""

    def __init__(self, trunk: SqueezeNet, kind: torch.dtype, call: Functions) -> None:
        self._call = call
        self._mean = trunk.mean.to(kind)
        self._conv1 = _convolution([trunk.conv1], kind)
        fires = (getattr(trunk, f"fire{k}") for k in range(2, 10))
        self._fires = [
            (_convolution([f.squeeze1x1], kind), _convolution([f.expand1x1, f.expand3x3], kind))
            for f in fires
        ]

    def __call__(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps at strides 4, 8 and 16 of crops (N, S, S, 3)."""
        fine, middle = self.early(crops)
        return fine, middle, self._burn(pool(middle), 4, 8)

    def early(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first two."""
        pixels = crops.permute(0, 3, 1, 2) - self._mean
        fine = self._burn(pool(self._call.conv_relu(pixels, *self._conv1, 2)), 0, 2)
        return fine, self._burn(pool(fine), 2, 4)

    def _burn(self, x: Tensor, first: int, end: int) -> Tensor:
        for squeeze, expand in self._fires[first:end]:
            x = self._call.conv_relu(self._call.conv_relu(x, *squeeze), *expand, 1, 1)
        return x


class _Read:
    """The skip layers, and what is matched, of one map at a time."""

    def __init__(self, network: Compact, kind: torch.dtype, call: Functions) -> None:
        skips = network.skips
        self._call = call
        self._fine, self._fine_slopes = _skip(skips.fine, [], kind)
        self._middle = _skip(skips.middle, [skips.match_middle], kind)
        self._coarse = _skip(skips.coarse, [skips.match_coarse], kind)

    def __call__(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> Maps:
        detail = self._call.detail(functional.conv2d(fine, *self._fine), self._fine_slopes)
        skip, match_middle = self.middle(middle)
        coarse_skip, match_coarse = self._both(coarse, *self._coarse)
        return Maps((detail, skip), coarse_skip, match_middle, match_coarse)

    def middle(self, middle: Tensor) -> tuple[Tensor, Tensor]:
        """Return the skip layer's map, and what is matched, at stride 8."""
        return self._both(middle, *self._middle)

    def _both(self, maps: Tensor, layer: Convolution, slopes: Tensor) -> tuple[Tensor, Tensor]:
        return self._call.skip_and_match(functional.conv2d(maps, *layer), slopes)


class _Fuse:
    """Late fusion, comparison with the magnified templates, and summary.

    Maps as matrices are (N, positions, channels) here, which channels last are without copying.
    """

    def __init__(
        self, network: Compact, pyramid: Pyramid, kind: torch.dtype, call: Functions
    ) -> None:
        fusion, summary = network.fusion, network.summary
        self._call, self._fusion, self._pyramid = call, fusion, pyramid
        self.split = network.skips.split
        self._own = copy.deepcopy(fusion).to(kind)
        self.previous, self.initial = self._own.previous, self._own.initial
        first = torch.cat([fusion.current.middle.weight, pyramid.maps.weight / CELLS**2], 1)
        assert fusion.match_middle.bias is not None
        self._first = _last(first, kind), fusion.match_middle.bias.to(kind)
        self._coarse = _last(fusion.current.coarse.weight, kind)
        self._enlarge = fusion.enlarge.matrix.t().to(kind)
        self._conv = _convolution([summary.conv], kind)
        self._heat = _convolution([summary.heat], kind)
        self._reduce = _convolution([summary.reduce], kind)
        self._fc = _fully_connected(summary, pyramid, kind)
        like = torch.empty(fusion.grid.middle, fusion.grid.middle, device=self._enlarge.device)
        self._places = positions(like)

    def __call__(self, maps: Maps, remembered: Tensor, template: Tensor) -> Tensor:
        """Return the embedding (N, E), float32."""
        fusion, n, side = self._fusion, len(remembered), self._fusion.grid.middle
        kept = remembered + template[:, : fusion.width]
        share, at_middle, at_coarse = torch.split(kept, fusion.sizes, 1)
        alike = self._likeness(template[:, fusion.width :], maps.match_middle)
        coarse = _as_matrix(functional.conv2d(maps.coarse, self._coarse))
        coarse = torch.baddbmm(coarse, _as_matrix(maps.match_coarse), self._turned(at_coarse))
        added = share.view(n, side * side, fusion.mixed)
        added = torch.baddbmm(added, _as_matrix(maps.match_middle), self._turned(at_middle))
        added = torch.baddbmm(added, self._enlarge.expand(n, -1, -1), coarse)
        mixed = self._call.conv_add_relu(
            torch.cat([*maps.middle, alike], 1), *self._first, _as_map(added, side), 0
        )
        return self._summarise(mixed, alike)

    def keep(self, features: Tensor, share: Share) -> Tensor:
        """Return what is kept of an earlier crop, as `Fusion.remember`, but its share as matrix."""
        kept = self._own.remember(features, share)
        size = self._fusion.sizes[0]
        return torch.cat([self._turned(kept[:, :size]).flatten(1), kept[:, size:]], 1)

    def _turned(self, matrix: Tensor) -> Tensor:
        """Return (N, ..., mixed) of a part, flat (mixed, ...), of what `Fusion.remember` keeps."""
        return matrix.view(len(matrix), self._fusion.mixed, -1).transpose(1, 2)

    def _likeness(self, cells: Tensor, current: Tensor) -> Tensor:
        """Return the sums over squares of cells whose means `likeness` gives, (N, M, h, w)."""
        n, channels, h, w = current.shape
        squares = cells.reshape(-1, CELLS, CELLS, channels).permute(0, 3, 1, 2)
        rows = current.reshape(1, n * channels, h, w)
        return functional.conv2d(rows, squares, padding=CELLS // 2, groups=n).view(n, -1, h, w)

    def _summarise(self, mixed: Tensor, alike: Tensor) -> Tensor:
        """Return the embedding (N, E), float32, of mixed maps and of `_likeness`."""
        x = self._call.conv_add_relu(mixed, *self._conv, mixed, 1)
        reduced = self._call.conv_relu(x, *self._reduce, 2, 1)
        flat = reduced.permute(0, 2, 3, 1).reshape(len(x), -1)
        heat = self._call.expected_positions(functional.conv2d(x, *self._heat), self._places)
        figures = self._call.sum_up_likeness(
            alike, self._pyramid.sharpness, self._pyramid.logarithms, self._places
        )
        both = torch.cat([flat, heat, figures], 1)
        return functional.linear(both, *self._fc).relu_().float()


class _Recur:
    """The two recurrent layers and the head, in float32."""

    def __init__(self, network: Compact, call: Functions) -> None:
        self._call = call
        one, two = (cell for cell in network.lstm.cells if isinstance(cell, PeepholeLSTMCell))
        hidden, inputs = one.hidden, one.inputs
        # Of embedding, h1 and h2 both layers see what they see of the last step in one product.
        wide = one.gates.weight.new_zeros(8 * hidden, inputs + 2 * hidden)
        wide[: 4 * hidden, : inputs + hidden] = one.gates.weight
        wide[4 * hidden :, :inputs] = two.gates.weight[:, :inputs]
        wide[4 * hidden :, inputs + hidden :] = two.gates.weight[:, two.inputs :]
        self._gates = wide.t(), torch.cat([one.gates.bias, two.gates.bias])
        self._below = two.gates.weight[:, inputs : two.inputs].t()
        self._peepholes = [_peepholes(cell) for cell in (one, two)]
        weight, bias = network.head.weight.clone(), network.head.bias.clone()
        scale = HEAD_CONTEXT / network.context
        weight[:4] *= scale
        bias[:4] = CENTRE + (bias[:4] - CENTRE) * scale
        self._head = weight.t(), bias

    def __call__(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return corners (N, 4), logits (N,) and the new state (N, R, H)."""
        h1, c1, h2, c2 = state.unbind(1)
        weight, bias = self._gates
        gates = torch.addmm(bias, torch.cat([embedding, h1, h2], 1), weight)
        first, second = gates.chunk(2, 1)
        h1, c1 = self._call.advance_cell(first, c1, self._peepholes[0])
        second = torch.addmm(second, h1, self._below)
        h2, c2 = self._call.advance_cell(second, c2, self._peepholes[1])
        weight, bias = self._head
        out = torch.addmm(bias, torch.cat([h2, embedding], 1), weight)
        return out[:, :4], out[:, 4], torch.stack([h1, c1, h2, c2], 1)


def _convolution(layers: list[nn.Conv2d], kind: torch.dtype) -> Convolution:
    """Return one convolution in place of several of one input; smaller kernels lie in the middle
    of the largest."""
    side = max(layer.weight.shape[-1] for layer in layers)
    parts = []
    for layer in layers:
        border = (side - layer.weight.shape[-1]) // 2
        parts.append(functional.pad(layer.weight, (border,) * 4))
    biases = [layer.bias for layer in layers if layer.bias is not None]
    return _last(torch.cat(parts), kind), torch.cat(biases).to(kind)


def _skip(
    skip: nn.Sequential, beside: list[nn.Conv2d], kind: torch.dtype
) -> tuple[Convolution, Tensor]:
    """Return a skip layer's convolution with others beside it, and the slopes of its PReLU."""
    conv, activation = skip
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(activation, nn.PReLU)
    return _convolution([conv, *beside], kind), activation.weight.to(kind)


def _fully_connected(summary: Summary, pyramid: Pyramid, kind: torch.dtype) -> Convolution:
    """Return the layer on the reduced map, channels last, the heat maps' and the pyramid's
    figures."""
    fc, channels = summary.fc, summary.reduce.out_channels
    flat = fc.in_features - 3 * summary.heat.out_channels
    map_weights = fc.weight[:, :flat].view(len(fc.weight), channels, -1).transpose(1, 2)
    weight = torch.cat([map_weights.flatten(1), fc.weight[:, flat:], pyramid.figures.weight], 1)
    return weight.to(kind), fc.bias.to(kind)


def _peepholes(cell: PeepholeLSTMCell) -> Tensor:
    """Return those of i, f and o, (3, H)."""
    found = [cell.peephole_i, cell.peephole_f, cell.peephole_o]
    return torch.stack([p for p in found if p is not None])


def _last(weight: Tensor, kind: torch.dtype) -> Tensor:
    return weight.to(kind).contiguous(memory_format=torch.channels_last)


def _as_matrix(maps: Tensor) -> Tensor:
    """Return (N, positions, channels) of (N, channels, h, w)."""
    return maps.flatten(2).transpose(1, 2)


def _as_map(matrix: Tensor, side: int) -> Tensor:
    """Return (N, channels, side, side) of (N, positions, channels)."""
    return matrix.view(len(matrix), side, side, -1).permute(0, 3, 1, 2)
