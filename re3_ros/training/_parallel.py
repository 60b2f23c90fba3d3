# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training by several processes at once, on one machine or on many, as ``torchrun`` starts them.

Every process holds the whole network and takes its part of each batch. Gradients are averaged, so
that a step is the one that a single process would make with the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed

from re3_ros.errors import ConfigError

from ._relay import Baton, join


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def part(self, batch: int) -> slice:
        """Return which tracks of a batch are this process's own.

        Raises ConfigError for a batch that does not divide into equal parts.
        """
        if batch % self.world:
            raise ConfigError(
                f"a batch of {batch} tracks does not divide among {self.world} processes; "
                "choose another batch or --nproc-per-node"
            )
        return slice(self.rank, None, self.world)

    def mean(self, figures: torch.Tensor) -> torch.Tensor:
        """Return the mean over all processes."""
        if self.world > 1:
            distributed.all_reduce(figures)
            figures /= self.world
        return figures

    def gather(self, baton: Baton | None) -> Baton | None:
        """Return what all processes together hand on to the next step; all of them must call it."""
        if self.world == 1 or baton is None:
            return baton
        parts: list[Baton] = [baton] * self.world
        distributed.all_gather_object(parts, baton.cpu())
        return join(parts)


@contextmanager
def parallel(device: str) -> Iterator[tuple[Place, torch.device]]:
    """Join the processes that torchrun started, if it did; yield our place and our device."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Place(), torch.device(device)
        return
    ours = torch.device(device)
    if ours.type == "cuda":
        ours = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(ours)
    distributed.init_process_group("nccl" if ours.type == "cuda" else "gloo")
    try:
        yield Place(distributed.get_rank(), world), ours
    finally:
        distributed.destroy_process_group()
