# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a training run is made of, as a YAML file says it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from re3_ros.errors import ConfigError
from re3_ros.simulation import SimulatorConfig

from ._choices import Noise, UnrollPlan
from ._sources import DataSource


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plateau(_Strict):
    """When a stage ends because its loss no longer falls."""

    patience: int = Field(gt=0, description="steps without progress after which it ends")
    smoothing: float = Field(
        default=0.99, ge=0, lt=1, description="decay of the loss' running mean"
    )
    least: float = Field(default=0.01, ge=0, lt=1, description="fall that counts, relative")


class RateDrop(_Strict):
    """From a step of the whole run on, all rates are multiplied by a factor."""

    step: int = Field(gt=0)
    factor: float = Field(gt=0)


class Stage(_Strict):
    """A part of the run with one length of unroll; the rate changes linearly over it."""

    steps: int = Field(gt=0, description="length; with a plateau test the greatest length")
    plateau: Plateau | None = None
    unroll: int = Field(ge=2, description="frames a track, the initial one included")
    batch: int = Field(gt=0, description="tracks a step")
    carry: int = Field(
        default=0,
        ge=0,
        description="frames up to which a track goes on over steps; 0: each step has new tracks",
    )
    self_training: float = Field(ge=0, le=1, description="share of tracks on the network's boxes")
    rate: tuple[float, float] = Field(description="learning rate at its start and its end")
    frozen: tuple[str, ...] = Field(
        default=(), description="parameters (prefixes) left as they are"
    )


class TrainingConfig(_Strict):
    """A whole run; paths are relative to the data folder given on the command line."""

    network: str = "compact"
    options: dict[str, Any] = Field(default_factory=dict)
    start_from: str = Field(
        default="", description="weights to start from: a file (.safetensors), or shipped"
    )
    backbone: str = Field(
        default="", description="pretrained trunk, if not started from: a file (.npz), or shipped"
    )
    stills: str = Field(default="data/train/stills", description="folder; empty for none")
    procedural: int = Field(default=0, ge=0, description="stills drawn by the program, if any")
    skip_licences: tuple[str, ...] = ()
    videos: str | tuple[str, ...] = Field(
        default="data/train/videos", description="folder of clips, or several; empty for none"
    )
    video_share: float = Field(default=0.2, ge=0, le=1)
    simulator: SimulatorConfig = SimulatorConfig()
    datasets: tuple[DataSource, ...] = Field(default=(), description="see docs/datasets.md")
    cache_megabytes: int = Field(default=1024, gt=0, description="decoded frames of `datasets`")
    held_out: tuple[str, ...] = Field(default=(), description="clips kept for validation")
    held_stills: float = Field(
        default=0.1, ge=0, lt=1, description="share kept from training, beside those listed"
    )
    held_tracks: int = Field(
        default=0, ge=0, description="tracks simulated from held stills for validation"
    )
    draw: Literal["step", "track"] = Field(
        default="step", description="what has random numbers of its own; several GPUs want track"
    )
    noise: Noise = Field(default="goturn", description="of the windows, see `UnrollPlan`")
    cover: float = Field(default=0.25, ge=0, le=1, description="of the object in a window, least")
    uncovered: float = Field(default=0.1, ge=0, le=1, description="share of tracks without `cover`")
    mirror: float = Field(default=0.0, ge=0, le=1, description="share of tracks seen in a mirror")
    push: float = Field(
        default=0.0, ge=0, le=1, description="of self-trained tracks, see `UnrollPlan`"
    )
    rescue: float = Field(default=0.0, ge=0, le=1, description="of tracks that lost their object")
    rescue_at_once: bool = Field(default=False, description="in the frame, not before a step")
    forget: float = Field(default=0.0, ge=0, le=1, description="of tracks, see `UnrollPlan`")
    first_frame: bool = Field(default=False, description="whether the initial pass counts too")
    hidden_weight: float = Field(default=0.2, ge=0, description="of the corners of hidden objects")
    visibility_weight: float = Field(default=2.0, ge=0, description="of the visibility loss")
    stages: tuple[Stage, ...] = Field(min_length=1)
    optimiser: Literal["adamw", "adam"] = Field(
        default="adamw", description="adam adds the weight decay to the gradient, as the paper"
    )
    drop: RateDrop | None = None
    trunk_rate: float = Field(default=0.1, ge=0, description="trunk's learning rate, relative")
    weight_decay: float = Field(default=1e-4, ge=0)
    gradient_norm: float | None = Field(default=10.0, gt=0, description="greatest, if limited")
    average: float = Field(default=0.998, ge=0, lt=1, description="decay of the averaged weights")
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    seed: int = 0
    checkpoint_activations: bool = Field(default=False, description="less memory, a third slower")
    render: Literal["auto", "numpy", "torch"] = Field(
        default="numpy", description="what cuts the crops"
    )
    prefetch: int = Field(default=0, ge=0, description="steps whose tracks are drawn ahead")
    workers: int = Field(
        default=0, ge=0, description="processes that draw tracks, with `draw: track`; 0: this one"
    )
    threads: int = Field(default=2, gt=0)
    reset_interval: int | None = Field(
        default=32, ge=0, description="frames between resets of the state, validation and `carry`"
    )
    save_every: int = Field(default=250, gt=0)
    validate_every: int = Field(default=1000, gt=0)
    keep: tuple[int, ...] = Field(default=(), description="steps whose averaged weights are kept")

    @property
    def video_folders(self) -> tuple[str, ...]:
        """The folders of clips that are named."""
        return tuple(filter(None, (self.videos,) if isinstance(self.videos, str) else self.videos))

    def plan(self, stage: Stage) -> UnrollPlan:
        """Return how the tracks of a stage are followed."""
        shared = [f.name for f in fields(UnrollPlan) if f.name != "self_training"]
        return UnrollPlan(stage.self_training, **{name: getattr(self, name) for name in shared})


def read_config(path: Path) -> TrainingConfig:
    """Return the configuration in a YAML file.

    ``extends: OTHER.yaml`` (beside the file) takes over all that is not said anew; mappings are
    joined, everything else is replaced. Raises ConfigError naming the file and each unknown key
    or value out of range.
    """
    values = _read_values(path, ())
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigError(f"{path}: {faults}") from error


def _read_values(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in above:
        raise ConfigError(f"{path} extends itself; take one `extends` out")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not a readable YAML file: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds {type(values).__name__}; expected `key: value` lines")
    base = values.pop("extends", None)
    if base is None:
        return values
    return _join(_read_values(path.parent / str(base), (*above, path.resolve())), values)


def _join(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` overridden by ``values``, mappings inside likewise."""
    both = {
        key: _join(base[key], value)
        for key, value in values.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return {**base, **values, **both}
