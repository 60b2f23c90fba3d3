# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How much a tracker's score is worth: does it tell hits from misses, and is it a probability?

A frame is a *hit* if the box overlaps the true one by half or more (IoU >= 0.5); a frame without
the target is none. The score is meant to be the probability of a hit, so it is measured twice:
how well it sorts frames (area under the ROC curve), and whether, of the frames with scores about
0.7, about 70 % are hits (reliability; expected calibration error; Brier score).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.errors import InputError
from re3_ros.evaluation.trackers import VisualTracker, parse_prediction
from re3_ros.training import HIT_IOU, Video

from ._metrics import Curve
from ._runner import SequenceResult, Trajectory

BINS = 10


class Bin(NamedTuple):
    """The frames whose scores lie in one tenth of [0, 1]."""

    frames: int
    score: float
    """Mean score; NaN without frames."""
    hits: float
    """Share of hits; NaN without frames."""


@dataclass(frozen=True, eq=False)
class ScoreQuality:
    """What the scores of n frames are worth."""

    frames: int
    hits: float
    """Share of frames that are hits."""
    roc_auc: float
    """Area under the ROC curve: the chance that a hit scores above a miss; NaN without both."""
    brier: float
    """Mean squared difference between score and hit (1 or 0); 0 is perfect."""
    calibration_error: float
    """Mean over frames of ``abs(mean score - share of hits)`` of the frame's bin."""
    bins: tuple[Bin, ...]
    """Reliability: tenths of [0, 1], lowest first."""
    false_positive_rate: Curve
    """ROC: share of misses that score above a falling threshold."""
    true_positive_rate: Curve
    """ROC: share of hits that score above the same thresholds."""


def score_quality(scores: ArrayLike, hits: ArrayLike) -> ScoreQuality:
    """Return what scores (n,) in [0, 1] say of hits (n,).

    Raises InputError for scores out of that range, none at all, or of another length than hits.
    """
    s, h = np.asarray(scores, np.float64), np.asarray(hits, np.bool_)
    _check(s, h)
    false_positive_rate, true_positive_rate = roc_curve(s, h)
    bins = reliability(s, h)
    gaps = [b.frames * abs(b.score - b.hits) for b in bins if b.frames]
    return ScoreQuality(
        frames=len(s),
        hits=float(h.mean()),
        roc_auc=_area(false_positive_rate, true_positive_rate),
        brier=float(np.mean((s - h) ** 2)),
        calibration_error=sum(gaps) / len(s),
        bins=bins,
        false_positive_rate=false_positive_rate,
        true_positive_rate=true_positive_rate,
    )


def roc_curve(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> tuple[Curve, Curve]:
    """Return false and true positive rates (k,), from (0, 0) to (1, 1), a point a distinct score.

    NaN where there are no misses, or no hits.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    found = np.concatenate([[0], np.cumsum(hits[order])[last]])
    false = np.concatenate([[0], 1 + last]) - found
    with np.errstate(invalid="ignore"):
        return false / false[-1], found / found[-1]


def reliability(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Return `BINS` bins of equal width over [0, 1]; a score of 1 belongs to the last."""
    index = np.minimum((scores * BINS).astype(int), BINS - 1)
    return tuple(_bin(scores[index == i], hits[index == i]) for i in range(BINS))


def scored_frames(results: Iterable[SequenceResult]) -> tuple[Curve, NDArray[np.bool_]]:
    """Return scores and hits (n,) of all frames that a tracker gave a score for.

    Frames nobody labelled are left out; on those without the target no box is a hit.
    """
    scores, hits = [np.empty(0)], [np.empty(0, np.bool_)]
    for result in results:
        told = ~np.isnan(result.trajectory.scores)
        if result.source is not None and result.source.labelled is not None:
            told &= result.source.labelled
        scores.append(result.trajectory.scores[told])
        hits.append(result.overlaps[told] >= HIT_IOU)  # NaN >= HIT_IOU is False
    return np.concatenate(scores), np.concatenate(hits)


def run_video(tracker: VisualTracker, video: Video) -> SequenceResult:
    """Track a video of no data set, in RGB; whatever the tracker raises is not caught."""
    truth = video.boxes
    boxes, scores = np.empty((len(truth), 4)), np.full(len(truth), np.nan)
    boxes[0] = truth[0]
    tracker.init(video.image(0), truth[0].copy())
    for index in range(1, len(truth)):
        answer = tracker.update(video.image(index))
        boxes[index], scores[index] = parse_prediction(answer, boxes[index - 1])
    return SequenceResult(video.name, truth, Trajectory(boxes, scores, np.zeros(len(truth))))


def _bin(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> Bin:
    if not len(scores):
        return Bin(0, float("nan"), float("nan"))
    return Bin(len(scores), float(scores.mean()), float(hits.mean()))


def _area(x: Curve, y: Curve) -> float:
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def _check(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> None:
    if scores.ndim != 1 or scores.shape != hits.shape or not len(scores):
        raise InputError(
            f"scores have shape {scores.shape}, hits {hits.shape}; expected a score and a hit for "
            "each of one or more frames (does the tracker give scores?)"
        )
    if not ((scores >= 0) & (scores <= 1)).all():
        worst = scores[~((scores >= 0) & (scores <= 1))][0]
        raise InputError(f"a score is {worst}; expected probabilities from 0 to 1")
