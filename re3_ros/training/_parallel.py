# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training by several processes at once, on one machine or on many, as ``torchrun`` starts them.

Every process holds the whole network and takes its part of each batch. Gradients are averaged, so
that a step is the one that a single process would make with the whole batch.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import distributed

from re3_ros.errors import ConfigError

from ._carry import CarriedState, join

log = logging.getLogger("re3_ros.training")


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that train together, and which of them this is."""

    rank: int = 0
    world_size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def part(self, batch: int) -> slice:
        """Return which tracks of a batch are this process's own.

        Raises ConfigError for a batch that does not divide into equal parts.
        """
        if batch % self.world_size:
            raise ConfigError(
                f"a batch of {batch} tracks does not divide among {self.world_size} processes; "
                "choose another batch or --nproc-per-node"
            )
        return slice(self.rank, None, self.world_size)

    def mean(self, figures: torch.Tensor) -> torch.Tensor:
        """Return the mean over all processes."""
        if self.world_size > 1:
            distributed.all_reduce(figures)
            figures /= self.world_size
        return figures

    def least(self, *figures: float) -> list[float]:
        """Return the least of each figure that the processes give; all of them must call it."""
        if self.world_size == 1:
            return list(figures)
        given = torch.tensor(figures, dtype=torch.float64, device=self.device)
        distributed.all_reduce(given, distributed.ReduceOp.MIN)
        return [float(figure) for figure in given]

    def gather(self, carried: CarriedState | None) -> CarriedState | None:
        """Return what all processes together hand on to the next step; all of them must call it."""
        if self.world_size == 1 or carried is None:
            return carried
        parts: list[CarriedState] = [carried] * self.world_size
        distributed.all_gather_object(parts, carried.cpu())
        return join(parts)


@contextmanager
def parallel(device: str) -> Iterator[tuple[ProcessGroup, torch.device]]:
    """Join the processes that torchrun started, if it did; yield the group and our device."""
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size == 1:
        yield ProcessGroup(), torch.device(device)
        return
    ours, backend = torch.device(device), "gloo"
    if ours.type == "cuda":
        ours, backend = _gpu(int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"]))
        torch.cuda.set_device(ours)
    distributed.init_process_group(backend)
    try:
        yield ProcessGroup(distributed.get_rank(), world_size, ours), ours
    finally:
        distributed.destroy_process_group()


def _gpu(rank: int, processes: int) -> tuple[torch.device, str]:
    """Return the GPU of process ``rank`` of those on this machine, and what joins them.

    Where there are more processes than GPUs, they take turns on them; nccl refuses that.
    """
    gpus = torch.cuda.device_count()
    if processes <= gpus:
        return torch.device("cuda", rank), "nccl"
    if rank == 0:
        log.warning("%d processes share %d GPU(s), joined by gloo: nccl refuses", processes, gpus)
    return torch.device("cuda", rank % gpus), "gloo"
