# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Results by what data sets say of their sequences and frames, and further tables of figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from re3_ros.datasets import Flags, Sequence
from re3_ros.evaluation.trackers import VotResult

from ._compare import summarise
from ._labels import label_rows
from ._metrics import success_curve
from ._occlusion import occluded_frames
from ._reinit import Reinitialised, pool
from ._runner import SequenceResult
from ._table import ReportTable

Results = Mapping[str, list[SequenceResult]]

LABELS = "attributes.csv"
WORDS = {
    "ARC": "aspect ratio change",
    "BC": "background clutter",
    "CM": "camera motion",
    "DEF": "deformation",
    "FM": "fast motion",
    "FOC": "full occlusion",
    "IPR": "in-plane rotation",
    "IV": "illumination variation",
    "LR": "low resolution",
    "MB": "motion blur",
    "OCC": "occlusion",
    "OPR": "out-of-plane rotation",
    "OV": "out of view",
    "POC": "partial occlusion",
    "SOB": "similar object",
    "SV": "scale variation",
    "VC": "viewpoint change",
}
"""What the letters of OTB and UAV123 stand for."""


def sequence_attributes(sequence: Sequence) -> tuple[str, ...]:
    """Return what is said of the whole sequence: by its data set where that says anything, else by
    ``attributes.csv`` beside this module, whose header gives the sources."""
    if sequence.attributes:
        return sequence.attributes
    rows = label_rows(LABELS, sequence)
    return tuple(name for row in rows for name in row["attributes"].split())


def attribute_table(results: Results) -> ReportTable:
    """Return the mean AUC of each tracker over the sequences with each attribute (OTB, LaSOT...).

    Tags of single frames (VOT) count as well: the AUC of all frames that have them, in one heap.
    No rows where the data set has neither.
    """
    first = next(iter(results.values()), [])
    names = sorted({name for r in first for name in _names(r)})
    tags = sorted({name for r in first if r.source for name in r.source.tags})
    rows = [_attribute_row(name, results) for name in names]
    rows += [row for tag in tags if (row := _tag_row(tag, results)) is not None]
    return ReportTable(
        name="attributes",
        title="AUC by attribute",
        columns=("attribute", "sequences", "frames", *results),
        rows=tuple(rows),
        note="Of a sequence's attribute, the mean over the sequences that have it; of a frame's "
        "tag, over all frames that have it.",
        best_in_row=True,
    )


def only_occluded(results: Results) -> dict[str, list[SequenceResult]]:
    """Return the results on occluded frames alone, of the sequences that have such frames."""
    return {name: [h for r in rs if (h := _hidden(r)) is not None] for name, rs in results.items()}


def occluded_table(results: Results) -> ReportTable:
    """Return the figures of each tracker on the occluded frames alone; no rows without any."""
    hidden = {name: rs for name, rs in only_occluded(results).items() if rs}
    names = ("auc", "precision", "normalised_precision", "mean_iou", "success_50")
    rows = [(s.tracker, *(getattr(s, name) for name in names)) for s in summarise(hidden)]
    columns = ("AUC", "P 20 px", "norm. P", "mean IoU", "SR.5")
    frames = next((_present(rs) for rs in hidden.values()), 0)
    return ReportTable(
        name="occluded",
        title="Occluded frames alone",
        columns=("tracker", *columns),
        rows=tuple(rows),
        note=f"{frames} frames in which the target is occluded; means over the sequences that have "
        "such frames, SR.5 over all of them in one heap.",
        best=dict.fromkeys(columns, "high"),
    )


def reinit_table(runs: Mapping[str, list[Reinitialised]]) -> ReportTable:
    """Return accuracy, drops, robustness and average of each tracker (paper, Table I)."""
    pooled = sorted(((pool(rs), name) for name, rs in runs.items()), key=lambda p: -p[0].average)
    rows = [_reinit_row(name, both, runs[name]) for both, name in pooled]
    return ReportTable(
        name="reinit",
        title="With re-initialisation after each loss",
        columns=("tracker", "frames", "accuracy", "drops", "robustness", "average", "failed"),
        rows=tuple(rows),
        note="A tracker whose box misses the target whole (IoU 0) is dropped; 5 frames are "
        "skipped, it is started anew, and 10 frames do not count. Over all frames of all "
        "sequences: accuracy is the mean IoU, robustness exp(-30 drops / frames), average the "
        "mean of both.",
        best={"accuracy": "high", "drops": "low", "robustness": "high", "average": "high"},
    )


def reinit_sequence_table(runs: Mapping[str, list[Reinitialised]]) -> ReportTable:
    """Return the drops of each tracker on each sequence."""
    rows = [(row[0].sequence, *(r.drops for r in row)) for row in zip(*runs.values(), strict=True)]
    return ReportTable(
        name="reinit_sequences",
        title="Drops by sequence",
        columns=("sequence", *runs),
        rows=tuple(rows),
        note="A tracker that failed counts as dropped on every frame.",
    )


def vot_table(figures: Iterable[VotResult]) -> ReportTable:
    """Return a row for each tracker, the best EAO first."""
    rows = tuple((f.tracker, f.eao, f.accuracy, f.robustness, f.failures) for f in figures)
    return ReportTable(
        name="vot",
        title="VOT, supervised: by the VOT toolkit",
        columns=("tracker", "EAO", "accuracy", "robustness", "failures a sequence"),
        rows=rows,
        note="Restarted 5 frames after each failure; the first 10 frames after a start do not "
        "count; robustness is exp(-30 failures / frames). No EAO where no run between failures is "
        "as long as the lengths that it is averaged over.",
        best={"EAO": "high", "accuracy": "high", "robustness": "high"},
    )


def _reinit_row(tracker: str, both: Reinitialised, runs: list[Reinitialised]) -> tuple[Any, ...]:
    failed = sum(r.failure is not None for r in runs)
    figures = both.accuracy, both.drops, both.robustness, both.average
    return tracker, both.frames, *figures, failed or None


def _attribute_row(name: str, results: Results) -> tuple[Any, ...]:
    chosen = [[r for r in rs if name in _names(r)] for rs in results.values()]
    means = (float(np.mean([r.auc for r in rs])) for rs in chosen)
    title = f"{WORDS[name]} ({name})" if name in WORDS else name
    return title, len(chosen[0]), _present(chosen[0]), *means


def _names(result: SequenceResult) -> tuple[str, ...]:
    return () if result.source is None else sequence_attributes(result.source)


def _tag_row(tag: str, results: Results) -> tuple[Any, ...] | None:
    """Return the row of a tag, None where no frame that counts has it."""
    chosen = [[t for r in rs if (t := _tagged(r, tag)) is not None] for rs in results.values()]
    if not chosen[0]:
        return None
    heaps = (np.concatenate([r.overlaps for r in rs]) for rs in chosen)
    means = (float(success_curve(heap).mean()) for heap in heaps)
    return f"frames: {tag}", len(chosen[0]), _present(chosen[0]), *means


def _tagged(result: SequenceResult, tag: str) -> SequenceResult | None:
    flags = None if result.source is None else result.source.tags.get(tag)
    return _restricted(result, flags)


def _hidden(result: SequenceResult) -> SequenceResult | None:
    return _restricted(result, None if result.source is None else occluded_frames(result.source))


def _restricted(result: SequenceResult, flags: Flags | None) -> SequenceResult | None:
    if flags is None:
        return None
    part = result.only(flags)
    return part if part.counted else None


def _present(results: Iterable[SequenceResult]) -> int:
    return sum(int(np.isfinite(r.truth).all(axis=1).sum()) for r in results)
