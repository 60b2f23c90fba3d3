# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of a session: its targets, its recent frames, its inbox and its counters."""

from __future__ import annotations

from numpy.typing import ArrayLike

from re3_ros.boxes import check_box
from re3_ros.errors import StampError, TargetError

from ._config import SessionConfig
from ._counters import Counters
from ._inbox import Batch, Inbox, Request, check_stamp
from ._ring import SECOND, FrameRing
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
        self.counters = Counters()
        self.inbox = Inbox()
        self.ring = FrameRing(
            config.ring_size, config.ring_megabytes * 2**20, round(config.stamp_tolerance * SECOND)
        )
        self.rejected: list[str] = []
        """Boxes that failed after they had been accepted, since the last result."""
        self.starting: set[str] = set()
        """Targets that the network is being run for, between inbox and ``targets``."""

    @property
    def ids(self) -> list[str]:
        """Names of the targets once the inbox is emptied."""
        running = [n for n in (*self.targets.ids, *self.starting) if n not in self.inbox.drops]
        return list(dict.fromkeys([*running, *self.inbox.starts]))

    def ask_start(self, name: str, box: ArrayLike, stamp: int) -> None:
        """Check a request to start a target and leave it in the inbox."""
        _check_name(name)
        if name not in self.ids and len(self.ids) >= self.config.max_targets:
            raise TargetError(
                f"target {name!r} would be one more than max_targets = {self.config.max_targets} "
                f"of camera {self.name!r}; drop one first"
            )
        request = Request(check_box(box), check_stamp(stamp), None)
        self.inbox.start(name, request.resolved(self.ring, self.config.max_ahead))

    def ask_drop(self, name: str) -> None:
        """Leave the end of a target in the inbox."""
        if name not in self.ids:
            raise TargetError(f"no target {name!r} on camera {self.name!r}; known are {self.ids}")
        self.inbox.drop(name)

    def ask_clear(self) -> None:
        """Leave the end of all targets in the inbox."""
        for name in self.ids:
            self.inbox.drop(name)

    def admit(self, frame: Frame) -> None:
        """Remember a checked frame. Raises StampError if it is older than the last."""
        newest = self.ring.newest
        if newest is not None and frame.stamp < newest.stamp:
            self._jump_back(frame.stamp, newest.stamp)
        if newest is not None and frame.image.shape != newest.image.shape:
            self.counters.add("size_changes")
        self.ring.append(frame)

    def take_requests(self) -> Batch | None:
        """Drop what is to be dropped; return targets to be started now on one frame, if any.

        A start that comes after a drop of the same name is younger: `Inbox.drop` calls off older.
        """
        for name in self.inbox.take_drops():
            if name in self.targets.ids:
                self.targets.drop(name)
        batch, failures = self.inbox.take_batch(self.ring, self.config.max_ahead)
        for error in failures:
            self.counters.reject("boxes", error)
            self.rejected.append(str(error))
        self.starting = set(batch.boxes) if batch else set()
        return batch

    def take_rejected(self) -> tuple[str, ...]:
        """Return and forget why boxes failed since the last result."""
        rejected, self.rejected = self.rejected, []
        return tuple(rejected)

    def _jump_back(self, stamp: int, last: int) -> None:
        if self.config.time_jump == "reject":
            raise StampError(
                f"frame of camera {self.name!r} is stamped {(last - stamp) / SECOND:.3f} s before "
                f"the last one; {self.ring.describe()}, or set time_jump to clear or continue"
            )
        self.counters.add("time_jumps")
        self.ring.clear()
        if self.config.time_jump == "clear":
            self.ask_clear()


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise TargetError(f"target id is {name!r}; expected text that is not empty")
    if len(name) > LONGEST_NAME:
        raise TargetError(
            f"target id {name[:20]!r}... has {len(name)} characters; expected at most "
            f"{LONGEST_NAME}"
        )
