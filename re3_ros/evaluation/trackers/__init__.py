# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers: whatever can be measured, behind one interface, and by name.

`parse_specs` turns names into `TrackerSpec`, which makes a `VisualTracker`: ours, OpenCV's, a class
in anybody's module, a program that speaks TraX. The VOT toolkit runs them as TraX servers.
"""

from ._interface import RunningTracker, TrackerFactory, VisualTracker, parse_prediction
from ._ours import ProcedureTracker, SessionTracker
from ._peers import OPENCV_TRACKERS, OpenCVTracker
from ._specs import (
    OUR_TRACKERS,
    TRACKERS,
    TrackerSpec,
    limit_threads,
    parse_spec,
    parse_specs,
)
from ._trax_client import TraxTracker
from ._trax_server import serve_trax
from ._vot import VotOptions, VotResult, fully_labelled, run_vot

__all__ = [
    "OPENCV_TRACKERS",
    "OUR_TRACKERS",
    "TRACKERS",
    "OpenCVTracker",
    "ProcedureTracker",
    "RunningTracker",
    "SessionTracker",
    "TrackerFactory",
    "TrackerSpec",
    "TraxTracker",
    "VisualTracker",
    "VotOptions",
    "VotResult",
    "fully_labelled",
    "limit_threads",
    "parse_prediction",
    "parse_spec",
    "parse_specs",
    "run_vot",
    "serve_trax",
]
