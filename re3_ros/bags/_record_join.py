# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks from what a node published: its statuses, joined with the places of the same images."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ._definitions import DETECTIONS_3D, STATUS
from ._messages import box_of, stamp_of
from ._reader import BagReader
from ._record_table import Spot, Track, TrackTable, track

HELD = 30
"""Statuses that wait at most for their places; the oldest goes on without them."""


class StatusJoiner:
    """Rows from the messages TrackerStatus and Detection3DArray of one camera, in their order.

    The two come one after the other, or the second not at all: while ``expects_places`` a status
    waits for the places of its image until those of a later one come, or too many wait.
    """

    def __init__(self, expects_places: bool = False) -> None:
        self.expects_places = expects_places
        self._held: deque[Any] = deque()
        self._places: dict[int, dict[str, Spot]] = {}

    def add_status(self, message: Any) -> list[Track]:
        """Take a TrackerStatus; return the rows that are complete."""
        self._held.append(message)
        return self._complete()

    def add_places(self, message: Any) -> list[Track]:
        """Take a Detection3DArray; return the rows that are complete."""
        self.expects_places = True
        self.know([message])
        while len(self._places) > HELD:
            del self._places[next(iter(self._places))]
        return self._complete()

    def know(self, messages: Iterable[Any]) -> None:
        """Take Detection3DArrays whose statuses are still to come, however many."""
        for message in messages:
            found = {d.id: _spot(d.results[0].pose) for d in message.detections if d.results}
            self._places[stamp_of(message.header)] = found

    def flush(self) -> list[Track]:
        """Return the rows that still wait."""
        rows = [row for message in self._held for row in self._rows(message)]
        self._held.clear()
        self._places.clear()
        return rows

    def _complete(self) -> list[Track]:
        rows: list[Track] = []
        latest = max(self._places, default=-1)
        while self._held:
            stamp = stamp_of(self._held[0].header)
            wait = self.expects_places and stamp not in self._places and latest < stamp
            if wait and len(self._held) <= HELD:
                break
            rows += self._rows(self._held.popleft())
        return rows

    def _rows(self, message: Any) -> list[Track]:
        stamp, frame_id = stamp_of(message.header), message.header.frame_id
        spots = self._places.pop(stamp, {})
        return [
            track(
                stamp,
                frame_id,
                message.camera,
                t.id,
                t.state,
                t.score,
                box_of(t.bbox),
                int(t.frames_since_init),
                spots.get(t.id),
            )
            for t in message.targets
        ]


def record_statuses(
    source: Path | str,
    table: TrackTable,
    topic: str | None = None,
    places: str | None = None,
    on_message: Callable[[], None] | None = None,
) -> int:
    """Write the tracks that a node published, as a bag recorded them; return the statuses read.

    ``topic`` has TrackerStatus (None: the only one in the bag), ``places``, if given, the same
    camera's Detection3DArray. Raises SourceError if a topic is missing or of another type.
    """
    joiner, count = StatusJoiner(), 0
    if places is not None:
        with BagReader(source, places, types={DETECTIONS_3D}) as reader:
            joiner.know([recorded.message() for recorded in reader])
    with BagReader(source, topic, types={STATUS}) as reader:
        for recorded in reader:
            count += 1
            table.add(joiner.add_status(recorded.message()))
            if on_message is not None:
                on_message()
    return count


def _spot(pose: Any) -> Spot:
    """Return the place in a geometry_msgs/PoseWithCovariance."""
    at, variance = pose.pose.position, pose.covariance
    spread = float(variance[0]), float(variance[7]), float(variance[14])
    return Spot((float(at.x), float(at.y), float(at.z)), spread)
