# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which stage a run is in, and its learning rate."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ._config import Plateau, Stage, TrainingConfig


@dataclass
class _Place:
    """Where in the schedule a run is."""

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
        self._place = _Place()

    @property
    def step(self) -> int:
        """Steps done in the whole run."""
        return self._place.step

    @property
    def total(self) -> int:
        """Steps of the whole run if no stage to come ends early."""
        later = sum(s.steps for s in self.stages[self._place.stage :])
        return self._place.step - self._place.within + later

    @property
    def stage(self) -> Stage | None:
        """The stage that the next step belongs to, None at the end."""
        index = self._place.stage
        return self.stages[index] if index < len(self.stages) else None

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        stage = self.stages[self._place.stage]
        start, end = stage.rate
        rate = start + (end - start) * self._place.within / stage.steps
        dropped = self.drop is not None and self._place.step >= self.drop.step
        return rate * self.drop.factor if self.drop is not None and dropped else rate

    def advance(self, loss: float) -> None:
        """Take note of a step that was done, and of its loss."""
        place, stage = self._place, self.stages[self._place.stage]
        place.step += 1
        place.within += 1
        over = stage.plateau is not None and _on_plateau(place, stage.plateau, loss)
        if over or place.within >= stage.steps:
            self._place = _Place(place.step, place.stage + 1)

    def dump(self) -> str:
        """Return the place as text, for `restore`."""
        return json.dumps(asdict(self._place))

    def restore(self, step: int, text: str | None) -> None:
        """Go to where `dump` was called; without its text, to a step of stages of fixed length.

        Raises ValueError or TypeError for a text that is not `dump`'s.
        """
        if text is not None:
            self._place = _Place(**json.loads(text))
            return
        self._place = _Place(step)
        for stage in self.stages:
            if step < stage.steps:
                break
            step -= stage.steps
            self._place.stage += 1
        self._place.within = step


def _on_plateau(place: _Place, plateau: Plateau, loss: float) -> bool:
    """Take ``loss`` into the running mean; tell whether it has not fallen for long enough."""
    # As in Adam: a mean that starts at the first loss would keep it for 1 / (1 - smoothing) steps.
    decay = min(plateau.smoothing, place.within / (10 + place.within))
    place.loss = loss if place.loss is None else decay * place.loss + (1 - decay) * loss
    if place.best is None or place.loss < place.best * (1 - plateau.least):
        place.best, place.best_at = place.loss, place.within
    return place.within - place.best_at >= plateau.patience
