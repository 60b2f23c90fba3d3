# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a training run is made of, as a YAML file says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from re3_ros.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """A part of the run with one length of unroll; the rate changes linearly over it."""

    steps: int = Field(gt=0)
    unroll: int = Field(ge=2, description="frames a track, the initial one included")
    batch: int = Field(gt=0, description="tracks a step")
    self_training: float = Field(ge=0, le=1, description="share of tracks on the network's boxes")
    rate: tuple[float, float] = Field(description="learning rate at its start and its end")
    frozen: tuple[str, ...] = Field(
        default=(), description="parameters (prefixes) left as they are"
    )


class TrainingConfig(_Strict):
    """A whole run; paths are relative to the data folder given on the command line."""

    network: str = "compact"
    options: dict[str, Any] = Field(default_factory=dict)
    start_from: str = Field(default="", description="weights (.safetensors) to start from")
    backbone: str = Field(default="", description="pretrained trunk (.npz), if not started from")
    stills: str = "data/train/stills"
    skip_licences: tuple[str, ...] = ()
    videos: str = Field(default="data/train/videos", description="folder of clips; empty for none")
    video_share: float = Field(default=0.2, ge=0, le=1)
    held_out: tuple[str, ...] = Field(default=(), description="clips kept for validation")
    held_stills: float = Field(default=0.1, ge=0, lt=1, description="share kept from training")
    stages: tuple[Stage, ...] = Field(min_length=1)
    trunk_rate: float = Field(default=0.1, ge=0, description="trunk's learning rate, relative")
    weight_decay: float = Field(default=1e-4, ge=0)
    gradient_norm: float = Field(default=10.0, gt=0)
    average: float = Field(default=0.998, ge=0, lt=1, description="decay of the averaged weights")
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    seed: int = 0
    threads: int = Field(default=2, gt=0)
    save_every: int = Field(default=250, gt=0)
    validate_every: int = Field(default=1000, gt=0)


def read_config(path: Path) -> TrainingConfig:
    """Return the configuration in a YAML file.

    Raises ConfigError naming the file and each unknown key or value out of range.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not a readable YAML file: {error}") from error
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigError(f"{path}: {faults}") from error
