# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What time it is for a camera: which images are taken, and which of their stamps are believed.

A clock keeps a trusted time, the stamp of the last image that it believes, and at most one doubtful
time beside it. A single stamp never moves the trusted time far: that takes images that follow it.
"Soon after" a time is from 0 to `Clock.reach` later. `RULE` is the whole rule, as it is documented.
"""

from __future__ import annotations

import enum
from collections import deque

import numpy as np

SECOND = 1_000_000_000
SHORTEST_REACH, LONGEST_REACH = SECOND, 60 * SECOND
"""ns; limits of what is soon after a time."""
PERIODS = 10
"""Periods of the camera that are soon, within these limits."""
RECENT = 16
"""Stamps of which the period is the median."""
FIRST, BACK, AHEAD = 2, 2, 10
"""Images in a row on a doubtful time until it is trusted: while there is none yet, if it is before
the trusted one, if it is after it."""


class Verdict(enum.Enum):
    """What becomes of an image and its stamp."""

    ON_TIME = "taken; time goes on"
    RETURNED = "taken; time goes on, and what was doubtful is forgotten"
    DOUBTED = "taken; its time is doubtful"
    BEGUN = "taken; its time is trusted"
    JUMPED_BACK = "taken; time has jumped back"
    JUMPED_AHEAD = "taken; time has jumped ahead"
    REJECTED = "rejected"


RULE = (
    ("soon after the trusted time, while another is doubtful", "any", Verdict.RETURNED),
    ("soon after the trusted time", "any", Verdict.ON_TIME),
    (f"number {FIRST} in a row on a doubtful time, none trusted", "any", Verdict.BEGUN),
    (f"number {BACK} in a row on a doubtful time before", "any", Verdict.JUMPED_BACK),
    (f"number {AHEAD} in a row on a doubtful time after", "any", Verdict.JUMPED_AHEAD),
    ("soon after the doubtful time", "any", Verdict.DOUBTED),
    ("before the trusted time", "reject", Verdict.REJECTED),
    ("any other", "any", Verdict.DOUBTED),
)
"""A stamp, the `time_jump` for which this is so, its verdict; the first row that fits counts."""


class Clock:
    """The time of one stream of stamps, in ns."""

    def __init__(self) -> None:
        self.trusted: int | None = None
        """The last stamp that is believed."""
        self.doubtful: int | None = None
        """The last stamp of a time that may yet prove to be the right one."""
        self._in_a_row = 0
        self._recent: deque[int] = deque(maxlen=RECENT)

    @property
    def heads(self) -> tuple[int, ...]:
        """The last stamps of all times that may be the right one."""
        return tuple(t for t in (self.trusted, self.doubtful) if t is not None)

    def reach(self) -> int:
        """Return how long after a time is soon: ten periods, from a second to a minute."""
        steps = np.diff(sorted(self._recent))
        moving = np.sort(steps[steps > 0])
        period = int(moving[(len(moving) - 1) // 2]) if len(moving) >= 3 else 0
        return min(max(PERIODS * period, SHORTEST_REACH), LONGEST_REACH)

    def take(self, stamp: int, back: bool) -> Verdict:
        """Take the stamp of the next image; ``back`` tells whether time may jump back."""
        verdict = self._judge(stamp, back)
        if verdict is not Verdict.REJECTED:
            self._recent.append(stamp)
        return verdict

    def _judge(self, stamp: int, back: bool) -> Verdict:
        reach = self.reach()
        if _is_soon(stamp, self.trusted, reach):
            verdict = Verdict.ON_TIME if self.doubtful is None else Verdict.RETURNED
            self._trust(stamp)
            return verdict
        if _is_soon(stamp, self.doubtful, reach):
            return self._go_on(stamp)
        if self.trusted is not None and stamp < self.trusted and not back:
            return Verdict.REJECTED
        self.doubtful, self._in_a_row = stamp, 1
        return Verdict.DOUBTED

    def _go_on(self, stamp: int) -> Verdict:
        """Take a stamp on the doubtful time."""
        needed, verdict = FIRST, Verdict.BEGUN
        if self.trusted is not None and stamp < self.trusted:
            needed, verdict = BACK, Verdict.JUMPED_BACK
        elif self.trusted is not None:
            needed, verdict = AHEAD, Verdict.JUMPED_AHEAD
        self.doubtful, self._in_a_row = stamp, self._in_a_row + 1
        if self._in_a_row < needed:
            return Verdict.DOUBTED
        self._trust(stamp)
        return verdict

    def _trust(self, stamp: int) -> None:
        self.trusted, self.doubtful, self._in_a_row = stamp, None, 0


def _is_soon(stamp: int, time: int | None, reach: int) -> bool:
    return time is not None and 0 <= stamp - time <= reach
