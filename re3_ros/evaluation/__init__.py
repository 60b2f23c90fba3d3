# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: sequences on disk, protocols, metrics, peers and reports.

Any class with ``init(image, box)`` and ``update(image)`` can be measured:
``mean_auc(run_ope(MyTracker, read_sequences(folder)))``.
"""

from ._metrics import (
    NORMALISED_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    auc,
    distances,
    overlaps,
    paper_average,
    precision_curve,
    robustness,
    success_curve,
)
from ._peers import OPENCV, OpenCVTracker
from ._runner import Result, Track, TrackerFactory, VisualTracker, mean_auc, run_ope, run_sequence
from ._sequence import Sequence, find_sequences, read_sequence, read_sequences

__all__ = [
    "NORMALISED_THRESHOLDS",
    "OPENCV",
    "PRECISION_THRESHOLDS",
    "SUCCESS_THRESHOLDS",
    "OpenCVTracker",
    "Result",
    "Sequence",
    "Track",
    "TrackerFactory",
    "VisualTracker",
    "auc",
    "distances",
    "find_sequences",
    "mean_auc",
    "overlaps",
    "paper_average",
    "precision_curve",
    "read_sequence",
    "read_sequences",
    "robustness",
    "run_ope",
    "run_sequence",
    "success_curve",
]
