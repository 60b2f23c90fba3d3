# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What was raised where nobody expected it, and which of it means that the device is gone."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from ._device import device_fault
from ._throttle import Throttle


class Faults:
    """Logs each kind of exception once with its trace, then now and then in a line; counts all.

    A kind is where it was caught, its type, and the line that raised it. ``on_device`` is called
    with the reason when an exception tells that the device of the network cannot be used any more.
    Every method may be called from any thread.
    """

    def __init__(
        self,
        get_logger: Callable[[], Any],
        on_device: Callable[[str], None] | None = None,
    ) -> None:
        self._get_logger = get_logger
        self._on_device = on_device
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._throttle = Throttle()

    @property
    def count(self) -> int:
        """Number of exceptions so far."""
        with self._lock:
            return self._counts.total()

    def note(self, where: str, error: Exception) -> None:
        """Log and count an exception, caught while doing ``where``."""
        key = f"{where}: {type(error).__name__} {_origin(error)}"
        with self._lock:  # held while logging: a count never shows before its reason
            self._counts[key] += 1
            times, due = self._counts[key], self._throttle.due(key) is not None
            if times == 1:
                trace = "".join(traceback.format_exception(error))
                self._get_logger().error(f"{where} raised, which is a defect; going on:\n{trace}")
            elif due:
                self._get_logger().warning(f"{where} raised again, {times} times now: {error!r}")
        reason = device_fault(error)
        if reason and self._on_device:
            self._on_device(reason)

    def guard(self, where: str, work: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return ``work`` that hands what it raises to `note`: the next call is another chance."""

        def guarded(argument: Any) -> None:
            try:
                work(argument)
            except Exception as error:  # noqa: BLE001, it would end a thread
                self.note(where, error)

        return guarded


def _origin(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
