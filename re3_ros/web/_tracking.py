# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is behind the page: a session or a node that tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from re3_ros.boxes import Boxes
from re3_ros.tracking import TrackingSession


class Tracking(Protocol):
    """What the page asks for. Every call is quick, from the server's thread, and raises InputError
    for what cannot be done."""

    def targets(self, camera: str) -> Sequence[str]:
        """Return the ids of a camera's targets, those just started included."""

    def start(self, camera: str, name: str, box: Boxes, stamp: int) -> None:
        """Start a target, or start it anew, at ``box`` (4,) on the image of that stamp (ns)."""

    def drop(self, camera: str, name: str) -> None:
        """End a target."""


class SessionTracking:
    """A session behind the page, in the same process."""

    def __init__(self, session: TrackingSession) -> None:
        self._session = session

    def targets(self, camera: str) -> Sequence[str]:
        """Do as `Tracking` says."""
        return self._session.targets(camera)

    def start(self, camera: str, name: str, box: Boxes, stamp: int) -> None:
        """Do as `Tracking` says."""
        self._session.initialise(camera, name, box, stamp)

    def drop(self, camera: str, name: str) -> None:
        """Do as `Tracking` says."""
        self._session.drop(camera, name)
