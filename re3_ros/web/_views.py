# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the page shows of a camera: an image, and the targets that were found in it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from re3_ros.boxes import Boxes
from re3_ros.images import Image
from re3_ros.tracking import Frame, FrameResult, TargetState

WAITING = 16
"""Images that wait for their targets."""
SILENCE = 2.0
"""Seconds without any targets after which images no longer wait for theirs."""


class ViewTarget(NamedTuple):
    """A target as it is drawn."""

    id: str
    state: TargetState
    score: float
    box: Boxes
    """(4,) x1, y1, x2, y2 in pixels of the image."""


@dataclass(frozen=True, eq=False)
class View:
    """One image of a camera and its targets."""

    stamp: int
    """Nanoseconds."""
    image: Callable[[], Image]
    """Returns the pixels, uint8 RGB, or raises ImageError; called while somebody looks, from
    another thread."""
    targets: Sequence[ViewTarget] = ()
    latency: float | None = None
    """Seconds from the image to its targets, None where nobody tracks."""
    note: str = ""
    """What a person should know of this camera at present."""


def view_of(frame: Frame, result: FrameResult | None = None) -> View:
    """Return the view of a frame of a session and, if there is one, its result."""
    if result is None:
        return View(frame.stamp, lambda: frame.image)
    targets = [ViewTarget(t.id, t.state, t.score, t.box) for t in result.targets]
    return View(frame.stamp, lambda: frame.image, targets, result.latency)


class Found(NamedTuple):
    """What became of an image, from whoever tracked in it."""

    targets: Sequence[ViewTarget]
    latency: float | None = None
    note: str = ""


class Matcher:
    """Brings images and their targets together, which come apart and late: boxes are shown on the
    image that they belong to.

    As long as no targets come at all, images are shown at once, with ``nobody`` for a note.
    """

    def __init__(
        self,
        show: Callable[[View], None],
        nobody: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show, self._nobody, self._clock = show, nobody, clock
        self._images: OrderedDict[int, Callable[[], Image]] = OrderedDict()
        self._early: OrderedDict[int, Found] = OrderedDict()
        self._heard, self._why = -SILENCE, nobody

    def add_image(self, stamp: int, image: Callable[[], Image]) -> None:
        """Take an image, stamp in ns."""
        if stamp in self._early:
            self._unite(stamp, image, self._early[stamp])
        elif self._clock() - self._heard >= SILENCE:
            self._images.clear()
            self._show(View(stamp, image, note=self._why))
        else:
            _keep(self._images, stamp, image)

    def add_targets(self, stamp: int, found: Found) -> None:
        """Take what was found in the image of that stamp."""
        self._heard, self._why = self._clock(), self._nobody
        if stamp in self._images:
            self._unite(stamp, self._images[stamp], found)
        elif len(self._images) == WAITING and stamp < (oldest := next(iter(self._images))):
            # So slow is the tracker that its image did not wait for it: the next one has to do.
            self._unite(oldest, self._images[oldest], found)
        else:
            _keep(self._early, stamp, found)

    def explain(self, why: str) -> None:
        """Take it that no targets come for now, and why; images are shown at once, with that."""
        self._heard, self._why = -SILENCE, why
        if self._images:
            stamp, image = self._images.popitem()
            self._images.clear()
            self._show(View(stamp, image, note=why))

    def clear(self) -> None:
        """Forget images that wait; nobody looks any more."""
        self._images.clear()

    def _unite(self, stamp: int, image: Callable[[], Image], found: Found) -> None:
        for waiting in (self._images, self._early):
            _forget_until(waiting, stamp)
        self._show(View(stamp, image, found.targets, found.latency, found.note))


def _keep(table: OrderedDict[int, Any], stamp: int, what: object) -> None:
    table[stamp] = what
    while len(table) > WAITING:
        table.popitem(last=False)


def _forget_until(table: OrderedDict[int, Any], stamp: int) -> None:
    """Forget what came before the entry of that stamp, and itself."""
    while stamp in table:
        table.popitem(last=False)
