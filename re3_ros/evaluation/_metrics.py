# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Success, precision and what the paper reports, from boxes alone.

Frames whose target is absent (true box NaN) are left out of every figure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.boxes import Boxes, centre, iou, size

Curve = NDArray[np.float64]

SUCCESS_THRESHOLDS: Curve = np.linspace(0, 1, 21)
"""IoU thresholds of the success plot (OTB)."""
PRECISION_THRESHOLDS: Curve = np.arange(51, dtype=np.float64)
"""Centre distances of the precision plot in pixels (OTB); the figure is read at 20."""
NORMALISED_THRESHOLDS: Curve = np.linspace(0, 0.5, 51)
"""Centre distances in widths and heights of the true box (TrackingNet, LaSOT)."""
ROBUSTNESS_SENSITIVITY = 30.0
"""Frames without a drop that the robustness speaks of (VOT)."""


def overlaps(truth: ArrayLike, boxes: ArrayLike) -> Curve:
    """Return IoU ``(n,)`` of boxes ``(n, 4)`` with the truth, NaN where the target is absent."""
    absent = np.isnan(np.asarray(truth, np.float64)).any(axis=-1)
    return np.where(absent, np.nan, iou(truth, boxes))


def centre_errors(truth: ArrayLike, boxes: ArrayLike, normalised: bool = False) -> Curve:
    """Return the centre location errors ``(n,)``, NaN where the target is absent.

    In pixels or, ``normalised``, with x and y in widths and heights of the true box. Infinite
    where the box is not finite: such a frame is a miss, not an absence.
    """
    offset = centre(boxes) - centre(truth)
    if normalised:
        offset = offset / size(truth)
    far = np.where(np.isfinite(offset).all(axis=-1), np.linalg.norm(offset, axis=-1), np.inf)
    return np.where(np.isnan(np.asarray(truth, np.float64)).any(axis=-1), np.nan, far)


def success_curve(ious: ArrayLike, thresholds: Curve = SUCCESS_THRESHOLDS) -> Curve:
    """Return the shares ``(t,)`` of frames whose IoU is *above* each threshold, as OTB does."""
    values = _present(ious)
    curve: Curve = np.mean(values[:, None] > thresholds, axis=0)
    return curve


def precision_curve(far: ArrayLike, thresholds: Curve = PRECISION_THRESHOLDS) -> Curve:
    """Return the shares ``(t,)`` of frames whose distance is at most each threshold (OTB)."""
    values = _present(far)
    curve: Curve = np.mean(values[:, None] <= thresholds, axis=0)
    return curve


def success_rate(ious: ArrayLike, threshold: float) -> float:
    """Return the share of frames whose IoU is above the threshold, NaN without frames (SR)."""
    values = _present(ious)
    return float(np.mean(values > threshold)) if len(values) else float("nan")


def auc(truth: ArrayLike, boxes: ArrayLike) -> float:
    """Return the mean over the 21 thresholds of the success curve, first frame included (OPE)."""
    return float(success_curve(overlaps(truth, boxes)).mean())


def average_overlap(truth: ArrayLike, boxes: ArrayLike) -> float:
    """Return the mean IoU, the frame with the given box left out (AO of GOT-10k)."""
    return mean_and_error(overlaps(truth, boxes)[1:])[0]


def mean_and_error(values: ArrayLike) -> tuple[float, float]:
    """Return the mean of the values (n,) that are not NaN, and its standard error.

    The error of less than two is NaN, and so is the mean of none.
    """
    known = _present(values)
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else float("nan")
    return float(known.mean()) if len(known) else float("nan"), float(error)


def robustness(drops: int, frames: int) -> float:
    """Return ``exp(-30 drops / frames)``, the chance to survive 30 frames (paper, Table I)."""
    return float(np.exp(-ROBUSTNESS_SENSITIVITY * drops / frames))


def paper_average(accuracy: float, drops: int, frames: int) -> float:
    """Return the mean of accuracy and robustness, the last column of the paper's Table I."""
    return (accuracy + robustness(drops, frames)) / 2


def _present(values: ArrayLike) -> Boxes:
    """Return the values of the frames whose target is present."""
    v = np.asarray(values, np.float64)
    return v[~np.isnan(v)]
