# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks as a running node publishes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from vision_msgs.msg import Detection3DArray

from re3_ros.bags import StatusJoiner, TrackRow
from re3_ros.errors import InputError
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import QUEUE_DEPTH, Reports


class Listener:
    """Subscribes to one camera's ``status`` and ``detections_3d``, and hands rows on.

    ``prefix`` stands before both names, such as ``left/``. ``on_status`` gets every status
    that makes sense,
    ``on_rows`` the rows of those that are complete, in order. Messages that make no sense are left
    out, with a warning.
    """

    def __init__(
        self,
        node: Node,
        prefix: str,
        on_rows: Callable[[Sequence[TrackRow]], None],
        on_status: Callable[[Any], None] = lambda _status: None,
    ) -> None:
        self._node = node
        self._joiner = StatusJoiner()
        self._reports = Reports(node.get_logger)
        self._on_rows = on_rows
        self._on_status = on_status
        self._status = node.create_subscription(
            TrackerStatus, f"{prefix}status", self._take_status, QUEUE_DEPTH
        )
        self._positions = node.create_subscription(
            Detection3DArray, f"{prefix}detections_3d", self._take_positions, QUEUE_DEPTH
        )

    @property
    def topic(self) -> str:
        """Full name of the topic of statuses."""
        return str(self._status.topic_name)

    def flush(self) -> None:
        """Hand on the rows that wait for 3D positions."""
        self._hand_on(self._joiner.flush())

    def close(self) -> None:
        """Destroy the subscriptions."""
        self._node.destroy_subscription(self._status)
        self._node.destroy_subscription(self._positions)

    def _take_status(self, message: Any) -> None:
        if not self._joiner.expects_positions:
            there = self._node.count_publishers(self._positions.topic_name)
            self._joiner.expects_positions = there > 0
        try:
            rows = self._joiner.add_status(message)
        except InputError as error:
            self._reports.warn("status", f"a status is left out: {error}")
            return
        self._on_status(message)
        self._hand_on(rows)

    def _take_positions(self, message: Any) -> None:
        try:
            rows = self._joiner.add_positions(message)
        except InputError as error:
            self._reports.warn("positions", f"3D positions are left out: {error}")
            return
        self._hand_on(rows)

    def _hand_on(self, rows: Sequence[TrackRow]) -> None:
        if rows:
            self._on_rows(rows)
