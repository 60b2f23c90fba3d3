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
    ``recurrent_bias`` adds the second bias that `torch.nn.LSTMCell` has; it can say nothing new,
    but published networks count it among their parameters.
    """

    recurrent_bias: Tensor | None
    peephole_i: Tensor | None
    peephole_f: Tensor | None
    peephole_o: Tensor | None

    def __init__(
        self,
        inputs: int,
        hidden: int,
        peephole: Peephole = "dense",
        forget_bias: float = 1.0,
        recurrent_bias: bool = False,
    ) -> None:
        super().__init__()
        if peephole not in get_args(Peephole):
            choices = ", ".join(get_args(Peephole))
            raise ConfigError(f"peephole is {peephole!r}; choose one of {choices}")
        self.inputs, self.hidden, self.peephole = inputs, hidden, peephole
        self.forget_bias = forget_bias
        self.gates = nn.Linear(inputs + hidden, 4 * hidden)
        self._declare("recurrent_bias", (4 * hidden,) if recurrent_bias else None)
        for name in ("peephole_i", "peephole_f", "peephole_o"):
            self._declare(name, {"dense": (hidden, hidden), "diagonal": (hidden,)}.get(peephole))
        self.reset_parameters()

    def _declare(self, name: str, shape: tuple[int, ...] | None) -> None:
        parameter = None if shape is None else nn.Parameter(torch.zeros(shape))
        self.register_parameter(name, parameter)

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
        for peephole in (self.peephole_i, self.peephole_f, self.peephole_o):
            if peephole is not None:
                peephole.normal_(std=deviation if self.peephole == "dense" else 0.0)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return the new h and c (N, hidden) from x (N, inputs), h and c (N, hidden).

        Gates and cell state have the dtype of ``c``, also where autocast multiplies in bf16: the
        cell state sums over hundreds of frames.
        """
        gates = self.gates(torch.cat([x, h], 1)).to(c.dtype)
        if self.recurrent_bias is not None:
            gates = gates + self.recurrent_bias
        z, i, f, o = gates.chunk(4, 1)
        i, f = _peep(i, c, self.peephole_i), _peep(f, c, self.peephole_f)
        c = i.sigmoid() * z.tanh() + f.sigmoid() * c
        o = _peep(o, c, self.peephole_o)
        return o.sigmoid() * c.tanh(), c


def _peep(gate: Tensor, c: Tensor, weight: Tensor | None) -> Tensor:
    """Return ``gate`` (N, H) plus what its peephole sees of the cell state ``c`` (N, H)."""
    if weight is None:
        return gate
    seen = c * weight if weight.ndim == 1 else nn.functional.linear(c, weight)
    return gate + seen.to(gate.dtype)


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
        recurrent_bias: bool = False,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"layers is {layers}; a recurrent network needs 1 or more")
        self.state_shape = (2 * layers, hidden)
        self.cells = nn.ModuleList(
            PeepholeLSTMCell(
                inputs + hidden * (k > 0), hidden, peephole, forget_bias, recurrent_bias
            )
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
