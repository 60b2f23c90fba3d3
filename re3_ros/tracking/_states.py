# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""When a target is NEW, TRACKING, UNCERTAIN or LOST.

Every frame is one step of the network, and a step gives one of five kinds of evidence:

========  ==============================================================================
SURE      SEEN, and score >= ``found_threshold``
SEEN      box is valid, score >= ``visible_threshold``
UNCLEAR   box is valid, score between the thresholds: no reason to change anything
UNSEEN    box is valid, score < ``uncertain_threshold``
FAILED    box is not valid: not finite, inverted, under 2 pixels, beside the image, or larger
          than ``max_side`` images; its score is 0
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

SURE is SEEN as well. For a lost target many steps are taken, and among many one is wrong that would
not be alone: hence more is asked for to call it found.

The gap between the two thresholds and the counts are the hysteresis: a score that hovers around
one value does not make the state flicker. A network without a visibility output scores 1 where
the box is valid, hence knows only SEEN and FAILED, NEW, TRACKING and LOST.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from ._config import SessionConfig
from ._types import TargetState


class Evidence(enum.Enum):
    """What one step says of whether the target is in its box."""

    SURE = enum.auto()
    SEEN = enum.auto()
    UNCLEAR = enum.auto()
    UNSEEN = enum.auto()
    FAILED = enum.auto()

    @property
    def seen(self) -> bool:
        """Whether it is SEEN or SURE."""
        return self in (Evidence.SURE, Evidence.SEEN)


def judge(score: float, valid: bool, config: SessionConfig) -> Evidence:
    """Return the evidence in a score and a box that is valid or not."""
    if not valid:
        return Evidence.FAILED
    if score >= config.visible_threshold:
        return Evidence.SURE if score >= config.found_threshold else Evidence.SEEN
    return Evidence.UNSEEN if score < config.uncertain_threshold else Evidence.UNCLEAR


@dataclass(frozen=True)
class Health:
    """State of one target and what its next change depends on."""

    state: TargetState = TargetState.NEW
    frames: int = 0
    """Frames since the state was entered."""
    streak: int = 0
    """Steps in a row that speak for leaving it: UNSEEN, or SEEN while LOST."""

    def after(self, evidence: Evidence, config: SessionConfig) -> Health:
        """Return the health after one more step."""
        counts = evidence.seen if self.state is TargetState.LOST else evidence is Evidence.UNSEEN
        streak = self.streak + 1 if counts else 0
        state = self._next(evidence, streak, config)
        if state is not self.state:
            return Health(state)
        return replace(self, frames=self.frames + 1, streak=streak)

    def _next(self, evidence: Evidence, streak: int, config: SessionConfig) -> TargetState:
        if self.state is TargetState.LOST:
            found = evidence is Evidence.SURE and streak >= config.found_frames
            return TargetState.TRACKING if found else self.state
        if evidence is Evidence.FAILED:
            return TargetState.LOST
        if evidence.seen:
            return TargetState.TRACKING
        if self.state is TargetState.UNCERTAIN:
            expired = self.frames + 1 >= config.lost_frames
            return TargetState.LOST if expired else self.state
        return TargetState.UNCERTAIN if streak >= config.uncertain_frames else self.state
