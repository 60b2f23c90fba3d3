# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training run on disk, enough to go on as if it had not stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from re3_ros.errors import Re3Error, WeightsError
from re3_ros.network import Re3Network

from ._carry import CarriedState
from ._schedule import Schedule
from ._timed import TimedSchedule

_MOMENTS = ("exp_avg", "exp_avg_sq")


def save_run(
    path: Path,
    network: Re3Network,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    schedule: Schedule | TimedSchedule,
    carried: CarriedState | None = None,
) -> None:
    """Write weights, their average, the optimiser's moments, the schedule and what a step hands on
    to the next one, or nothing at all.

    Raises Re3Error, naming path and bytes, if they cannot be written; an older file is intact.
    """
    tensors = {f"network.{name}": p.detach() for name, p in network.named_parameters()}
    tensors |= {f"average.{name}": t for name, t in average.items()}
    for name, parameter in network.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}.{name}"] = value.clone()
    metadata = {"step": str(schedule.step), "schedule": schedule.dump()}
    if carried is not None:
        tensors |= {"baton.boxes": torch.from_numpy(carried.boxes), "baton.state": carried.state}
        metadata["baton"] = json.dumps(carried.key)
    write_tensors(path, tensors, metadata)


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file beside ``path`` and move it into place.

    Raises Re3Error as `save_run`.
    """
    tensors = {name: t.cpu().contiguous() for name, t in tensors.items()}
    partial = partial_of(path)
    with writing(path, sum(t.nbytes for t in tensors.values())):
        save_file(tensors, partial, metadata)
        with partial.open("rb") as file:
            os.fsync(file.fileno())  # else a power cut may leave the name without the bytes
        os.replace(partial, path)  # noqa: PTH105  (names the atomic call)


@contextmanager
def writing(path: Path, size: int) -> Iterator[None]:
    """Turn the failure to write ``size`` bytes into a Re3Error; nothing half-written stays."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        partial_of(path).unlink(missing_ok=True)
        raise Re3Error(
            f"{path} cannot be written ({error}); it needs {size:,} bytes. What was there before "
            "is intact: make room and start the run again"
        ) from error


def partial_of(path: Path) -> Path:
    """Return the name of a file that is being written."""
    return path.with_name(f".{path.name}.partial")


def load_run(
    path: Path,
    network: Re3Network,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    schedule: Schedule | TimedSchedule,
) -> CarriedState | None:
    """Fill network, average, optimiser and schedule from `save_run`'s file; return the baton.

    Raises WeightsError, naming the file, if it is missing, damaged or of another network.
    """
    with _reading(path):
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, parameter in network.named_parameters():
            parameter.data.copy_(tensors[f"network.{name}"])
            average[name].copy_(tensors[f"average.{name}"])
            if f"{_MOMENTS[0]}.{name}" in tensors:
                state = {key: tensors[f"{key}.{name}"].to(parameter.device) for key in _MOMENTS}
                optimiser.state[parameter] = {"step": tensors[f"step.{name}"], **state}
        schedule.restore(int(metadata["step"]), metadata.get("schedule"))
        if "baton" not in metadata:
            return None
        key, boxes = tuple(json.loads(metadata["baton"])), tensors["baton.boxes"].numpy()
        return CarriedState(key, boxes, tensors["baton.state"])


def annealed(path: Path) -> bool:
    """Return whether a checkpoint is of a run by the clock whose rate had begun to fall.

    Raises WeightsError, naming the file, if it is damaged.
    """
    with _reading(path), safe_open(path, "pt") as file:
        return bool(json.loads(file.metadata()["schedule"]).get("falling"))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn the failure to read a checkpoint into a WeightsError that names it."""
    try:
        yield
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is not a checkpoint of this run ({error}); remove it to start anew"
        ) from error
