# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A bag with images in, a table of tracks out, in space too where the bag has depth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from numpy.typing import ArrayLike

from re3_ros.errors import InputError
from re3_ros.images import Image
from re3_ros.tracking import FrameResult, TrackingSession

from ._pass import BagPass, PassSummary
from ._reader import BagReader, RecordedMessage
from ._record_depth import BagDepth, DepthTopics
from ._record_table import TrackRow, track_row


class RowSink(Protocol):
    """What takes rows, such as a `TrackTable`."""

    def add(self, rows: Iterable[TrackRow]) -> None:
        """Take rows."""


class TrackedImage(NamedTuple):
    """An image and what was found in it."""

    image: Image
    """uint8 (H, W, 3) RGB."""
    stamp: int
    """ns."""
    logged: int
    """When it was recorded, ns."""
    rows: list[TrackRow]


@dataclass
class RecordSummary(PassSummary):
    """What became of the images of a bag, and how many rows that made."""

    rows: int = 0
    located: int = 0
    """Rows with a 3D position."""


def record_bag(
    source: Path | str,
    table: RowSink,
    boxes: Mapping[str, ArrayLike],
    session: TrackingSession,
    topic: str | None = None,
    depth: DepthTopics | None = None,
    *,
    on_frame: Callable[[FrameResult], None] | None = None,
    on_image: Callable[[TrackedImage], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> RecordSummary:
    """Track ``boxes`` (4,) x1, y1, x2, y2, drawn on the first readable image, into a table.

    With ``depth`` the rows of targets that are not lost say where in space they are, wherever the
    depth image of the same time tells it; images without one are counted as well. Images that
    cannot be used are counted by reason and reported in the log. ``on_frame`` is called with each
    result, ``on_image`` with each image and its rows before they go into the table; ``stop`` is
    asked after each.

    Raises SourceError for a bag or topic that cannot be read or has not one usable image, and
    BoxError for a box that does not fit the image.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(BagReader(source, topic))
        locator = (
            stack.enter_context(BagDepth(source, depth, reader.topic))
            if depth is not None
            else None
        )
        recorder = _Recorder(session, boxes, RecordSummary(reader.topic), table, locator, on_image)
        for image in reader:
            result = recorder.step(image)
            if result is not None and on_frame is not None:
                on_frame(result)
            if stop is not None and stop():
                break
        recorder.summary.damage = reader.damage
        recorder.check_used(reader)
    return recorder.summary


class _Recorder(BagPass[RecordSummary]):
    """One pass through a bag, into a table."""

    def __init__(
        self,
        session: TrackingSession,
        boxes: Mapping[str, ArrayLike],
        summary: RecordSummary,
        table: RowSink,
        locator: BagDepth | None,
        on_image: Callable[[TrackedImage], None] | None,
    ) -> None:
        super().__init__(session, boxes, summary)
        self.table, self.locator, self.on_image = table, locator, on_image

    def step(self, recorded: RecordedMessage) -> FrameResult | None:
        """Track through one image and write the rows; None for one that cannot be used."""
        tracked = self.track(recorded)
        if tracked is None:
            return None
        header, image, result = tracked
        begin = time.perf_counter()
        rows = list(self._rows(result, header.frame_id, recorded.logged))
        self.summary.seconds += time.perf_counter() - begin
        self.summary.rows += len(rows)
        self.summary.located += sum(row.z is not None for row in rows)
        if self.on_image is not None:
            self.on_image(TrackedImage(image, result.stamp, recorded.logged, rows))
        self.table.add(rows)
        return result

    def _rows(self, result: FrameResult, frame_id: str, logged: int) -> Iterator[TrackRow]:
        positions: Mapping[str, Any] = {}
        if self.locator is not None:
            try:
                positions = self.locator.locate(result, logged)
            except InputError as error:
                self.reject(error, "depth ")
        for t in result.targets:
            yield track_row(
                result.stamp,
                frame_id,
                result.camera,
                t.id,
                t.state,
                t.score,
                t.box,
                t.frames_since_init,
                positions.get(t.id),
            )
