# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A bag with images in, a bag with detections out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from numpy.typing import ArrayLike

from re3_ros.errors import ConfigError
from re3_ros.images import Image
from re3_ros.tracking import FrameResult, TrackingSession

from ._definitions import ANNOTATIONS, DETECTIONS, STATUS
from ._messages import StatusCounts, annotations_message, detections_message, status_message
from ._pass import BagPass, PassSummary
from ._reader import BagReader, RecordedMessage
from ._writer import BagWriter

ANNOTATIONS_TOPIC, DETECTIONS_TOPIC, STATUS_TOPIC = "/annotations", "/detections", "/status"
"""Topics of the node in the root namespace with one camera."""
OnFrame = Callable[[Image, FrameResult], None]


class BagSummary(PassSummary):
    """What became of the images of a bag."""

    def counts(self, session: TrackingSession) -> StatusCounts:
        """Return what a status message says of it."""
        bad = session.counters["boxes_rejected"]
        return StatusCounts(self.images, self.processed, sum(self.rejected.values()), bad)


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
    recorded at the image's time under its unchanged header, and one ImageAnnotations, which
    Foxglove draws over the image; ``copy_images`` adds the image itself.
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


class _Runner(BagPass[BagSummary]):
    """One pass through a bag, into a bag."""

    def __init__(
        self,
        session: TrackingSession,
        boxes: Mapping[str, ArrayLike],
        summary: BagSummary,
        weights: str,
    ) -> None:
        super().__init__(session, boxes, summary)
        self.weights = weights

    def step(
        self,
        recorded: RecordedMessage,
        writer: BagWriter,
        copy: str | None,
        on_frame: OnFrame | None,
    ) -> None:
        """Process one image and write what came of it."""
        tracked = self.track(recorded)
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
        drawn = annotations_message(result, header)
        writer.write(ANNOTATIONS_TOPIC, ANNOTATIONS, drawn, recorded.logged)
        if on_frame is not None:
            on_frame(image, result)
