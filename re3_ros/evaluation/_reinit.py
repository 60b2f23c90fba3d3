# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's protocol: a tracker that lost its target is put back on it, and the loss counted.

Section IV of the paper, after VOT. What it leaves open is as in the published evaluation code:

- The frame on which the tracker is started for the first time counts, with IoU 1.
- A counted frame with IoU 0 is a drop. It counts with that 0.
- The 5 frames after a drop are skipped; on the next one the tracker is started with the truth.
- 10 frames from there, that one among them, are tracked but neither counted nor searched for drops.
- Frames whose target is absent are tracked and not counted; a start waits for the next with truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from re3_ros.boxes import Boxes, iou
from re3_ros.datasets import Sequence
from re3_ros.errors import ConfigError
from re3_ros.evaluation.trackers import RunningTracker, TrackerFactory, parse_prediction

from ._metrics import Curve, paper_average, robustness

SKIPPED = 5
BURN_IN = 10


@dataclass(frozen=True, eq=False)
class Reinitialised:
    """How a tracker fared on a sequence of n frames, or on several one after the other."""

    overlaps: Curve
    """(n,) IoU, NaN on frames that do not count."""
    drops: int
    failure: str | None = None
    """Why the sequence counts as zero overlap and zero robustness, None if all went well."""
    sequence: str = ""
    """Its name, "" for several together."""

    @property
    def frames(self) -> int:
        """Frames that count."""
        return int(np.count_nonzero(~np.isnan(self.overlaps)))

    @property
    def accuracy(self) -> float:
        """Mean IoU over the frames that count."""
        return float(np.nanmean(self.overlaps))

    @property
    def robustness(self) -> float:
        """``exp(-30 drops / frames)``."""
        return robustness(self.drops, self.frames)

    @property
    def average(self) -> float:
        """Mean of accuracy and robustness."""
        return paper_average(self.accuracy, self.drops, self.frames)


def run_reinitialised(
    factory: TrackerFactory,
    sequence: Sequence,
    skipped: int = SKIPPED,
    burn_in: int = BURN_IN,
    beat: Callable[[], None] = lambda: None,
) -> Reinitialised:
    """Run the protocol on one sequence; a new tracker is made for each start.

    A tracker that raises or returns no box fails: every frame counts as dropped. ``beat`` is
    called before every frame.
    """
    run, n, index = _Run(factory, sequence, skipped, burn_in), len(sequence), 0
    overlaps = np.full(n, np.nan)
    try:
        for index in range(n):
            beat()
            overlaps[index] = run.step(index)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  a broken tracker must not end the others' run
        reason = f"frame {index + 1} of {n}: {type(error).__name__}: {error}"
        return lost_throughout(sequence.name, n, reason)
    finally:
        run.close()
    return Reinitialised(overlaps, run.drops, sequence=sequence.name)


def lost_throughout(sequence: str, frames: int, reason: str) -> Reinitialised:
    """Return what a failed sequence counts as: dropped on every frame."""
    return Reinitialised(np.zeros(frames), frames, reason, sequence)


def pool(runs: Iterable[Reinitialised]) -> Reinitialised:
    """Return several sequences as one: the paper weighs frames, not sequences."""
    runs = list(runs)
    reasons = "; ".join(run.failure for run in runs if run.failure)
    overlaps = np.concatenate([run.overlaps for run in runs])
    return Reinitialised(overlaps, sum(run.drops for run in runs), reasons or None)


class _Run:
    """The state of the protocol between two frames."""

    def __init__(
        self, factory: TrackerFactory, sequence: Sequence, skipped: int, burn_in: int
    ) -> None:
        self.factory, self.sequence = factory, sequence
        self.skipped, self.burn_in = skipped, burn_in
        self.drops = 0
        self._tracker: RunningTracker | None = None
        self._start_at = 0
        self._uncounted = 0
        self._last: Boxes = sequence.truth[0]

    def step(self, index: int) -> float:
        """Take one frame; return its IoU, NaN if it does not count."""
        absent = bool(np.isnan(self.sequence.truth[index]).any())
        if self._tracker is None:
            if index < self._start_at or absent:
                return np.nan
            overlap = self._start(index)
        else:
            overlap = self._update(index, self._tracker)
        if self._uncounted:
            self._uncounted -= 1
            return np.nan
        if absent:
            return np.nan
        if overlap == 0:
            self._drop(index)
        return overlap

    def _start(self, index: int) -> float:
        self._tracker = RunningTracker(self.factory)
        self._last = self.sequence.truth[index]
        self._tracker.init(self._tracker.read(self.sequence, index), self._last.copy())
        return 1.0

    def _update(self, index: int, tracker: RunningTracker) -> float:
        answer = tracker.update(tracker.read(self.sequence, index))
        self._last, _ = parse_prediction(answer, self._last)
        return float(iou(self._last, self.sequence.truth[index]))

    def close(self) -> None:
        """End the tracker that runs, if one does."""
        if self._tracker is not None:
            self._tracker.close()
        self._tracker = None

    def _drop(self, index: int) -> None:
        self.drops += 1
        self.close()
        self._start_at = index + 1 + self.skipped
        self._uncounted = self.burn_in
