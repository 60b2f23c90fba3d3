# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Peephole LSTM cell and the factored stack of two (paper, equations 1-6 and section III-A2)."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from re3_ros.errors import ConfigError

Peephole = Literal["dense", "diagonal", "none"]


class PeepholeLSTMCell(nn.Module):
    """One LSTM step whose gates also see the cell state.

    With x the input, h the output and c the cell state, primes for the previous step::

        z = tanh(Wz [x, h'] + bz)              (1)
        i = sigmoid(Wi [x, h'] + Pi c' + bi)   (2)
        f = sigmoid(Wf [x, h'] + Pf c' + bf)   (3)
        c = i z + f c'                         (4)
        o = sigmoid(Wo [x, h'] + Po c + bo)    (5)
        h = o tanh(c)                          (6)

    The peepholes P are matrices (``dense``, the paper), vectors (``diagonal``) or absent
    (``none``). `gates` holds Wz, Wi, Wf, Wo above each other, its columns are x, then h'.
    """

    peephole_i: Tensor | None
    peephole_f: Tensor | None
    peephole_o: Tensor | None

    def __init__(
        self, inputs: int, hidden: int, peephole: Peephole = "dense", forget_bias: float = 1.0
    ) -> None:
        super().__init__()
        if peephole not in get_args(Peephole):
            choices = ", ".join(get_args(Peephole))
            raise ConfigError(f"peephole is {peephole!r}; choose one of {choices}")
        self.inputs, self.hidden, self.peephole = inputs, hidden, peephole
        self.forget_bias = forget_bias
        self.gates = nn.Linear(inputs + hidden, 4 * hidden)
        shapes = {"dense": (hidden, hidden), "diagonal": (hidden,)}
        for name in ("peephole_i", "peephole_f", "peephole_o"):
            there = peephole in shapes
            self.register_parameter(
                name, nn.Parameter(torch.empty(shapes[peephole])) if there else None
            )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """MSRA over the fan-in of a gate; diagonal peepholes start at 0, the forget gate open.

        A diagonal peephole has a fan-in of one: MSRA would drown the input in the cell state.
        """
        seen = self.inputs + self.hidden * (2 if self.peephole == "dense" else 1)
        deviation = math.sqrt(2 / seen)
        self.gates.weight.normal_(std=deviation)
        self.gates.bias.zero_()
        self.gates.bias[2 * self.hidden : 3 * self.hidden] = self.forget_bias
        for peephole in self._peepholes():
            if peephole is not None:
                peephole.normal_(std=deviation if self.peephole == "dense" else 0.0)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new h and c (N, hidden) from x (N, inputs), h and c (N, hidden).

        Gates and cell state have the dtype of ``c``, also where autocast multiplies in bf16: the
        cell state sums over hundreds of frames.
        """
        z, i, f, o = self.gates(torch.cat([x, h], 1)).to(c.dtype).chunk(4, 1)
        peephole_i, peephole_f, peephole_o = self._peepholes()
        if peephole_i is not None and peephole_f is not None:
            i = i + _peep(c, peephole_i)
            f = f + _peep(c, peephole_f)
        c = i.sigmoid() * z.tanh() + f.sigmoid() * c
        if peephole_o is not None:
            o = o + _peep(c, peephole_o)
        return o.sigmoid() * c.tanh(), c

    def _peepholes(self) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        return self.peephole_i, self.peephole_f, self.peephole_o


def _peep(c: Tensor, weight: Tensor) -> Tensor:
    if weight.ndim == 1:
        return c * weight.to(c.dtype)
    return nn.functional.linear(c, weight).to(c.dtype)


class FactoredLSTM(nn.Module):
    """Stacked cells where every layer sees the embedding, later ones also the layer below.

    The state of one target is (R, H) with the rows h1, c1, h2, c2.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        layers: int = 2,
        peephole: Peephole = "dense",
        forget_bias: float = 1.0,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"layers is {layers}; a recurrent network needs 1 or more")
        self.state_shape = (2 * layers, hidden)
        self.cells = nn.ModuleList(
            PeepholeLSTMCell(inputs + hidden * (k > 0), hidden, peephole, forget_bias)
            for k in range(layers)
        )

    def forward(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return h of the last layer (N, H) and the new state (N, R, H); ``state`` is unchanged."""
        rows = state.unbind(1)
        new: list[Tensor] = []
        for k, cell in enumerate(self.cells):
            x = torch.cat([embedding, new[-2]], 1) if new else embedding
            new.extend(cell(x, rows[2 * k], rows[2 * k + 1]))
        return new[-2], torch.stack(new, 1)
