# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: sequences on disk, protocols, metrics, peers and reports.

Any class with ``init(image, box)`` and ``update(image)`` can be measured:
``mean_auc(run_ope(MyTracker, read_sequences(folder)))``.
"""

from re3_ros.datasets import Sequence, find_sequences, read_sequence, read_sequences

from ._attributes import (
    attribute_figures,
    occluded_figures,
    only_occluded,
    reinit_figures,
    reinit_sequence_figures,
    sequence_attributes,
    vot_figures,
)
from ._cache import TrackCache
from ._compare import Options, Summary, compare, compare_reinitialised, measure, readable, summarise
from ._interface import TrackerFactory, VisualTracker
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
    success_rate,
)
from ._occlusion import Contrast, Occlusion, occluded_frames, occlusion, occlusion_figures
from ._ours import ProcedureTracker, SessionTracker
from ._page import Extras
from ._peers import OPENCV, OpenCVTracker
from ._protocols import OnePass, Protocol, Restarts
from ._reinit import Reinitialised, pool, run_reinitialised
from ._report import write_report, write_tables
from ._runner import Result, Track, mean_auc, run_ope, run_sequence
from ._scatter import restart_plots
from ._score import ScoreQuality, run_video, score_quality, scored_frames
from ._score_report import score_figures, write_score
from ._specs import (
    OURS,
    TRACKERS,
    TrackerSpec,
    limit_threads,
    parse_spec,
    parse_specs,
    shared_folder,
)
from ._state_path import StatePath, state_path, state_plot, state_plots
from ._table import ReportTable
from ._tables import (
    failures,
    print_table,
    rich_table,
    sequence_figures,
    sequence_table,
    summary_figures,
    summary_table,
)
from ._trax_client import TraxTracker
from ._trax_server import serve_trax
from ._vot import VotFigures, VotOptions, run_vot, suitable

__all__ = [
    "NORMALISED_THRESHOLDS",
    "OPENCV",
    "OURS",
    "PRECISION_THRESHOLDS",
    "SUCCESS_THRESHOLDS",
    "TRACKERS",
    "Contrast",
    "Extras",
    "Occlusion",
    "OnePass",
    "OpenCVTracker",
    "Options",
    "ProcedureTracker",
    "Protocol",
    "Reinitialised",
    "ReportTable",
    "Restarts",
    "Result",
    "ScoreQuality",
    "Sequence",
    "SessionTracker",
    "StatePath",
    "Summary",
    "Track",
    "TrackCache",
    "TrackerFactory",
    "TrackerSpec",
    "TraxTracker",
    "VisualTracker",
    "VotFigures",
    "VotOptions",
    "attribute_figures",
    "auc",
    "compare",
    "compare_reinitialised",
    "distances",
    "failures",
    "find_sequences",
    "limit_threads",
    "mean_auc",
    "measure",
    "occluded_figures",
    "occluded_frames",
    "occlusion",
    "occlusion_figures",
    "only_occluded",
    "overlaps",
    "paper_average",
    "parse_spec",
    "parse_specs",
    "pool",
    "precision_curve",
    "print_table",
    "read_sequence",
    "read_sequences",
    "readable",
    "reinit_figures",
    "reinit_sequence_figures",
    "restart_plots",
    "rich_table",
    "robustness",
    "run_ope",
    "run_reinitialised",
    "run_sequence",
    "run_video",
    "run_vot",
    "score_figures",
    "score_quality",
    "scored_frames",
    "sequence_attributes",
    "sequence_figures",
    "sequence_table",
    "serve_trax",
    "shared_folder",
    "state_path",
    "state_plot",
    "state_plots",
    "success_curve",
    "success_rate",
    "suitable",
    "summarise",
    "summary_figures",
    "summary_table",
    "vot_figures",
    "write_report",
    "write_score",
    "write_tables",
]
