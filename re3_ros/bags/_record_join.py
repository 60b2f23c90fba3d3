# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks from what a node published: its statuses, joined with the positions of the same images."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from re3_ros.errors import InputError
from re3_ros.tracking import stamp_of

from ._definitions import DETECTIONS_3D, STATUS
from ._messages import box_of
from ._reader import BagReader
from ._record import RowSink
from ._record_table import Position3D, TrackRow, track_row
from ._status_check import check_status

_log = logging.getLogger(__name__)

MOST_WAITING = 30
"""Statuses that wait at most for their positions; the oldest goes on without them."""


class StatusJoiner:
    """Rows from the messages TrackerStatus and Detection3DArray of one camera, in their order.

    The two come one after the other, or the second not at all: while ``expects_positions`` a status
    waits for the positions of its image until those of a later one come, or too many wait.
    """

    def __init__(self, expects_positions: bool = False) -> None:
        self.expects_positions = expects_positions
        self._held: deque[Any] = deque()
        self._positions: dict[int, dict[str, Position3D]] = {}

    def add_status(self, message: Any) -> list[TrackRow]:
        """Take a TrackerStatus; return the rows that are complete.

        Raises InputError for one that makes no sense, which is then left out.
        """
        check_status(message)
        self._held.append(message)
        return self._complete()

    def add_positions(self, message: Any) -> list[TrackRow]:
        """Take a Detection3DArray; return the rows that are complete.

        Raises InputError for one that makes no sense, which is then left out.
        """
        self.preload([message])
        self.expects_positions = True
        while len(self._positions) > MOST_WAITING:
            del self._positions[next(iter(self._positions))]
        return self._complete()

    def preload(self, messages: Iterable[Any]) -> None:
        """Take Detection3DArrays whose statuses are still to come, however many."""
        for message in messages:
            found = {d.id: _position_of(d.results[0].pose) for d in message.detections if d.results}
            self._positions[stamp_of(message.header)] = found

    def flush(self) -> list[TrackRow]:
        """Return the rows that still wait."""
        rows = [row for message in self._held for row in self._rows(message)]
        self._held.clear()
        self._positions.clear()
        return rows

    def _complete(self) -> list[TrackRow]:
        rows: list[TrackRow] = []
        latest = max(self._positions, default=-1)
        while self._held:
            stamp = stamp_of(self._held[0].header)
            wait = self.expects_positions and stamp not in self._positions and latest < stamp
            if wait and len(self._held) <= MOST_WAITING:
                break
            rows += self._rows(self._held.popleft())
        return rows

    def _rows(self, message: Any) -> list[TrackRow]:
        stamp, frame_id = stamp_of(message.header), message.header.frame_id
        positions = self._positions.pop(stamp, {})
        return [
            track_row(
                stamp,
                frame_id,
                message.camera,
                t.id,
                t.state,
                t.score,
                box_of(t.bbox),
                int(t.frames_since_init),
                positions.get(t.id),
            )
            for t in message.targets
        ]


def record_statuses(
    source: Path | str,
    table: RowSink,
    topic: str | None = None,
    positions: str | None = None,
    on_message: Callable[[], None] | None = None,
    on_refused: Callable[[InputError], None] | None = None,
) -> int:
    """Write the tracks that a node published, as a bag recorded them; return the statuses read.

    Messages that make no sense are left out; ``on_refused`` is called with the reason of each.

    ``topic`` has TrackerStatus (None: the only one in the bag), ``positions``, if given, the same
    camera's Detection3DArray. Raises SourceError if a topic is missing or of another type.
    """
    joiner, count = StatusJoiner(), 0
    refuse = on_refused or (lambda error: _log.warning("left out: %s", error))
    if positions is not None:
        with BagReader(source, positions, types={DETECTIONS_3D}) as reader:
            for recorded in reader:
                try:
                    joiner.preload([recorded.message()])
                except InputError as error:
                    refuse(error)
    with BagReader(source, topic, types={STATUS}) as reader:
        for recorded in reader:
            count += 1
            try:
                table.add(joiner.add_status(recorded.message()))
            except InputError as error:
                refuse(error)
            if on_message is not None:
                on_message()
    return count


def _position_of(pose: Any) -> Position3D:
    """Return the position in a geometry_msgs/PoseWithCovariance."""
    at, variance = pose.pose.position, pose.covariance
    spread = float(variance[0]), float(variance[7]), float(variance[14])
    between = float(variance[1]), float(variance[2]), float(variance[8])
    return Position3D((float(at.x), float(at.y), float(at.z)), spread, between)
