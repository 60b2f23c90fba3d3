# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Runtimes that take whole graphs, and numpy arrays in and out: what they have in common."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from re3_ros.network import Output, Re3Network

from ._torch import PreviousCrops, Runtime
from ._traceable import Graph, make_graphs

Engine = Callable[[Sequence[NDArray[np.generic]]], Sequence[NDArray[np.generic]]]
"""Arrays in, fresh arrays out, in the order of the graph's names, for any number of targets."""


class GraphRuntime(Runtime):
    """Compiled graphs on the CPU. The network itself is not kept.

    Compiled graphs are not safe to enter twice at a time, and trackers may share a runtime: one
    lock is held while a graph runs.
    """

    own_threads = True

    def __init__(
        self, network: Re3Network, name: str, precision: str, compiled: Callable[[Graph], Engine]
    ) -> None:
        """Take a network, and what turns one of its graphs into something that runs."""
        self.name, self.precision = name, precision
        self.device = torch.device("cpu")
        self.crop_size, self.context = network.crop_size, network.context
        self.state_shape = network.state_shape
        remember, *template, step = make_graphs(plain(network))
        self._inputs, self._outputs = step.inputs, step.outputs
        self._remember, self._step = compiled(remember), compiled(step)
        self._template = compiled(template[0]) if template else None
        self._lock = threading.Lock()

    def remember(self, crops: Tensor) -> PreviousCrops:
        """Embed the crops; ``source`` are the crops themselves."""
        (remembered,) = self._run(self._remember, [crops])
        return PreviousCrops(remembered, crops)

    def template(self, previous: PreviousCrops, crops: Tensor) -> Tensor:
        """Embed the crops once more, which makes the graph simpler to call."""
        del previous
        if self._template is None:
            return torch.zeros(len(crops), 0)
        return self._run(self._template, [crops])[0]

    def step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Embed the crops and advance."""
        given = {"crops": crops, "remembered": remembered, "template": template, "state": state}
        answers = self._run(self._step, [given[name] for name in self._inputs])
        found = dict(zip(self._outputs, answers, strict=True))
        return Output(found["corners"], found.get("visibility")), found.get("new_state", state)

    def initial_step(self, previous: PreviousCrops, template: Tensor, state: Tensor) -> Tensor:
        """Run a step on the same crops again: one more embedding, but no graph of its own."""
        _, new = self.step(previous.source, previous.remembered, template, state)
        return new

    def _run(self, engine: Engine, tensors: Sequence[Tensor]) -> list[Tensor]:
        arrays = [t.contiguous().numpy() for t in tensors]
        with self._lock:
            return [torch.from_numpy(a) for a in engine(arrays)]


def plain(network: Re3Network) -> Re3Network:
    """Return the network if it is float32 on the CPU, else a copy that is."""
    parameters = list(network.parameters())
    if all(p.device.type == "cpu" and p.dtype == torch.float32 for p in parameters):
        return network.eval()
    return copy.deepcopy(network).to("cpu", torch.float32).eval()
