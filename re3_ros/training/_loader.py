# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The batches of a run in their order, prepared ahead by a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType

import numpy as np
from typing_extensions import Self

from re3_ros.simulation import Track

from ._carry import CarrySchedule, TrackPart
from ._choices import Choices, UnrollPlan, draw_choices
from ._config import Stage, TrainingConfig
from ._data import TrainingData
from ._parallel import ProcessGroup
from ._unroll import Batch

Prepare = Callable[[Batch], Batch]
_NONE = (None,)


class Loader:
    """Draws the batch of a step, and those of the steps after it while that one is trained on."""

    def __init__(
        self, config: TrainingConfig, data: TrainingData, group: ProcessGroup, prepare: Prepare
    ) -> None:
        """``prepare`` is applied to a batch that is drawn ahead, in the thread that drew it."""
        self.config, self.data, self.group, self.prepare = config, data, group, prepare
        self._thread = ThreadPoolExecutor(1, "loader")
        self._ahead: deque[tuple[int, Stage, Future[Batch]]] = deque()
        self._schedules: dict[int, CarrySchedule] = {}
        self._tracks: dict[int, tuple[tuple[Stage, int], Track, Choices]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def batch(self, stage: Stage, step: int) -> Batch:
        """Return this process's part of a step; the same whether it was drawn ahead or not."""
        while self._ahead and self._ahead[0][:2] != (step, stage):
            self._ahead.popleft()[2].cancel()  # of a stage that has ended early
        now = self._ahead.popleft()[2].result() if self._ahead else self._draw(stage, step)
        # A stage may end early; what comes after it is not drawn ahead.
        for later in range(step + 1 + len(self._ahead), step + 1 + self.config.prefetch):
            self._ahead.append((later, stage, self._thread.submit(self._prepared, stage, later)))
        return now

    def _prepared(self, stage: Stage, step: int) -> Batch:
        return self.prepare(self._draw(stage, step))

    def _draw(self, stage: Stage, step: int) -> Batch:
        part = self.group.part(stage.batch)
        rng, plan = np.random.default_rng([self.config.seed, step, 1]), self.config.plan(stage)
        choices = draw_choices(plan, rng, stage.batch, stage.unroll).part(part)
        if stage.carry:
            return self._carry_on(stage, step, plan, choices)
        tracks = self.data.batch(self.config, stage, step, part)
        return Batch(tracks, plan, choices, stage.unroll, np.zeros(len(tracks), np.int64))

    def _carry_on(self, stage: Stage, step: int, plan: UnrollPlan, choices: Choices) -> Batch:
        """Return the next parts of tracks that go on over several steps."""
        slots = range(stage.batch)[self.group.part(stage.batch)]
        long = max(1, stage.carry // (stage.unroll - 1))
        schedule = self._schedules.setdefault(long, CarrySchedule(self.config.seed, long))
        parts = {slot: schedule.at(slot, step) for slot in slots}
        new = [s for s, at in parts.items() if self._tracks.get(s, _NONE)[0] != (stage, at.track)]
        self._begin(stage, plan, {slot: parts[slot] for slot in new})
        current = [self._tracks[slot] for slot in slots]
        whole = {
            name: np.concatenate([getattr(drawn, name) for *_, drawn in current])
            for name in ("self_training", "cover", "noisy", "mirrored")
        }
        starts = np.array([at.part * (stage.unroll - 1) for at in parts.values()])
        key = (step, stage.batch, stage.unroll, stage.carry)
        tracks = [track for _, track, _ in current]
        return Batch(tracks, plan, replace(choices, **whole), stage.unroll, starts, key)

    def _begin(self, stage: Stage, plan: UnrollPlan, slots: dict[int, TrackPart]) -> None:
        """Draw the tracks that slots are at now, and how each is followed to its end."""
        seeds = [[self.config.seed, slot, at.track] for slot, at in slots.items()]
        streams = [np.random.default_rng([*seed, 5]) for seed in seeds]
        lengths = [at.parts * (stage.unroll - 1) + 1 for at in slots.values()]
        tracks = self.data.tracks(self.config, streams, lengths)
        for seed, (slot, at), track in zip(seeds, slots.items(), tracks, strict=True):
            drawn = draw_choices(plan, np.random.default_rng([*seed, 6]), 1, 2)
            self._tracks[slot] = (stage, at.track), track, drawn
