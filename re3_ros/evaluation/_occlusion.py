# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What occlusion costs a tracker: its AUC on occluded frames against that on all frames.

Three readings of the paper's comparison (Fig. 5 and 6), because they answer different questions:

by sequence   means over the sequences that have occluded frames, each counting the same: all of
              their frames against the occluded ones. The same videos on both sides.
by frame      all frames of all sequences in one heap against all occluded frames in one heap, as
              VOT does with its per-frame labels. Long occlusions of easy objects weigh most.
by attribute  mean over all sequences against the mean over those with occluded frames, whole, as
              OTB does with its per-sequence labels: what comes after an occlusion counts as well.

Which frames are occluded is known from the data set's own labels where it has some, else from
``occluded.csv`` beside this module, whose header states the criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from re3_ros.datasets import Flags, Sequence

from ._labels import label_rows
from ._metrics import Curve, success_curve
from ._runner import SequenceResult
from ._table import ReportTable

LABELS = "occluded.csv"
DEGREES = ("partly", "fully")


class Contrast(NamedTuple):
    """An AUC without and with occlusion."""

    everywhere: float
    occluded: float

    @property
    def loss(self) -> float:
        """Relative loss under occlusion: 0.1 is a tenth; below 0 where it is a gain."""
        return 1 - self.occluded / self.everywhere if self.everywhere > 0 else float("nan")


@dataclass(frozen=True)
class Occlusion:
    """One tracker with and without occlusion, in three readings; see the module."""

    tracker: str
    frames: int
    """Occluded frames in which the target has a true box."""
    sequences: int
    """Sequences that have such frames."""
    by_sequence: Contrast
    by_frame: Contrast
    by_attribute: Contrast

    @property
    def everywhere(self) -> float:
        """AUC on all frames, by sequence."""
        return self.by_sequence.everywhere

    @property
    def occluded(self) -> float:
        """AUC on occluded frames, by sequence."""
        return self.by_sequence.occluded


def occluded_frames(sequence: Sequence, degrees: Iterable[str] = DEGREES) -> Flags | None:
    """Return (n,) whether the target is occluded, None where nobody labelled the sequence.

    ``degrees`` chooses among our own labels only; data sets do not tell them apart.
    """
    if sequence.occluded is not None:
        return sequence.occluded
    spans = label_rows(LABELS, sequence)
    if not spans:
        return None
    chosen, flags = set(degrees), np.zeros(sequence.video_length, np.bool_)
    for span in spans:
        flags[int(span["first"]) - 1 : int(span["last"])] |= span["degree"] in chosen
    return flags[:: sequence.stride]


def occlusion(results: Mapping[str, list[SequenceResult]]) -> list[Occlusion]:
    """Return a row for each tracker, the smallest loss first; none without occluded frames."""
    rows = [_occlusion(tracker, rs) for tracker, rs in results.items()]
    found = [row for row in rows if row is not None]
    return sorted(found, key=lambda row: np.nan_to_num(row.by_sequence.loss, nan=np.inf))


def occlusion_table(results: Mapping[str, list[SequenceResult]]) -> ReportTable:
    """Return AUC by sequence, and the relative loss in all three readings; see the module."""
    rows = occlusion(results)
    losses = ("loss, %", "by frame, %", "by attribute, %")
    return ReportTable(
        name="occlusion",
        title="AUC under occlusion",
        columns=("tracker", "all frames", "occluded", *losses),
        rows=tuple(_cells(row) for row in rows),
        note=_note(rows),
        best={"all frames": "high", "occluded": "high", **dict.fromkeys(losses, "low")},
        digits=dict.fromkeys(losses, 1),
    )


def _cells(row: Occlusion) -> tuple[str | float, ...]:
    contrasts = (row.by_sequence, row.by_frame, row.by_attribute)
    return row.tracker, *row.by_sequence, *(100 * c.loss for c in contrasts)


def _note(rows: list[Occlusion]) -> str:
    if not rows:
        return "No sequence has frames that are labelled as occluded."
    return (
        f"{rows[0].frames} occluded frames in {rows[0].sequences} sequences. Means over these "
        "sequences, all of their frames against the occluded ones, and the relative loss; that by "
        "frame: all frames of all sequences in one heap (VOT); that by attribute: all sequences "
        "against those with occlusion, whole (OTB)."
    )


def _occlusion(tracker: str, results: list[SequenceResult]) -> Occlusion | None:
    pairs = [(r, h) for r in results if (h := _hidden(r)) is not None]
    if not pairs:
        return None
    touched = _mean([r.auc for r, _ in pairs])
    everything = np.concatenate([r.overlaps for r in results])
    covered = np.concatenate([h.overlaps for _, h in pairs])
    return Occlusion(
        tracker=tracker,
        frames=int(np.count_nonzero(~np.isnan(covered))),
        sequences=len(pairs),
        by_sequence=Contrast(touched, _mean([h.auc for _, h in pairs])),
        by_frame=Contrast(_auc(everything), _auc(covered)),
        by_attribute=Contrast(_mean([r.auc for r in results]), touched),
    )


def _hidden(result: SequenceResult) -> SequenceResult | None:
    """Return the result on occluded frames alone, None where there are none."""
    flags = None if result.source is None else occluded_frames(result.source)
    hidden = None if flags is None else result.only(flags)
    return hidden if hidden is not None and hidden.counted else None


def _auc(overlaps: Curve) -> float:
    return float(success_curve(overlaps).mean())


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
