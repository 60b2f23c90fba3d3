# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What waits for the worker: the newest frame of each camera."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

F = TypeVar("F")


class Mailbox(Generic[F]):
    """One slot a camera: a frame that finds its slot full replaces what is in it.

    So the worker never falls behind by more than one frame, and a fast camera cannot push others
    out. Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slots: dict[str, F] = {}
        self._closed = False

    def put(self, camera: str, frame: F) -> bool:
        """Leave a frame; return whether an older one of this camera was thrown away for it."""
        with self._changed:
            if self._closed:
                return True
            dropped = camera in self._slots
            self._slots[camera] = frame  # keeps its place: a fast camera cannot push in
            self._changed.notify()
        return dropped

    def take(self) -> list[F] | None:
        """Wait for a frame and return all that there are, one a camera; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._slots)
            if self._closed:
                return None
            frames = list(self._slots.values())
            self._slots.clear()
            return frames

    def close(self) -> None:
        """Forget what waits, and let `take` return at once from now on."""
        with self._changed:
            self._closed = True
            self._slots.clear()
            self._changed.notify_all()
