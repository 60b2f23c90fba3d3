# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What one camera counts from activation on."""

from __future__ import annotations

import threading
from collections import Counter


class Counts:
    """Counters that several threads may add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter[str] = Counter()

    def add(self, name: str, number: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counter[name] += number

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counter[name]
