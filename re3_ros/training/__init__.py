# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training: simulated and labelled tracks, unrolled self-training, and the training loop."""

from re3_ros.datasets import Still, read_stills

from ._averaging import average_weights
from ._calibration import (
    HIT,
    Calibration,
    Observed,
    Platt,
    calibrate,
    fit_platt,
    observe,
    save_calibrated,
)
from ._choices import Plan
from ._config import Stage, TrainingConfig, read_config
from ._data import read_data
from ._held import HeldVideos, SimulatedVideo, Video, held_videos, read_run, simulated_videos
from ._journal import summary
from ._preview import preview
from ._render import HostRenderer, Renderer, TorchRenderer
from ._simulator import Simulator
from ._simulator_config import SimulatorConfig
from ._track import Track
from ._trainer import train
from ._unroll import Batch, Result, Unroll
from ._validation import closed_loop, follow
from ._videos import Clip, draw_track, read_clip

__all__ = [
    "HIT",
    "Batch",
    "Calibration",
    "Clip",
    "HeldVideos",
    "HostRenderer",
    "Observed",
    "Plan",
    "Platt",
    "Renderer",
    "Result",
    "SimulatedVideo",
    "Simulator",
    "SimulatorConfig",
    "Stage",
    "Still",
    "TorchRenderer",
    "Track",
    "TrainingConfig",
    "Unroll",
    "Video",
    "average_weights",
    "calibrate",
    "closed_loop",
    "draw_track",
    "fit_platt",
    "follow",
    "held_videos",
    "observe",
    "preview",
    "read_clip",
    "read_config",
    "read_data",
    "read_run",
    "read_stills",
    "save_calibrated",
    "simulated_videos",
    "summary",
    "train",
]
