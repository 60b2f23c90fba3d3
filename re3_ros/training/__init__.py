# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training: simulated and labelled tracks, unrolled self-training, and the training loop.

In comes a configuration that names data (`read_config`), out go weights, checkpoints and a journal
(`train`). Tracks come from `re3_ros.simulation` or from labelled videos, are followed by the
network as at test time (`Unroll`), and validated on what is held out (`closed_loop`).
"""

from ._averaging import average_weights
from ._calibration import (
    HIT_IOU,
    Calibration,
    LabelledLogits,
    Platt,
    calibrate,
    collect_logits,
    fit_platt,
    save_calibrated,
)
from ._choices import UnrollPlan
from ._config import Stage, TrainingConfig, read_config
from ._data import read_data
from ._held_out import (
    HeldOutVideos,
    RenderedVideo,
    SimulatedVideo,
    Video,
    held_out_videos,
    read_run_config,
    run_data_folder,
    simulated_videos,
)
from ._identity import Identity, counted, identity
from ._journal import run_summary
from ._pack import PackOptions, pack
from ._preview import preview
from ._timed import Deadline
from ._trainer import train
from ._unroll import Batch, Unroll, UnrollResult
from ._validation import closed_loop, follow_video, track_video

__all__ = [
    "HIT_IOU",
    "Batch",
    "Calibration",
    "Deadline",
    "HeldOutVideos",
    "Identity",
    "LabelledLogits",
    "PackOptions",
    "Platt",
    "RenderedVideo",
    "SimulatedVideo",
    "Stage",
    "TrainingConfig",
    "Unroll",
    "UnrollPlan",
    "UnrollResult",
    "Video",
    "average_weights",
    "calibrate",
    "closed_loop",
    "collect_logits",
    "counted",
    "fit_platt",
    "follow_video",
    "held_out_videos",
    "identity",
    "pack",
    "preview",
    "read_config",
    "read_data",
    "read_run_config",
    "run_data_folder",
    "run_summary",
    "save_calibrated",
    "simulated_videos",
    "track_video",
    "train",
]
