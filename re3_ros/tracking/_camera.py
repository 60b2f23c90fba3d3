# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of a session: its targets, its recent frames, its inbox and its counters."""

from __future__ import annotations

from numpy.typing import ArrayLike

from re3_ros.boxes import check_box
from re3_ros.errors import StampError, TargetError

from ._clock import SECOND, Clock, Verdict
from ._config import SessionConfig
from ._counters import Counters
from ._inbox import Batch, Inbox, Limits, Request, check_stamp
from ._ring import FrameRing
from ._sizes import keeps_aspect, size_of
from ._targets import TargetGroup
from ._types import Frame

LONGEST_NAME = 256
"""Characters of a target's id: it goes into every result."""


class Camera:
    """What a session keeps for one camera. All methods are quick; none runs the network."""

    def __init__(self, name: str, targets: TargetGroup, config: SessionConfig) -> None:
        self.name = name
        self.targets = targets
        self.config = config
        self.time_jump = config.time_jump
        self.counters = Counters()
        self.clock = Clock()
        self.inbox = Inbox()
        self.ring = FrameRing(
            config.ring_size, config.ring_megabytes * 2**20, round(config.stamp_tolerance * SECOND)
        )
        self.rejected: list[str] = []
        """Boxes that failed after they had been accepted, since the last result."""
        self.notes: list[str] = []
        """What befell the camera since the last result, and a user should know."""
        self.starting: set[str] = set()
        """Targets that the network is being run for, between inbox and ``targets``."""
        self._limits = Limits(config.max_ahead, config.max_side)
        self._doubted = 0
        """Frames taken since the clock was last sure."""
        self._before: set[str] = set()
        """Targets from before what may prove to be a jump back in time."""

    @property
    def ids(self) -> list[str]:
        """Names of the targets once the inbox is emptied."""
        running = [n for n in (*self.targets.ids, *self.starting) if n not in self.inbox.drops]
        return list(dict.fromkeys([*running, *self.inbox.starts]))

    def ask_start(self, name: str, box: ArrayLike, stamp: int, upcoming: bool) -> None:
        """Check a request to start a target and leave it in the inbox."""
        _check_name(name)
        if name not in self.ids and len(self.ids) >= self.config.max_targets:
            raise TargetError(
                f"target {name!r} would be one more than max_targets = {self.config.max_targets} "
                f"of camera {self.name!r}; drop one first",
                setting="max_targets",
            )
        after = self.ring.newest if upcoming else None
        request = Request(check_box(box), check_stamp(stamp), None, after)
        self.inbox.start(name, request.resolved(self.ring, self.clock.heads, self._limits))
        self._before.discard(name)

    def ask_drop(self, name: str) -> None:
        """Leave the end of a target in the inbox."""
        if name not in self.ids:
            raise TargetError(f"no target {name!r} on camera {self.name!r}; known are {self.ids}")
        self.inbox.drop(name)

    def ask_clear(self) -> None:
        """Leave the end of all targets in the inbox, and begin time anew."""
        for name in self.ids:
            self.inbox.drop(name)
        self.clock, self._doubted = Clock(), 0

    def admit(self, frame: Frame) -> None:
        """Remember a checked frame. Raises StampError if its time is over, see `Clock`."""
        newest, trusted = self.ring.newest, self.clock.trusted
        verdict = self.clock.take(frame.stamp, self.time_jump != "reject")
        if verdict is Verdict.REJECTED:
            assert trusted is not None
            raise StampError(
                f"frame of camera {self.name!r} is stamped {(trusted - frame.stamp) / SECOND:.3f} "
                f"s before the last one; {self.ring.describe()}",
                setting="time_jump",
            )
        self._follow(verdict, frame.stamp, trusted)
        if newest is not None and size_of(frame.image) != size_of(newest.image):
            self._change_size(newest, frame)
        self.ring.append(frame)

    def take_requests(self) -> Batch | None:
        """Drop what is to be dropped; return targets to be started now on one frame, if any.

        A start that comes after a drop of the same name is younger: `Inbox.drop` calls off older.
        """
        for name in self.inbox.take_drops():
            if name in self.targets.ids:
                self.targets.drop(name)
        batch, failures = self.inbox.take_batch(self.ring, self.clock.heads, self._limits)
        for error in failures:
            self.counters.reject("boxes", error)
            self.rejected.append(str(error))
        self.starting = set(batch.boxes) if batch else set()
        return batch

    def take_rejected(self) -> tuple[str, ...]:
        """Return and forget why boxes failed since the last result."""
        rejected, self.rejected = self.rejected, []
        return tuple(rejected)

    def take_notes(self) -> tuple[str, ...]:
        """Return and forget what befell the camera since the last result."""
        notes, self.notes = self.notes, []
        return tuple(notes)

    def _follow(self, verdict: Verdict, stamp: int, trusted: int | None) -> None:
        """Bring ring and targets in line with the clock, which had trusted a time until now."""
        if verdict is Verdict.DOUBTED:
            self._doubt(stamp, trusted)
            return
        if verdict is Verdict.RETURNED:
            self.counters.add("stamp_outliers")
            self.ring.forget_newest(self._doubted)
            self.notes.append(
                f"the stamps of {self._doubted} images were far from the {stamp / SECOND:.3f} s "
                "at which time goes on, and are not believed"
            )
        elif verdict is Verdict.JUMPED_BACK:
            self._jump_back(stamp, trusted)
        self._doubted = 0

    def _doubt(self, stamp: int, trusted: int | None) -> None:
        newest = self.ring.newest
        if trusted is None and newest is not None and stamp < newest.stamp:
            self.ring.clear()  # nothing there was ever sure
        elif trusted is not None and stamp < trusted and not self._doubted:
            self._before = set(self.ids)
        self._doubted += 1

    def _jump_back(self, stamp: int, trusted: int | None) -> None:
        assert trusted is not None
        self.counters.add("time_jumps")
        self.ring.keep_newest(self._doubted)
        gone = [name for name in self.ids if name in self._before]
        if self.time_jump == "clear":
            for name in gone:
                self.inbox.drop(name)
        what = f"dropped {gone}" if self.time_jump == "clear" else "the targets are kept"
        self.notes.append(
            f"time jumped back by {(trusted - stamp) / SECOND:.3f} s; time_jump is "
            f"{self.time_jump}: {what}"
        )

    def _change_size(self, old: Frame, new: Frame) -> None:
        self.counters.add("size_changes")
        before, after = size_of(old.image), size_of(new.image)
        change = "the images were {} x {} pixels and are {} x {}".format(*before, *after)
        if keeps_aspect(before, after):
            what = "the targets are scaled with them"
        else:
            what = "they may show another view, so the targets are searched for"
        self.notes.append(f"{change}: {what}")


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise TargetError(f"target id is {name!r}; expected text that is not empty")
    if len(name) > LONGEST_NAME:
        raise TargetError(
            f"target id {name[:20]!r}... has {len(name)} characters; expected at most "
            f"{LONGEST_NAME}"
        )
