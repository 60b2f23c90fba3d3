# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""When a target is NEW, TRACKING, UNCERTAIN or LOST.

Every frame gives one look at a target, and a look is one of five kinds:

========  ==============================================================================
SURE      SEEN, and score >= ``found_threshold``
SEEN      box is good, score >= ``visible_threshold``
UNCLEAR   box is good, score between the thresholds: no reason to change anything
UNSEEN    box is good, score < ``uncertain_threshold``
FAILED    box is not good: not finite, inverted, under 2 pixels, beside the image, or larger
          than ``max_side`` images
========  ==============================================================================

::

                 SEEN                  uncertain_frames x UNSEEN in a row
       NEW ----------------> TRACKING ------------------------------------+
        |                     ^    ^                                      v
        |                     |    +------------------ SEEN --------- UNCERTAIN
        |                     |                                         ^ |
        |  found_frames x SEEN in a row, the last one SURE              | |
        |                     |                                         | |
        |                   LOST <---- lost_frames in UNCERTAIN --------|-+
        |                     ^                                         |
        |                     +----- FAILED, from any state             |
        +--------- uncertain_frames x UNSEEN in a row ------------------+

SURE is SEEN as well. A search takes many looks, and among many one is wrong that would not be
alone: hence more is asked for to end it.

The gap between the two thresholds and the counts are the hysteresis: a score that hovers around
one value does not make the state flicker. A network without a visibility output scores 1 where
the box is good, hence knows only SEEN and FAILED, NEW, TRACKING and LOST.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from ._config import SessionConfig
from ._types import TargetState


class Look(enum.Enum):
    """What one look at a target was worth."""

    SURE = enum.auto()
    SEEN = enum.auto()
    UNCLEAR = enum.auto()
    UNSEEN = enum.auto()
    FAILED = enum.auto()

    @property
    def seen(self) -> bool:
        """Whether it is SEEN or SURE."""
        return self in (Look.SURE, Look.SEEN)


def judge(score: float, good: bool, config: SessionConfig) -> Look:
    """Return the kind of a look."""
    if not good:
        return Look.FAILED
    if score >= config.visible_threshold:
        return Look.SURE if score >= config.found_threshold else Look.SEEN
    return Look.UNSEEN if score < config.uncertain_threshold else Look.UNCLEAR


@dataclass(frozen=True)
class Health:
    """State of one target and what its next change depends on."""

    state: TargetState = TargetState.NEW
    frames: int = 0
    """Frames since the state was entered."""
    streak: int = 0
    """Looks in a row that speak for leaving it: UNSEEN, or SEEN while LOST."""

    def after(self, look: Look, config: SessionConfig) -> Health:
        """Return the health after one more look."""
        counts = look.seen if self.state is TargetState.LOST else look is Look.UNSEEN
        streak = self.streak + 1 if counts else 0
        state = self._next(look, streak, config)
        if state is not self.state:
            return Health(state)
        return replace(self, frames=self.frames + 1, streak=streak)

    def _next(self, look: Look, streak: int, config: SessionConfig) -> TargetState:
        if self.state is TargetState.LOST:
            found = look is Look.SURE and streak >= config.found_frames
            return TargetState.TRACKING if found else self.state
        if look is Look.FAILED:
            return TargetState.LOST
        if look.seen:
            return TargetState.TRACKING
        if self.state is TargetState.UNCERTAIN:
            expired = self.frames + 1 >= config.lost_frames
            return TargetState.LOST if expired else self.state
        return TargetState.UNCERTAIN if streak >= config.uncertain_frames else self.state
