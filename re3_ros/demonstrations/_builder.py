# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""An episode from what comes in: images, tracks, joint states and commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from re3_ros.bags import TrackRow
from re3_ros.crops import crop
from re3_ros.errors import ConfigError, SourceError
from re3_ros.images import Image

from ._features import (
    ACTION,
    STAMP,
    STATE,
    Episode,
    camera_key,
    crop_key,
    keyframe_key,
    target_key,
)
from ._series import TOLERANCE, Series, check_tolerance
from ._store import EpisodeFiles, EpisodeStore
from ._targets import BOX, RELATIVE, RELATIVE_SPACE, SPACE, TargetTrack
from ._timeline import Slot, Timeline, check_fps, estimate_fps

FIRST = 16
"""Images from whose stamps the rate is told, where it is not given."""
MOST_WAITING = 30
"""Images that wait at most for their tracks."""
SMALLEST_CROP, LARGEST_CROP = 16, 1024


@dataclass(frozen=True)
class EpisodeOptions:
    """What an episode shall hold."""

    task: str = ""
    """What is shown, in words."""
    camera: str = "camera"
    """Name of the camera in the keys."""
    fps: int | None = None
    """Frames a second; None: as those that are there, else as the images come."""
    crops: int = 0
    """Side in pixels of a video of each target alone; 0: none."""
    relative: bool = False
    """Also where targets are relative to where they were first seen."""
    keyframes: bool = False
    """Also where targets start and stop."""
    tolerance: float = TOLERANCE
    """Seconds by which a state or a command may be away from its image."""

    def __post_init__(self) -> None:
        camera_key(self.camera)
        check_tolerance(self.tolerance)
        if self.fps is not None:
            check_fps(self.fps)
        fits = SMALLEST_CROP <= self.crops <= LARGEST_CROP and self.crops % 2 == 0
        if self.crops and not fits:
            raise ConfigError(
                f"crops is {self.crops}; expected an even number of pixels, {SMALLEST_CROP} to "
                f"{LARGEST_CROP}, or 0"
            )


@dataclass
class EpisodeSummary:
    """What became of a demonstration."""

    number: int
    frames: int
    fps: int
    targets: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    """What could not be aligned, by what it is."""

    def __str__(self) -> str:
        found = ", ".join(self.targets) or "no target"
        text = f"episode {self.number}: {self.frames} frames at {self.fps} a second, {found}"
        told = [f"{count} {what}" for what, count in self.counts.items() if count]
        return f"{text}; {', '.join(told)}" if told else text


class _Waiting(NamedTuple):
    stamp: int
    arrived: int
    image: Image


