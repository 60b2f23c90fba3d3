# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The protocols: how each runs a tracker over a sequence, what is kept, and what a failure is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import numpy as np

from re3_ros.datasets import Sequence
from re3_ros.evaluation.trackers import TrackerSpec

from ._cache import Arrays
from ._reinit import Reinitialised, lost_throughout, run_reinitialised
from ._runner import SequenceResult, Trajectory, failed, run_sequence
from ._subprocess import Beat

T = TypeVar("T")


class Protocol(ABC, Generic[T]):
    """A way to measure a tracker on a sequence; T is what comes out."""

    kind = ""
    """Ending of the files that keep its tracks."""

    @abstractmethod
    def run(self, spec: TrackerSpec, sequence: Sequence, beat: Beat) -> tuple[Arrays, str | None]:
        """Run a tracker; return what is to be kept, and why it failed if it did."""

    @abstractmethod
    def read(self, sequence: Sequence, kept: Arrays) -> T:
        """Return the result that was kept."""

    @abstractmethod
    def fail(self, name: str, sequence: Sequence | None, reason: str) -> T:
        """Return what a failure counts as; None stands for a sequence that cannot be read."""


class OnePass(Protocol[SequenceResult]):
    """OPE: told the first box, the tracker goes through the sequence once (OTB)."""

    def run(self, spec: TrackerSpec, sequence: Sequence, beat: Beat) -> tuple[Arrays, str | None]:
        """Track the sequence."""
        track = run_sequence(spec.create, sequence, beat)
        kept = {"boxes": track.boxes, "scores": track.scores, "seconds": track.seconds}
        return kept, track.failure

    def read(self, sequence: Sequence, kept: Arrays) -> SequenceResult:
        """Measure the trajectory against the truth."""
        track = Trajectory(kept["boxes"], kept["scores"], kept["seconds"])
        return SequenceResult(sequence.name, sequence.truth, track, sequence)

    def fail(self, name: str, sequence: Sequence | None, reason: str) -> SequenceResult:
        """Return zero overlap on every frame."""
        if sequence is None:
            return failed(name, reason)
        n = len(sequence)
        track = Trajectory(np.full((n, 4), np.nan), np.full(n, np.nan), np.zeros(n), reason)
        return SequenceResult(name, sequence.truth, track, sequence)


class Reinitialisation(Protocol[Reinitialised]):
    """The paper's protocol: a tracker that lost its target is put back on it."""

    kind = ".reinit"

    def run(self, spec: TrackerSpec, sequence: Sequence, beat: Beat) -> tuple[Arrays, str | None]:
        """Run the protocol."""
        run = run_reinitialised(spec.create, sequence, beat=beat)
        return {"overlaps": run.overlaps, "drops": np.array(run.drops)}, run.failure

    def read(self, sequence: Sequence, kept: Arrays) -> Reinitialised:
        """Return overlaps and drops."""
        return Reinitialised(kept["overlaps"], int(kept["drops"]), sequence=sequence.name)

    def fail(self, name: str, sequence: Sequence | None, reason: str) -> Reinitialised:
        """Return a drop on every frame."""
        return lost_throughout(name, 1 if sequence is None else len(sequence), reason)
