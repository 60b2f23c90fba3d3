# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: sequences on disk, protocols, metrics, peers and reports.

Any class with ``init(image, box)`` and ``update(image)`` can be measured:
``mean_auc(run_ope(MyTracker, read_sequences(folder)))``.
"""

from ._cache import TrackCache
from ._compare import Summary, compare, summarise
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
from ._occlusion import Contrast, Occlusion, occluded_frames, occlusion, occlusion_figures
from ._ours import ProcedureTracker, SessionTracker
from ._peers import OPENCV, OpenCVTracker
from ._reinit import Reinitialised, pool, run_reinitialised
from ._report import write_report
from ._runner import Result, Track, TrackerFactory, VisualTracker, mean_auc, run_ope, run_sequence
from ._sequence import Sequence, find_sequences, read_sequence, read_sequences
from ._specs import OURS, TRACKERS, TrackerSpec, limit_threads, shared_folder
from ._tables import (
    ReportTable,
    failures,
    rich_table,
    sequence_figures,
    sequence_table,
    summary_figures,
    summary_table,
)

__all__ = [
    "NORMALISED_THRESHOLDS",
    "OPENCV",
    "OURS",
    "PRECISION_THRESHOLDS",
    "SUCCESS_THRESHOLDS",
    "TRACKERS",
    "Contrast",
    "Occlusion",
    "OpenCVTracker",
    "ProcedureTracker",
    "Reinitialised",
    "ReportTable",
    "Result",
    "Sequence",
    "SessionTracker",
    "Summary",
    "Track",
    "TrackCache",
    "TrackerFactory",
    "TrackerSpec",
    "VisualTracker",
    "auc",
    "compare",
    "distances",
    "failures",
    "find_sequences",
    "limit_threads",
    "mean_auc",
    "occluded_frames",
    "occlusion",
    "occlusion_figures",
    "overlaps",
    "paper_average",
    "pool",
    "precision_curve",
    "read_sequence",
    "read_sequences",
    "rich_table",
    "robustness",
    "run_ope",
    "run_reinitialised",
    "run_sequence",
    "sequence_figures",
    "sequence_table",
    "shared_folder",
    "success_curve",
    "summarise",
    "summary_figures",
    "summary_table",
    "write_report",
]
