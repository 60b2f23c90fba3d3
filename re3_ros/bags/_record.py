# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A bag with images in, a table of tracks out, in space too where the bag has depth."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from re3_ros.errors import BoxError, ImageError, InputError, SourceError, StampError
from re3_ros.tracking import Frame, FrameResult, TrackingSession

from ._messages import stamp_of
from ._reader import BagReader, Recorded, read_image
from ._record_depth import BagDepth, DepthTopics
from ._record_table import Track, TrackTable, track

WARNINGS = 3
"""Images of no use that are reported one by one, of each kind; the rest are only counted."""

_log = logging.getLogger(__name__)


@dataclass
class RecordSummary:
    """What became of the images of a bag."""

    topic: str
    images: int = 0
    processed: int = 0
    rows: int = 0
    placed: int = 0
    """Rows with a place in space."""
    rejected: Counter[str] = field(default_factory=Counter)
    """How many were not usable, by the name of the error; of depth images, with "depth " before."""
    seconds: float = 0.0
    """Time spent tracking and locating, without reading and writing."""
    damage: str = ""
    """Why reading ended before the end of the bag, empty if it did not."""


def record_bag(
    source: Path | str,
    table: TrackTable,
    boxes: Mapping[str, ArrayLike],
    session: TrackingSession,
    topic: str | None = None,
    depth: DepthTopics | None = None,
    *,
    on_frame: Callable[[FrameResult], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> RecordSummary:
    """Track ``boxes`` (4,) x1, y1, x2, y2, drawn on the first readable image, into a table.

    With ``depth`` the rows of targets that are not lost say where in space they are, wherever the
    depth image of the same time tells it. Images that cannot be used are counted by reason and
    reported in the log. ``on_frame`` is called with each result; ``stop`` is asked after each.

    Raises SourceError for a bag or topic that cannot be read or has not one usable image, and
    BoxError for a box that does not fit the image.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(BagReader(source, topic))
        places = stack.enter_context(BagDepth(source, depth)) if depth is not None else None
        recorder = _Recorder(session, table, places, RecordSummary(reader.topic))
        for name, box in boxes.items():
            session.initialise(recorder.camera, name, box)
        for image in reader:
            result = recorder.step(image)
            if result is not None and on_frame is not None:
                on_frame(result)
            if stop is not None and stop():
                break
        recorder.summary.damage = reader.damage
        recorder.check_used(reader)
    return recorder.summary


class _Recorder:
    """One pass through a bag."""

    def __init__(
        self,
        session: TrackingSession,
        table: TrackTable,
        places: BagDepth | None,
        summary: RecordSummary,
    ) -> None:
        self.session, self.table, self.places, self.summary = session, table, places, summary
        self.camera = session.cameras[0]

    def step(self, recorded: Recorded) -> FrameResult | None:
        """Track through one image and write the rows; None for one that cannot be used."""
        self.summary.images += 1
        try:
            message = recorded.message()
            image = read_image(message)
            begin = time.perf_counter()
            result = self.session.process(Frame(self.camera, stamp_of(message.header), image))
            self.session.prepare()
        except (ImageError, StampError) as error:
            self._reject("", error)
            return None
        if result.rejected:
            raise BoxError(result.rejected[0])
        rows = list(self._rows(result, message.header.frame_id))
        self.summary.seconds += time.perf_counter() - begin
        self.summary.processed += 1
        self.summary.rows += len(rows)
        self.summary.placed += sum(row.z is not None for row in rows)
        self.table.add(rows)
        return result

    def check_used(self, reader: BagReader) -> None:
        """Raise SourceError if not a single image was of use."""
        if not self.summary.processed:
            why = ", ".join(f"{n} {name}" for name, n in self.summary.rejected.items())
            why = self.summary.damage or why or "it is empty"
            raise SourceError(f"topic {reader.topic} of {reader.path} has no usable image: {why}")

    def _rows(self, result: FrameResult, frame_id: str) -> Iterator[Track]:
        spots: Mapping[str, Any] = {}
        if self.places is not None:
            try:
                spots = self.places.locate(result)
            except InputError as error:
                self._reject("depth ", error)
        for t in result.targets:
            yield track(
                result.stamp,
                frame_id,
                result.camera,
                t.id,
                t.state,
                t.score,
                t.box,
                t.frames_since_init,
                spots.get(t.id),
            )

    def _reject(self, what: str, error: InputError) -> None:
        kind = f"{what}{type(error).__name__}"
        self.summary.rejected[kind] += 1
        if self.summary.rejected[kind] <= WARNINGS:
            _log.warning("%simage %d skipped: %s", what, self.summary.images, error)
        if self.summary.rejected[kind] == WARNINGS:
            _log.warning("further %simages skipped for a %s are only counted", what, kind)
