# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training: simulated and labelled tracks, unrolled self-training, and the training loop."""

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
from ._trainer import train
from ._unroll import Batch, Result, Unroll
from ._validation import closed_loop, follow

__all__ = [
    "HIT",
    "Batch",
    "Calibration",
    "HeldVideos",
    "Observed",
    "Plan",
    "Platt",
    "Result",
    "SimulatedVideo",
    "Stage",
    "TrainingConfig",
    "Unroll",
    "Video",
    "average_weights",
    "calibrate",
    "closed_loop",
    "fit_platt",
    "follow",
    "held_videos",
    "observe",
    "preview",
    "read_config",
    "read_data",
    "read_run",
    "save_calibrated",
    "simulated_videos",
    "summary",
    "train",
]
