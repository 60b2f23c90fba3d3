# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which stage a run is in, and its learning rate."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ._config import Plateau, Stage, TrainingConfig


@dataclass
class _Progress:
    """How far a run is in the schedule."""

    step: int = 0
    """Steps done in the whole run."""
    stage: int = 0
    within: int = 0
    """Steps done in the stage."""
    loss: float | None = None
    """Running mean of the loss in the stage."""
    best: float | None = None
    """Its lowest value that counted as progress."""
    best_at: int = 0
    """Steps done in the stage when it was reached."""


class Schedule:
    """Walks through the stages; one ends after its steps, or when its loss no longer falls."""

    def __init__(self, config: TrainingConfig) -> None:
        self.stages, self.drop = config.stages, config.drop
        self._progress = _Progress()

    @property
    def step(self) -> int:
        """Steps done in the whole run."""
        return self._progress.step

    @property
    def total(self) -> int:
        """Steps of the whole run if no stage to come ends early."""
        later = sum(s.steps for s in self.stages[self._progress.stage :])
        return self._progress.step - self._progress.within + later

    @property
    def stage(self) -> Stage | None:
        """The stage that the next step belongs to, None at the end."""
        index = self._progress.stage
        return self.stages[index] if index < len(self.stages) else None

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        stage = self.stages[self._progress.stage]
        start, end = stage.rate
        rate = start + (end - start) * self._progress.within / stage.steps
        dropped = self.drop is not None and self._progress.step >= self.drop.step
        return rate * self.drop.factor if self.drop is not None and dropped else rate

    def advance(self, loss: float) -> None:
        """Take note of a step that was done, and of its loss."""
        progress, stage = self._progress, self.stages[self._progress.stage]
        progress.step += 1
        progress.within += 1
        over = stage.plateau is not None and _on_plateau(progress, stage.plateau, loss)
        if over or progress.within >= stage.steps:
            self._progress = _Progress(progress.step, progress.stage + 1)

    def dump(self) -> str:
        """Return the progress as text, for `restore`."""
        return json.dumps(asdict(self._progress))

    def restore(self, step: int, text: str | None) -> None:
        """Go to where `dump` was called; without its text, to a step of stages of fixed length.

        Raises ValueError or TypeError for a text that is not `dump`'s.
        """
        if text is not None:
            values = json.loads(text)
            if "falling" in values:
                raise ValueError("it was run with --minutes, which is needed to go on")
            self._progress = _Progress(**values)
            return
        self._progress = _Progress(step)
        for stage in self.stages:
            if step < stage.steps:
                break
            step -= stage.steps
            self._progress.stage += 1
        self._progress.within = step


def _on_plateau(progress: _Progress, plateau: Plateau, loss: float) -> bool:
    """Take ``loss`` into the running mean; tell whether it has not fallen for long enough."""
    # As in Adam: a mean that starts at the first loss would keep it for 1 / (1 - smoothing) steps.
    decay = min(plateau.smoothing, progress.within / (10 + progress.within))
    progress.loss = loss if progress.loss is None else decay * progress.loss + (1 - decay) * loss
    if progress.best is None or progress.loss < progress.best * (1 - plateau.least):
        progress.best, progress.best_at = progress.loss, progress.within
    return progress.within - progress.best_at >= plateau.patience
