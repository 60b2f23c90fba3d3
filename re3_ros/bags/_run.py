# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A bag with images in, a bag with detections out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from re3_ros.crops import Image
from re3_ros.errors import BoxError, ConfigError, ImageError, InputError, SourceError, StampError
from re3_ros.tracking import Frame, FrameResult, TrackingSession

from ._definitions import DETECTIONS, STATUS
from ._messages import Counts, detections_message, stamp_of, status_message
from ._reader import BagReader, Recorded, read_image
from ._writer import BagWriter

DETECTIONS_TOPIC, STATUS_TOPIC = "/detections", "/status"
"""Topics of the node in the root namespace with one camera."""
WARNINGS = 3
"""Rejected images that are reported one by one, of each kind; the rest are only counted."""

OnFrame = Callable[[Image, FrameResult], None]

_log = logging.getLogger(__name__)


@dataclass
class BagSummary:
    """What became of the images of a bag."""

    topic: str
    images: int = 0
    processed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """How many were not usable, by the name of the error."""
    seconds: float = 0.0
    """Time spent tracking, without reading, decoding and writing."""
    damage: str = ""
    """Why reading ended before the end of the bag, empty if it did not."""

    def counts(self, session: TrackingSession) -> Counts:
        """Return what a status message says of it."""
        bad = session.counters["boxes_rejected"]
        return Counts(self.images, self.processed, sum(self.rejected.values()), bad)


def run_bag(
    source: Path | str,
    output: Path | str,
    boxes: Mapping[str, ArrayLike],
    session: TrackingSession,
    topic: str | None = None,
    *,
    storage: str = "mcap",
    overwrite: bool = False,
    copy_images: bool = False,
    weights: str = "",
    on_frame: OnFrame | None = None,
    stop: Callable[[], bool] | None = None,
) -> BagSummary:
    """Track ``boxes`` (4,) x1, y1, x2, y2, drawn on the first readable image, through a bag.

    For each image that can be used, one Detection2DArray and one TrackerStatus go into ``output``,
    recorded at the image's time under its unchanged header; ``copy_images`` adds the image itself.
    Others are counted by reason and reported in the log. ``on_frame`` is called with each image and
    result; ``stop`` is asked after each image. The output is complete also if the run ends early;
    if nothing was written, there is none.

    Raises SourceError for a bag or topic that cannot be read or has not one usable image, BoxError
    for a box that does not fit the image, ConfigError for an output that cannot be written.
    """
    if Path(output).resolve() in {Path(source).resolve(), *Path(source).resolve().parents}:
        raise ConfigError(f"output {output} would replace the bag that is read; give another")
    with BagReader(source, topic) as reader:
        runner = _Runner(session, boxes, BagSummary(reader.topic), weights)
        with BagWriter(output, storage, overwrite) as writer:
            try:
                for image in reader:
                    runner.step(image, writer, reader.topic if copy_images else None, on_frame)
                    if stop is not None and stop():
                        break
            finally:
                runner.summary.damage = reader.damage
        runner.check_used(reader)
    return runner.summary


class _Runner:
    """One pass through a bag."""

    def __init__(
        self,
        session: TrackingSession,
        boxes: Mapping[str, ArrayLike],
        summary: BagSummary,
        weights: str,
    ) -> None:
        self.session, self.summary, self.weights = session, summary, weights
        self.camera = session.cameras[0]
        for name, box in boxes.items():
            session.initialise(self.camera, name, box)

    def step(
        self, recorded: Recorded, writer: BagWriter, copy: str | None, on_frame: OnFrame | None
    ) -> None:
        """Process one image and write what came of it."""
        self.summary.images += 1
        tracked = self._track(recorded)
        if copy is not None:
            writer.write_raw(copy, recorded.type, recorded.data, recorded.logged)
        if tracked is None:
            return
        header, image, result = tracked
        counts = self.summary.counts(self.session)
        status = status_message(result, header, counts, self.session.runs_on, self.weights)
        found = detections_message(result, header)
        writer.write(DETECTIONS_TOPIC, DETECTIONS, found, recorded.logged)
        writer.write(STATUS_TOPIC, STATUS, status, recorded.logged)
        if on_frame is not None:
            on_frame(image, result)

    def check_used(self, reader: BagReader) -> None:
        """Raise SourceError if not a single image was of use."""
        if not self.summary.processed:
            why = ", ".join(f"{n} {name}" for name, n in self.summary.rejected.items())
            why = self.summary.damage or why or "it is empty"
            raise SourceError(f"topic {reader.topic} of {reader.path} has no usable image: {why}")

    def _track(self, recorded: Recorded) -> tuple[Any, Image, FrameResult] | None:
        """Return header, image and result, or None for an image that cannot be used."""
        try:
            message = recorded.message()
            image = read_image(message)
            begin = time.perf_counter()
            result = self.session.process(Frame(self.camera, stamp_of(message.header), image))
            self.session.prepare()
        except (ImageError, StampError) as error:
            self._reject(error)
            return None
        self.summary.seconds += time.perf_counter() - begin
        if result.rejected:
            raise BoxError(result.rejected[0])
        self.summary.processed += 1
        return message.header, image, result

    def _reject(self, error: InputError) -> None:
        kind = type(error).__name__
        self.summary.rejected[kind] += 1
        if self.summary.rejected[kind] <= WARNINGS:
            _log.warning("image %d skipped: %s", self.summary.images, error)
        if self.summary.rejected[kind] == WARNINGS:
            _log.warning("further images skipped for a %s are only counted", kind)
