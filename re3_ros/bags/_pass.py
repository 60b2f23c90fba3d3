# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One pass of a session through the images of a bag, whatever is written of it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from numpy.typing import ArrayLike

from re3_ros.errors import BoxError, ImageError, InputError, SourceError, StampError
from re3_ros.images import Image, read_message
from re3_ros.tracking import Frame, FrameResult, TrackingSession, stamp_of

from ._reader import BagReader, RecordedMessage

WARNINGS = 3
"""Images of no use that are reported one by one, of each kind; the rest are only counted."""

_WORDS = {
    "ImageError": "that cannot be read",
    "StampError": "whose stamp goes backwards or is no time",
    "CameraError": "whose calibration is missing or of no use",
    "MissingDepthError": "missing at the time of an image",
}

_log = logging.getLogger(__name__)


@dataclass
class PassSummary:
    """What became of the images of a bag."""

    topic: str
    images: int = 0
    processed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """How many were not usable, by the name of the error; for depth, with "depth " before."""
    reasons: dict[str, str] = field(default_factory=dict)
    """What the first error of each of these kinds said."""
    settings: dict[str, str] = field(default_factory=dict)
    """Which setting would have let it pass, for those of these kinds for which one would."""
    seconds: float = 0.0
    """Time spent tracking and locating, without reading, decoding and writing."""
    damage: str = ""
    """Why reading ended before the end of the bag, empty if it did not."""

    def skipped(self) -> list[str]:
        """Return how many were not usable and why, in words, for each reason."""
        return [f"{count} {in_words(kind)}" for kind, count in self.rejected.items()]


def in_words(kind: str) -> str:
    """Return what a key of `PassSummary.rejected` says of images."""
    what, _, name = kind.rpartition(" ")
    return f"{what} images {_WORDS.get(name, name)}".lstrip()


SummaryT = TypeVar("SummaryT", bound=PassSummary)


class BagPass(Generic[SummaryT]):
    """Tracks boxes from image to image, and keeps count; what cannot be used is left out."""

    def __init__(
        self, session: TrackingSession, boxes: Mapping[str, ArrayLike], summary: SummaryT
    ) -> None:
        self.session, self.summary = session, summary
        self.camera = session.cameras[0]
        self._notes = 0
        for name, box in boxes.items():
            session.initialise(self.camera, name, box)

    def track(self, recorded: RecordedMessage) -> tuple[Any, Image, FrameResult] | None:
        """Return header, image and result of the next image, or None if it cannot be used.

        Raises BoxError for a box that does not fit the image.
        """
        self.summary.images += 1
        try:
            message = recorded.message()
            image = read_message(message)
            begin = time.perf_counter()
            result = self.session.process(Frame(self.camera, stamp_of(message.header), image))
            self.session.prepare()
        except (ImageError, StampError) as error:
            self.reject(error)
            return None
        self.summary.seconds += time.perf_counter() - begin
        if result.rejected:
            raise BoxError(result.rejected[0])
        self.summary.processed += 1
        for note in result.notes:
            self._note(note)
        return message.header, image, result

    def reject(self, error: InputError, what: str = "") -> None:
        """Count an image, or ``what`` of one, that cannot be used; report the first of its kind."""
        kind = f"{what}{type(error).__name__}"
        self.summary.rejected[kind] += 1
        self.summary.reasons.setdefault(kind, str(error))
        if error.setting:
            self.summary.settings.setdefault(kind, error.setting)
        if self.summary.rejected[kind] <= WARNINGS:
            _log.warning("%simage %d skipped: %s", what, self.summary.images, error)
        if self.summary.rejected[kind] == WARNINGS:
            _log.warning("further %s are only counted", in_words(kind))

    def _note(self, note: str) -> None:
        """Report what befell the images, as long as that is not said all the time."""
        self._notes += 1
        if self._notes <= WARNINGS:
            _log.warning("image %d: %s", self.summary.images, note)
        if self._notes == WARNINGS:
            _log.warning("further jumps in time and changes of size are not reported")

    def check_used(self, reader: BagReader) -> None:
        """Raise SourceError if not a single image was of use."""
        if not self.summary.processed:
            why = self.summary.damage or ", ".join(self.summary.skipped()) or "it is empty"
            raise SourceError(f"topic {reader.topic} of {reader.path} has no usable image: {why}")
