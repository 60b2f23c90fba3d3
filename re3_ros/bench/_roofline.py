# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine could do at best (memory, arithmetic), and what the network needs of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from re3_ros.network import Re3Network
from re3_ros.versions import require

MEGABYTES = 512
"""Read to measure bandwidth: more than any cache that one core has to itself."""
SIDE = 1024
"""Of the square matrices that are multiplied to measure arithmetic."""
NEEDS = {"torch": "2.1"}
"""Where it counts operations."""


@dataclass(frozen=True)
class Roofline:
    """What was measured, with the threads that torch is set to."""

    bandwidth: float
    """Bytes a second read from memory."""
    rates: dict[str, float]
    """Operations a second of large matrix products, by precision."""

    def floor(self, work: Workload, precision: str) -> float:
        """Return the least milliseconds for ``work``: those of memory or arithmetic, the slower.

        int8 are weights only: they are read as bytes, and multiplied in bfloat16; where a processor
        only imitates that, in float32. Whole convolutions in int8 may take less.
        """
        rate = self.rates["float32"] if precision == "float32" else max(self.rates.values())
        size = {"float32": 4, "bfloat16": 2, "int8": 1}[precision]
        return 1e3 * max(work.operations / rate, work.parameters * size / self.bandwidth)

    def __str__(self) -> str:
        """Return the limits in one line."""
        rates = ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in self.rates.items())
        return f"memory {self.bandwidth / 1e9:.1f} GB/s; {rates}"


@dataclass(frozen=True)
class Workload:
    """What one step of the network needs for one target."""

    operations: float
    """A multiplication and an addition are two."""
    parameters: int
    """Weights that it reads."""

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.operations / 1e9:.2f} GFLOP, {self.parameters / 1e6:.1f} M weights"


def measure_roofline(device: str = "cpu", repeats: int = 7) -> Roofline:
    """Return the machine's limits: the best of several tries each.

    Raises ConfigError where torch is too old.
    """
    require("the roofline", NEEDS)
    block = torch.ones(MEGABYTES * 2**20 // 4, device=device)
    bandwidth = block.nbytes / _least(block.sum, repeats)
    rates = {}
    for kind in (torch.float32, torch.bfloat16):
        a = torch.ones(SIDE, SIDE, dtype=kind, device=device)
        rates[str(kind).removeprefix("torch.")] = 2 * SIDE**3 / _least(partial(a.mm, a), repeats)
    return Roofline(bandwidth, rates)


@torch.no_grad()
def workload_of(network: Re3Network) -> Workload:
    """Return what one step needs: embedding the current crop, and the advance.

    Raises ConfigError where torch is too old.
    """
    require("the roofline", NEEDS)
    from torch.utils.flop_counter import FlopCounterMode

    size = network.crop_size
    crop = torch.zeros(1, 3, size, size, device=next(network.parameters()).device)
    features = network.embed(crop)
    kept, template = network.remember(features), network.template(features, crop)
    counter, used = FlopCounterMode(display=False), _Used(network)
    with counter, used:
        network.advance(kept, network.embed(crop), template, network.initial_state(1))
    return Workload(counter.get_total_flops(), used.parameters())


class _Used:
    """Notes which modules of a network run inside the block."""

    def __init__(self, network: nn.Module) -> None:
        self._network, self._seen = network, set[nn.Module]()

    def __enter__(self) -> None:
        self._hooks = [
            m.register_forward_pre_hook(lambda module, _: self._seen.add(module))
            for m in self._network.modules()
        ]

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def parameters(self) -> int:
        own = [p for module in self._seen for p in module.parameters(recurse=False)]
        return sum(p.numel() for p in own)


def _least(task: Callable[[], Tensor], repeats: int) -> float:
    """Return the least seconds of several tries."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        answer = task()
        if answer.is_cuda:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - begin)
    return best
