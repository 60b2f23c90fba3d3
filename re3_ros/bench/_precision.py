# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a runtime's precision costs: the same sequences tracked by it and by torch in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from re3_ros.boxes import Boxes, iou
from re3_ros.datasets import Sequence as Clips
from re3_ros.evaluation import auc
from re3_ros.network import Re3Network, Runtime, make_runtime
from re3_ros.tracking import Tracker

LIMIT = 0.005
"""Change of the mean success AUC that counts as none."""


@dataclass(frozen=True)
class PrecisionRow:
    """One sequence tracked by two runtimes after the paper's procedure."""

    sequence: str
    runtime: str
    exact: float
    """Success AUC of torch in float32."""
    auc: float
    """That of the runtime."""
    agreement: float
    """Mean IoU of the boxes of one with those of the other."""


def compare_precision(
    network: Re3Network,
    sequences: Sequence[Clips],
    runtimes: Sequence[str],
    device: str = "cpu",
    advance: Callable[[], object] = lambda: None,
) -> list[PrecisionRow]:
    """Return a row for each sequence and runtime; ``advance`` is called after each sequence."""
    exact = make_runtime(network, "torch", device)
    made = [make_runtime(network, name, device) for name in runtimes]
    rows = []
    for sequence in sequences:
        wanted = _track(exact, sequence)
        best = auc(sequence.truth, wanted)
        for runtime in made:
            found = _track(runtime, sequence)
            same = float(np.mean(iou(found, wanted)))
            rows.append(
                PrecisionRow(sequence.name, str(runtime), best, auc(sequence.truth, found), same)
            )
        advance()
    return rows


def _track(runtime: Runtime, sequence: Clips) -> Boxes:
    """Return the boxes (frames, 4), the given one first."""
    tracker = Tracker(runtime)
    tracker.start(sequence.read(0), {"target": sequence.truth[0]})
    boxes = [tracker.box("target")]
    for k in range(1, len(sequence)):
        tracker.track(sequence.read(k))
        boxes.append(tracker.box("target"))
    return np.stack(boxes)
