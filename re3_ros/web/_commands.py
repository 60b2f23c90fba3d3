# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What people ask for, checked and handed on to whoever tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from re3_ros.boxes import check_box, clip
from re3_ros.errors import CameraError, InputError, TargetError

from ._feed import Feed
from ._protocol import Command, Drop, Rename, Start
from ._tracking import Tracking

DEFAULT_NAME = "target"


class Commands:
    """Does the commands of all clients."""

    def __init__(self, feeds: Mapping[str, Feed], tracking: Tracking) -> None:
        self._feeds, self._tracking = feeds, tracking

    def feed(self, camera: str) -> Feed:
        """Return a camera's feed. Raises CameraError."""
        if camera not in self._feeds:
            raise CameraError(f"no camera {camera[:80]!r}; there are {list(self._feeds)}")
        return self._feeds[camera]

    def do(self, command: Command) -> str:
        """Do a command and return what was done, for the person. Raises InputError."""
        feed = self.feed(command.camera)
        if isinstance(command, Start):
            return self._start(command, feed)
        known = self._tracking.targets(command.camera)
        if command.name not in known:
            raise TargetError(f"no target {command.name[:80]!r}; there are {_listed(known)}")
        if isinstance(command, Drop):
            self._tracking.drop(command.camera, command.name)
            return f"{command.name} dropped"
        return _rename(command, feed)

    def _start(self, command: Start, feed: Feed) -> str:
        if feed.size is None:
            raise InputError(
                f"camera {command.camera!r} has shown no image yet: wait for one, and draw on it"
            )
        # What lies outside is cut off; what has nothing inside is named as it came.
        given = check_box(check_box(command.box), *feed.size)
        box = check_box(clip(given, *feed.size))
        name = command.name or _free(self._tracking.targets(command.camera))
        self._tracking.start(command.camera, name, box, command.stamp)
        return f"following {name}"


def _rename(command: Rename, feed: Feed) -> str:
    label = command.label or command.name
    feed.labels.pop(command.name, None)
    if label != command.name:
        feed.labels[command.name] = label
    feed.touch()
    return f"{command.name} is shown as {label}"


def _free(taken: Sequence[str]) -> str:
    """Return the first of target, target2, target3 ... that no target has."""
    names = (DEFAULT_NAME if i == 1 else f"{DEFAULT_NAME}{i}" for i in count(1))
    return next(name for name in names if name not in taken)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
