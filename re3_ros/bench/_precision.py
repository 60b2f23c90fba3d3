# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a runtime's precision costs: the same sequences tracked by it and by torch in float32.

Whether a target is lost for good at a hard moment turns on the last digit; of one long run of each
sequence the mean AUC then says who was lucky. So many shorter runs are compared, begun anew at
places spread over the sequences, and the standard error of the mean difference is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from re3_ros.boxes import Boxes, iou
from re3_ros.datasets import Sequence as Clips
from re3_ros.evaluation import auc, mean_and_error
from re3_ros.network import Re3Network
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.tracking import Tracker

LIMIT = 0.005
"""Loss of mean success AUC that counts as none."""
RUNS, LENGTH = 8, 100
"""Runs of a sequence, and the frames of each."""


@dataclass(frozen=True)
class PrecisionRow:
    """One run tracked by two runtimes after the paper's procedure."""

    sequence: str
    start: int
    """The frame in which it began."""
    runtime: str
    exact: float
    """Success AUC of torch in float32."""
    auc: float
    """That of the runtime."""
    agreement: float
    """Mean IoU of the boxes of one with those of the other."""


@dataclass(frozen=True)
class PrecisionChange:
    """What a runtime changes on average over all runs."""

    runtime: str
    runs: int
    auc: float
    """Mean of its success AUC less that of torch in float32."""
    error: float
    """Standard error of that mean."""
    agreement: float

    @classmethod
    def of(cls, rows: Sequence[PrecisionRow]) -> list[PrecisionChange]:
        """Return the changes, one for each runtime."""
        changes = []
        for runtime in dict.fromkeys(row.runtime for row in rows):
            own = [row for row in rows if row.runtime == runtime]
            apart = np.array([row.auc - row.exact for row in own])
            change, error = mean_and_error(apart)
            same = float(np.mean([row.agreement for row in own]))
            changes.append(cls(runtime, len(own), change, error, same))
        return changes

    def __str__(self) -> str:
        """Return the verdict in one line."""
        verdict = "holds" if self.auc > -LIMIT else "MISSED"
        return (
            f"{verdict}: {self.runtime}: AUC {self.auc:+.4f} (standard error {self.error:.4f}) "
            f"over {self.runs} runs (above -{LIMIT}); same boxes, IoU {self.agreement:.3f}"
        )


def compare_precision(
    network: Re3Network,
    sequences: Sequence[Clips],
    runtimes: Sequence[str],
    device: str = "cpu",
    runs: int = RUNS,
    length: int = LENGTH,
    advance: Callable[[], object] = lambda: None,
) -> list[PrecisionRow]:
    """Return a row for each run and runtime; ``advance`` is called after each sequence."""
    exact = make_runtime(network, "torch", device)
    made = [make_runtime(network, name, device) for name in runtimes]
    rows = []
    for sequence in sequences:
        for start in starts(sequence, runs, length):
            run = sequence.part(start, start + length)
            wanted = _track(exact, run)
            best = auc(run.truth, wanted)
            for runtime in made:
                found = _track(runtime, run)
                score, same = auc(run.truth, found), float(np.mean(iou(found, wanted)))
                rows.append(PrecisionRow(sequence.name, start, str(runtime), best, score, same))
        advance()
    return rows


def starts(sequence: Clips, runs: int, length: int) -> list[int]:
    """Return the frames, at most ``runs``, in which runs of ``length`` frames begin: spread evenly,
    each moved on to the next frame in which the target has a box."""
    labelled = np.flatnonzero(np.isfinite(sequence.truth).all(1))
    wanted = np.linspace(0, max(0, len(sequence) - length), runs).astype(int)
    places = labelled[np.searchsorted(labelled, wanted).clip(0, len(labelled) - 1)]
    return [int(k) for k in dict.fromkeys(places)]


def _track(runtime: Runtime, sequence: Clips) -> Boxes:
    """Return the boxes (frames, 4), the given one first."""
    tracker = Tracker(runtime)
    tracker.start(sequence.read(0), {"target": sequence.truth[0]})
    boxes = [tracker.box("target")]
    for k in range(1, len(sequence)):
        tracker.track(sequence.read(k))
        boxes.append(tracker.box("target"))
    return np.stack(boxes)
