# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One-pass evaluation: told the first box, the tracker goes through the sequence once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.datasets import Flags, Sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation.trackers import RunningTracker, TrackerFactory, parse_prediction

from ._metrics import (
    NORMALISED_THRESHOLDS,
    Curve,
    centre_errors,
    mean_and_error,
    overlaps,
    precision_curve,
    success_curve,
    success_rate,
)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The boxes of one tracker on one sequence of n frames, as VOT's trajectory."""

    boxes: Boxes
    """(n, 4); row 0 is the given box. All NaN, hence zero overlap, after a failure."""
    scores: NDArray[np.float64]
    """(n,), NaN where the tracker gave none."""
    seconds: NDArray[np.float64]
    """(n,) spent in the tracker, reading from disk excluded; ``seconds[0]`` is ``init``."""
    failure: str | None = None
    """Why the sequence counts as zero overlap, None if it was tracked to its end."""


@dataclass(frozen=True, eq=False)
class SequenceResult:
    """A trajectory measured against the ground truth."""

    sequence: str
    truth: Boxes
    trajectory: Trajectory
    source: Sequence | None = None
    """The frames and labels, None where the sequence could not be read."""

    @property
    def failure(self) -> str | None:
        """Why the sequence counts as zero overlap, None if it was tracked to its end."""
        return self.trajectory.failure

    def only(self, rows: Flags) -> SequenceResult:
        """Return the result on the frames (n,) that are true; on the others there is no truth."""
        truth = np.where(np.asarray(rows, bool)[:, None], self.truth, np.nan)
        return replace(self, truth=truth)

    @property
    def counted(self) -> bool:
        """Whether there is any frame with a true box, hence any figure."""
        return bool(np.isfinite(self.truth).all(axis=1).any())

    @cached_property
    def overlaps(self) -> Curve:
        """IoU (n,), NaN where the target is absent."""
        return overlaps(self.truth, self.trajectory.boxes)

    @cached_property
    def success(self) -> Curve:
        """Success curve (21,)."""
        return success_curve(self.overlaps)

    @cached_property
    def precision_curve(self) -> Curve:
        """Precision curve (51,) over 0 ... 50 pixels."""
        return precision_curve(centre_errors(self.truth, self.trajectory.boxes))

    @property
    def auc(self) -> float:
        """Area under the success curve."""
        return float(self.success.mean())

    @property
    def precision(self) -> float:
        """Share of frames whose centre is at most 20 pixels off."""
        return float(self.precision_curve[20])

    @property
    def normalised_precision(self) -> float:
        """Area under the precision curve over distances 0 ... 0.5 of the true box's sides."""
        far = centre_errors(self.truth, self.trajectory.boxes, normalised=True)
        return float(precision_curve(far, NORMALISED_THRESHOLDS).mean())

    @property
    def mean_iou(self) -> float:
        """Mean IoU over the frames where the target is present."""
        return float(np.nanmean(self.overlaps))

    @property
    def average_overlap(self) -> float:
        """AO of GOT-10k: mean IoU, the frame with the given box left out."""
        return mean_and_error(self.overlaps[1:])[0]

    @property
    def success_50(self) -> float:
        """SR.5 of GOT-10k: share of frames with IoU above 0.5, that of the given box left out."""
        return success_rate(self.overlaps[1:], 0.5)

    @property
    def success_75(self) -> float:
        """SR.75 of GOT-10k, likewise."""
        return success_rate(self.overlaps[1:], 0.75)

    @property
    def ms(self) -> float:
        """Median milliseconds an update."""
        return _milliseconds(self.trajectory.seconds, 50)

    @property
    def ms_99(self) -> float:
        """99th percentile of the milliseconds an update."""
        return _milliseconds(self.trajectory.seconds, 99)


def run_sequence(
    factory: TrackerFactory, sequence: Sequence, beat: Callable[[], None] = lambda: None
) -> Trajectory:
    """Track one sequence with a tracker made for it; ``beat`` is called before every frame.

    Whatever the tracker raises, an unreadable frame, and an answer that is no box make a failure
    with its reason; nothing but KeyboardInterrupt and SystemExit leaves this function.
    """
    n = len(sequence)
    boxes, scores, seconds = np.empty((n, 4)), np.full(n, np.nan), np.zeros(n)
    index = -1
    try:
        with contextlib.closing(RunningTracker(factory)) as tracker:
            boxes[0] = sequence.truth[0]
            for index in range(n):
                beat()
                image = tracker.read(sequence, index)
                begin = time.perf_counter()
                answer = tracker.update(image) if index else tracker.init(image, boxes[0].copy())
                seconds[index] = time.perf_counter() - begin
                if index:
                    boxes[index], scores[index] = parse_prediction(answer, boxes[index - 1])
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  a broken tracker must not end the others' run
        reason = f"frame {index + 1} of {n}: {type(error).__name__}: {error}"
        return Trajectory(np.full((n, 4), np.nan), scores, seconds, reason)
    return Trajectory(boxes, scores, seconds)


def failed(sequence: str, reason: str) -> SequenceResult:
    """Return the result of a sequence that could not be read: zero overlap on two frames, of
    which the first is left out where figures leave the first frame out."""
    track = Trajectory(np.full((2, 4), np.nan), np.full(2, np.nan), np.zeros(2), reason)
    return SequenceResult(sequence, np.array([[0.0, 0.0, 1.0, 1.0]] * 2), track)


def run_ope(
    factory: TrackerFactory,
    sequences: Iterable[Sequence],
    done: Callable[[SequenceResult], None] | None = None,
) -> list[SequenceResult]:
    """Run every sequence in this process, with a new tracker each; ``done`` hears of each result.

    ``mean_auc(run_ope(lambda: MyTracker(), read_sequences(folder)))`` is the usual figure.
    """
    results = []
    for sequence in sequences:
        track = run_sequence(factory, sequence)
        results.append(SequenceResult(sequence.name, sequence.truth, track, sequence))
        if done is not None:
            done(results[-1])
    return results


def mean_auc(results: Iterable[SequenceResult]) -> float:
    """Return the mean over sequences of the area under the success curve."""
    return float(np.mean([r.auc for r in results]))


def _milliseconds(seconds: NDArray[np.float64], percentile: float) -> float:
    updates = seconds[1:][seconds[1:] > 0]
    return float(np.percentile(updates, percentile) * 1e3) if len(updates) else float("nan")
