# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: protocols and metrics.

In come sequences (`re3_ros.datasets`) and trackers (`re3_ros.evaluation.trackers`), out go results
and figures, which `re3_ros.evaluation.report` shows. Any class with ``init(image, box)`` and
``update(image)`` can be measured: ``mean_auc(run_ope(MyTracker, read_sequences(folder)))``.
"""

from ._attributes import (
    attribute_table,
    occluded_table,
    only_occluded,
    reinit_sequence_table,
    reinit_table,
    sequence_attributes,
    vot_table,
)
from ._cache import TrackCache
from ._compare import (
    ComparisonOptions,
    Summary,
    compare,
    compare_reinitialised,
    measure,
    readable_sequences,
    summarise,
)
from ._identity import IdentityRow, identity_row
from ._metrics import (
    NORMALISED_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    Curve,
    auc,
    average_overlap,
    centre_errors,
    mean_and_error,
    overlaps,
    paper_average,
    precision_curve,
    robustness,
    success_curve,
    success_rate,
)
from ._occlusion import Contrast, Occlusion, occluded_frames, occlusion, occlusion_table
from ._protocols import OnePass, Protocol, Reinitialisation
from ._reinit import Reinitialised, pool, run_reinitialised
from ._runner import SequenceResult, Trajectory, mean_auc, run_ope, run_sequence
from ._score import ScoreQuality, run_video, score_quality, scored_frames
from ._table import Best, ReportTable, Value

__all__ = [
    "NORMALISED_THRESHOLDS",
    "PRECISION_THRESHOLDS",
    "SUCCESS_THRESHOLDS",
    "Best",
    "ComparisonOptions",
    "Contrast",
    "Curve",
    "IdentityRow",
    "Occlusion",
    "OnePass",
    "Protocol",
    "Reinitialisation",
    "Reinitialised",
    "ReportTable",
    "ScoreQuality",
    "SequenceResult",
    "Summary",
    "TrackCache",
    "Trajectory",
    "Value",
    "attribute_table",
    "auc",
    "average_overlap",
    "centre_errors",
    "compare",
    "compare_reinitialised",
    "identity_row",
    "mean_and_error",
    "mean_auc",
    "measure",
    "occluded_frames",
    "occluded_table",
    "occlusion",
    "occlusion_table",
    "only_occluded",
    "overlaps",
    "paper_average",
    "pool",
    "precision_curve",
    "readable_sequences",
    "reinit_sequence_table",
    "reinit_table",
    "robustness",
    "run_ope",
    "run_reinitialised",
    "run_sequence",
    "run_video",
    "score_quality",
    "scored_frames",
    "sequence_attributes",
    "success_curve",
    "success_rate",
    "summarise",
    "vot_table",
]
