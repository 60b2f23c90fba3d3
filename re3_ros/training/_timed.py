# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A run that has so many minutes: it warms up, holds the rate, and lets it fall by the clock."""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import Self

from re3_ros.errors import ConfigError

from ._config import Stage, TrainingConfig

WARM = 0.04
"""Share of the time in which the rate rises."""
FALL = 1 / 3
"""Share of the time, the last, in which it falls."""
LEAST = 1e-3
"""Of the rate that is held, what it rises from and falls to."""
_RECENT = 8
"""Steps that tell how long the next one takes."""


def seconds_since_start() -> float:
    """Return for how long this process has run, imports included; 0 where the system won't tell.

    Below torchrun it is the time since that was started.
    """
    process = os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else os.getpid()
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        began = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # proc(5): starttime, the 22nd field
        return max(0.0, float(Path("/proc/uptime").read_text().split()[0]) - began)
    except (OSError, ValueError, IndexError):
        return 0.0


@dataclass(frozen=True)
class Deadline:
    """When a run has to be over."""

    minutes: float
    """That the run has in all."""
    end: float
    """As `time.monotonic` counts."""

    @classmethod
    def after(cls, minutes: float) -> Self:
        """Return the deadline of a command that has ``minutes`` from its start."""
        return cls(minutes, time.monotonic() - seconds_since_start() + 60 * minutes)

    @property
    def left(self) -> float:
        """Seconds to it."""
        return self.end - time.monotonic()

    def check_start(self, left: float) -> None:
        """Raise ConfigError if ``left`` seconds for steps are less than half of all."""
        spent = 60 * self.minutes - left
        if spent > 30 * self.minutes:
            raise ConfigError(
                f"--minutes {self.minutes:g} is too short: {spent:.0f} seconds go by without a "
                f"step (start, first and last validation); give {math.ceil(spent / 30)} or more"
            )


@dataclass
class TimedSchedule:
    """Walks through the stages by the clock, whatever a step takes.

    The stages share the time before the fall in proportion to their ``steps``; the last one goes on
    during the fall. The rate held is the highest of the stage. Raises ConfigError for a
    configuration whose stages end, or whose rate drops, at a step.
    """

    config: TrainingConfig
    step: int = 0
    """Steps done in the whole run."""
    _whole: float = 0.0
    """Seconds from the first step to the end of the last one."""
    _left: float = 0.0
    """Seconds to the end of the last step."""
    _fell: bool = False
    """Whether a step was done at a falling rate."""
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """Seconds of the latest steps."""

    def __post_init__(self) -> None:
        """Refuse what counts steps."""
        if self.config.drop or any(stage.plateau for stage in self.config.stages):
            raise ConfigError(
                "`plateau` and `drop` go by steps and losses, --minutes by the clock; take them "
                "out of the configuration, or leave --minutes out"
            )

    def tick(self, left: float, step: float, end: float) -> None:
        """Take note of the time, before every step.

        ``left`` seconds remain in all, the last ``step`` took so many (0 before the first), and
        the ``end``, its save and its validation, will take so many.
        """
        if step:
            self._steps.append(step)
        self._left = left - end
        self._whole = self._whole or self._left

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages."""
        return self.config.stages

    @property
    def done(self) -> float:
        """The share of the time that has passed, 0 to 1."""
        return 1 - max(0.0, self._left) / self._whole if self._whole > 0 else 0.0

    @property
    def falling(self) -> bool:
        """Whether the rate falls."""
        return self.done >= 1 - FALL

    @property
    def stage(self) -> Stage | None:
        """The stage that the next step belongs to, None where no step fits in any more."""
        if self._left < self._longest:
            return None
        reached = self.done / (1 - FALL) * sum(stage.steps for stage in self.stages)
        for stage in self.stages:
            reached -= stage.steps
            if reached < 0:
                return stage
        return self.stages[-1]

    @property
    def rate(self) -> float:
        """The learning rate of the next step: what it is to be at that step's end, if that takes as
        long as the longest of late. So it has fallen when no step fits in any more."""
        stage = self.stage or self.stages[-1]
        done = self.done + self._longest / self._whole
        part = min(1.0, done / WARM, (1 - done) / FALL)
        return max(stage.rate) * max(part, LEAST)

    @property
    def total(self) -> int:
        """Steps of the whole run at the present pace."""
        return self.step + round(max(0.0, self._left) / max(self._pace, 1e-3))

    @property
    def _longest(self) -> float:
        """Seconds that the longest of the latest steps took; 0 before the second."""
        return max(self._steps, default=0.0)

    @property
    def _pace(self) -> float:
        """Seconds that a step takes; 0 before the second."""
        return sum(self._steps) / len(self._steps) if self._steps else 0.0

    def advance(self, loss: float) -> None:
        """Take note of a step that was done."""
        del loss  # it does not end a stage
        self.step += 1
        self._fell |= self.falling

    def dump(self) -> str:
        """Return the progress as text, for `restore`."""
        return json.dumps({"step": self.step, "falling": self._fell})

    def restore(self, step: int, text: str | None) -> None:
        """Go on counting from a step; what time there is, is that of this run."""
        del text
        self.step = step
