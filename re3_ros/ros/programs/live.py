# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 record --live`: the tracks of a running node as a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.executors import SingleThreadedExecutor

from re3_ros.bags import TrackTable
from re3_ros.errors import SourceError
from re3_ros.ros.kit import temporary_node

from ._listening import Listener


def record_live(
    table: TrackTable,
    namespace: str = "/",
    cameras: Sequence[str] = (),
    on_status: Callable[[Any], None] = lambda _status: None,
    stop: Callable[[], bool] = lambda: False,
    seconds: float | None = None,
) -> int:
    """Write the tracks that the tracker in ``namespace`` publishes, until ``stop`` or ``seconds``.

    ``cameras`` are the names of its cameras, if it has several. ``on_status`` is called with each
    TrackerStatus. Returns how many there were; raises SourceError if there was none.
    """
    count = 0

    def take(status: Any) -> None:
        nonlocal count
        count += 1
        on_status(status)

    end = None if seconds is None else time.monotonic() + seconds
    with temporary_node("re3_record", namespace=namespace) as node:
        prefixes = [f"{name}/" for name in cameras] or [""]
        listeners = [Listener(node, prefix, table.add, take) for prefix in prefixes]
        names = ", ".join(listener.topic for listener in listeners)
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        try:
            while not stop() and (end is None or time.monotonic() < end):
                executor.spin_once(timeout_sec=0.1)
            for listener in listeners:
                listener.flush()
        finally:
            executor.shutdown()
    if not count:
        raise SourceError(f"no status came on {names}; is the tracker active, and gets images?")
    return count
