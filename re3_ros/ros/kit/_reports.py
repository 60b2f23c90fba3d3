# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of input that could not be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._counts import Counts
from ._throttle import Throttle

LONGEST = 1000
"""Characters of a line in the log."""


class Reports:
    """Throttled warnings, and the count of boxes rejected; for any thread."""

    def __init__(self, get_logger: Callable[[], Any]) -> None:
        self._get_logger = get_logger
        self._throttle = Throttle()
        self._counts = Counts()

    @property
    def boxes_rejected(self) -> int:
        """Number of boxes that could not be used."""
        return self._counts["boxes"]

    def reject_box(self, kind: str, reason: str) -> None:
        """Say why a box was rejected, then count it: a count never shows before its reason."""
        self.warn(kind, f"box rejected: {reason}")
        self._counts.add("boxes")

    def warn(self, key: str, text: str) -> None:
        """Log a warning, unless one of this key was just logged."""
        held_back = self._throttle.due(key)
        if held_back is not None:
            more = f" ({held_back} more like this since the last line)" if held_back else ""
            self._get_logger().warning(shorten(text) + more)

    def info(self, text: str) -> None:
        """Log what was done."""
        self._get_logger().info(shorten(text))


def shorten(text: str) -> str:
    """Return the text; of a very long one, such as with a name of megabytes in it, both ends."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}"
