# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training run on disk, enough to go on as if it had not stopped."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from re3_ros.errors import WeightsError
from re3_ros.network import Re3Network

_MOMENTS = ("exp_avg", "exp_avg_sq")


def save_run(
    path: Path,
    network: Re3Network,
    average: dict[str, Tensor],
    optimiser: torch.optim.AdamW,
    step: int,
) -> None:
    """Write weights, their average, the optimiser's moments and the step, or nothing at all."""
    tensors = {f"network.{name}": p.detach() for name, p in network.named_parameters()}
    tensors |= {f"average.{name}": t for name, t in average.items()}
    for name, parameter in network.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}.{name}"] = value.clone()
    partial = path.with_name(f".{path.name}.partial")
    tensors = {name: t.cpu().contiguous() for name, t in tensors.items()}
    save_file(tensors, partial, {"step": str(step)})
    os.replace(partial, path)  # noqa: PTH105  (names the atomic call)


def load_run(
    path: Path,
    network: Re3Network,
    average: dict[str, Tensor],
    optimiser: torch.optim.AdamW,
) -> int:
    """Fill network, average and optimiser from `save_run`'s file; return the steps done.

    Raises WeightsError, naming the file, if it is damaged or of another network.
    """
    try:
        with safe_open(path, "pt") as file:
            step = int(file.metadata()["step"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, parameter in network.named_parameters():
            parameter.data.copy_(tensors[f"network.{name}"])
            average[name].copy_(tensors[f"average.{name}"])
            if f"{_MOMENTS[0]}.{name}" in tensors:
                state = {key: tensors[f"{key}.{name}"].to(parameter.device) for key in _MOMENTS}
                optimiser.state[parameter] = {"step": tensors[f"step.{name}"], **state}
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is not a checkpoint of this run ({error}); remove it to start anew"
        ) from error
    return step
