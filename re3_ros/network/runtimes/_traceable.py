# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A network as the graphs that tracking needs, for runtimes that take whole graphs.

=============  ================================================  ================================
graph          inputs                                            outputs
=============  ================================================  ================================
``remember``   crops                                             remembered
``template``   crops                                             template
``look``       crops, remembered, template, state                corners, visibility, new_state
=============  ================================================  ================================

``look`` is one step, and what the image waits for; ``remember`` runs between images, on the crop of
the last image around the box just found. A reset or the first step is ``look`` at that same crop.
``template`` runs once for a target, on its template crop. What a network does not have (a template,
a visibility output, a recurrent state) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from re3_ros.network import Compact, PaperNetwork, Re3Network

STEP_PORTS = ("crops", "remembered", "template", "state"), ("corners", "visibility", "new_state")


class Step(nn.Module):
    """Embed the current crops (N, S, S, 3) uint8 and advance; see the module."""

    def __init__(self, network: Re3Network, kept: tuple[str, ...]) -> None:
        """Take a network and the names of the inputs that it uses."""
        super().__init__()
        self.network, self.kept = network, kept

    def forward(self, crops: Tensor, remembered: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """Return corners (N, 4), visibility (N,) and new state (N, R, H), as far as there are."""
        given = dict(zip(self.kept[2:], rest, strict=True))
        template = given.get("template", remembered[:, :0])
        state = given.get("state")
        if state is None:
            state = remembered.new_zeros(remembered.shape[0], *self.network.state_shape)
        features = self.network.embed(crops.permute(0, 3, 1, 2))
        output, new = self.network.advance(remembered, features, template, state)
        seen = () if output.visibility is None else (output.visibility,)
        return (output.corners, *seen, *((new,) if "state" in given else ()))


class Remember(nn.Module):
    """Embed the previous crops (N, S, S, 3) uint8 and keep what the next step needs."""

    def __init__(self, network: Re3Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor]:
        """Return remembered (N, A)."""
        return (self.network.remember(self.network.embed(crops.permute(0, 3, 1, 2))),)


class Template(nn.Module):
    """Embed the template crops (N, S, S, 3) uint8 and keep what a target's life needs."""

    def __init__(self, network: Re3Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor]:
        """Return template (N, T)."""
        pixels = crops.permute(0, 3, 1, 2)
        return (self.network.template(self.network.embed(pixels), pixels),)


@dataclass(frozen=True)
class Graph:
    """One graph: a module, example inputs for two targets, names of inputs and outputs.

    ``module`` is a part of ``network``.
    """

    name: str
    network: Re3Network
    module: nn.Module
    example: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def is_ours(network: Re3Network) -> bool:
    """Return whether a network is of a class of this package, whose code is known."""
    return type(network) in (Compact, PaperNetwork)


@torch.no_grad()
def make_graphs(network: Re3Network) -> tuple[Graph, ...]:
    """Return ``remember``, ``template`` if there is one, and ``look`` of a network on the CPU;
    their first axis is targets."""
    size = network.crop_size
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 256, (2, size, size, 3), generator=generator).to(torch.uint8)
    pixels = crops.permute(0, 3, 1, 2)
    features = network.embed(pixels)
    values = {
        "crops": crops,
        "remembered": network.remember(features),
        "template": network.template(features, pixels),
        "state": network.initial_state(2),
    }
    inputs = tuple(name for name in STEP_PORTS[0] if values[name].numel())
    output, _ = network.advance(values["remembered"], features, values["template"], values["state"])
    absent = {"visibility"} if output.visibility is None else set()
    absent |= set() if "state" in inputs else {"new_state"}
    outputs = tuple(name for name in STEP_PORTS[1] if name not in absent)

    def graph(
        name: str, module: nn.Module, takes: tuple[str, ...], gives: tuple[str, ...]
    ) -> Graph:
        return Graph(name, network, module.eval(), tuple(values[t] for t in takes), takes, gives)

    graphs = [graph("remember", Remember(network), ("crops",), ("remembered",))]
    if "template" in inputs:
        graphs.append(graph("template", Template(network), ("crops",), ("template",)))
    return (*graphs, graph("look", Step(network, inputs), inputs, outputs))
