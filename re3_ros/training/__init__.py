# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Training: simulated and labelled tracks, unrolled self-training, and the training loop."""

from ._choices import Plan
from ._config import Stage, TrainingConfig, read_config
from ._preview import preview
from ._simulator import Simulator
from ._stills import Still, read_stills
from ._trainer import train
from ._unroll import Batch, Result, Track, Unroll
from ._validation import closed_loop
from ._videos import Clip, draw_track, read_clip

__all__ = [
    "Batch",
    "Clip",
    "Plan",
    "Result",
    "Simulator",
    "Stage",
    "Still",
    "Track",
    "TrainingConfig",
    "Unroll",
    "closed_loop",
    "draw_track",
    "preview",
    "read_clip",
    "read_config",
    "read_stills",
    "train",
]
