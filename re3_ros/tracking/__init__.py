# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking: the procedure of Re3 frame by frame, and sessions of many targets and cameras.

In come frames (image, stamp, camera) and commands (start, drop), out go boxes, scores and states.
`Tracker` is the procedure of the paper for any number of targets in one batch, and knows nothing
of loss. `TrackingSession` is what a node does, without ROS; node, bags, videos and evaluation all
drive this one class.
"""

from re3_ros.network import pick_device

from ._config import TIME_JUMPS, SessionConfig
from ._memory import Estimate, Snapshot
from ._session import TrackingSession
from ._sizes import rescaled
from ._tracker import RESET_INTERVAL, Tracker
from ._types import Frame, FrameResult, TargetResult, TargetState, known_state, stamp_of

__all__ = [
    "RESET_INTERVAL",
    "TIME_JUMPS",
    "Estimate",
    "Frame",
    "FrameResult",
    "SessionConfig",
    "Snapshot",
    "TargetResult",
    "TargetState",
    "Tracker",
    "TrackingSession",
    "known_state",
    "pick_device",
    "rescaled",
    "stamp_of",
]