class EpisodeBuilder:
    """Takes what a demonstration consists of, in the order in which it comes.

    An image waits for the rows of its stamp until those of a later one come, or too many wait.
    Raises ConfigError as `EpisodeStore.begin`, and for an ``fps`` that is not that of the data set.
    """

    def __init__(
        self,
        store: EpisodeStore,
        options: EpisodeOptions,
        state: Series | None = None,
        action: Series | None = None,
    ) -> None:
        self.store, self.options, self.state, self.action = store, options, state, action
        fps = options.fps or store.fps
        if store.fps is not None and fps != store.fps:
            raise ConfigError(
                f"fps is {fps}, but {store.path} has {store.fps}; leave it out, or give another "
                "output"
            )
        self._camera = camera_key(options.camera)
        self._files: EpisodeFiles | None = None
        self._timeline: Timeline[_Waiting] | None = None
        self._held: deque[_Waiting] = deque()
        self._rows: dict[int, dict[str, TrackRow]] = {}
        self._latest = -1
        self._seen: set[int] = set()
        self._ids: dict[str, None] = {}
        self._crops: dict[str, None] = {}
        self._slots: list[tuple[int, int]] = []
        self._kept: dict[int, dict[str, TrackRow]] = {}
        if fps is not None:
            self._open(fps)

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return (self._slots[-1][0] - self._slots[0][0]) / 1e9 if self._slots else 0.0

    def add_rows(self, rows: Sequence[TrackRow]) -> None:
        """Take the tracks of images. Raises ConfigError for an id that no feature can have."""
        for row in rows:
            target_key(row.target)
            self._ids.setdefault(row.target)
            self._rows.setdefault(row.stamp_ns, {})[row.target] = row
            self._latest = max(self._latest, row.stamp_ns)
        self._go_on()

    def add_image(self, stamp: int, arrived: int, image: Image) -> None:
        """Take an image uint8 (H, W, 3), of ``stamp`` ns, that arrived at ``arrived`` ns.

        Raises StampError for too long a pause, ImageError for another size, OutputError.
        """
        self._seen.add(stamp)
        self._held.append(_Waiting(stamp, arrived, image))
        self._go_on()

    def finish(self) -> EpisodeSummary:
        """Add the episode to the data set. Raises as `EpisodeFiles.commit`, and SourceError
        without an image, a target, or what belongs to them; then nothing of it is kept."""
        try:
            self._go_on(end=True)
            return self._commit()
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind; after `finish` it does nothing."""
        if self._files is not None:
            self._files.discard()
        self._held.clear()

    def _open(self, fps: int) -> None:
        self._timeline = Timeline(fps)
        self._files = self.store.begin(fps)

    def _go_on(self, end: bool = False) -> None:
        """Use the images whose tracks are there, or will not come."""
        if self._timeline is None and self._held and (end or len(self._held) >= FIRST):
            self._open(estimate_fps([waiting.stamp for waiting in self._held]))
        if self._timeline is None:
            return
        while self._held and (end or self._is_ready(self._held[0].stamp)):
            waiting = self._held.popleft()
            for slot in self._timeline.add(waiting.stamp, waiting):
                self._use(slot)
        if end:
            for slot in self._timeline.flush():
                self._use(slot)

    def _is_ready(self, stamp: int) -> bool:
        return stamp in self._rows or stamp < self._latest or len(self._held) > MOST_WAITING

    def _use(self, slot: Slot[_Waiting]) -> None:
        """Write a frame of the videos."""
        assert self._files is not None
        stamp, arrived, image = slot.item
        self._files.write(self._camera, image)
        rows = self._rows.get(stamp, {})
        for name in self._ids if self.options.crops else ():
            self._crop(name, rows.get(name), image)
        self._slots.append((stamp, arrived))
        self._kept[stamp] = rows

    def _crop(self, name: str, row: TrackRow | None, image: Image) -> None:
        assert self._files is not None
        key, size = crop_key(name), self.options.crops
        if key == self._camera:
            raise ConfigError(f"target {name!r} and camera {self.options.camera!r} share {key}")
        if name not in self._crops:
            self._crops[name] = None
            for _ in self._slots:
                self._files.write(key, np.zeros((size, size, 3), np.uint8))
        box = [row.x1, row.y1, row.x2, row.y2] if row is not None else [np.nan] * 4
        self._files.write(key, crop(image, box, size))

    def _commit(self) -> EpisodeSummary:
        timeline, files = self._timeline, self._files
        if not self._slots or timeline is None or files is None:
            raise SourceError("no image came: no episode was added; is the topic right?")
        if not self._ids:
            raise SourceError("no target was tracked: no episode was added")
        stamps, arrived = zip(*self._slots, strict=True)
        episode = Episode(self.options.task, timeline.fps)
        episode.add(STAMP, (STAMP,), np.array(stamps, np.int64)[:, None])
        counts = {
            "images left out, as another was nearer in time": timeline.surplus,
            "images left out, as their stamps go backwards": timeline.late,
            "frames without an image of their time, which repeat the one before": timeline.held,
            "frames without a result of the tracker": sum(not self._kept[s] for s in stamps),
            "results without an image": len(self._rows.keys() - self._seen),
        }
        for key, what, series in ((STATE, "state", self.state), (ACTION, "action", self.action)):
            if series is not None:
                found = series.sample(stamps, arrived)
                episode.add(key, series.names, found.values)
                counts[f"frames without a {what} of their time, which repeat another"] = (
                    found.missing
                )
                counts[f"messages of no use on {series.topic}"] = series.refused
        for name in self._ids:
            self._add_target(episode, name, stamps)
        number = files.commit(episode)
        return EpisodeSummary(number, episode.frames, timeline.fps, list(self._ids), counts)

    def _add_target(self, episode: Episode, name: str, stamps: Sequence[int]) -> None:
        track = TargetTrack([self._kept[stamp].get(name) for stamp in stamps])
        key = target_key(name)
        there = self.store.features.get(key)
        space = bool(track.located.any()) or (there is not None and "located" in there.names)
        episode.add(key, BOX + SPACE * space, track.values(space))
        if self.options.relative:
            names = RELATIVE + RELATIVE_SPACE * space
            episode.add(f"{key}.relative", names, track.relative(space))
        if self.options.keyframes:
            episode.add(keyframe_key(name), ("keyframe",), track.keyframes(episode.fps))
