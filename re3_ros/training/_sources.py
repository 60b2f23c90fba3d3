# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets as sources of a training run: named in its configuration, read on demand."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from re3_ros import datasets
from re3_ros.boxes import check_box
from re3_ros.datasets import LAYOUTS, STILL_LAYOUTS, Entry, FrameCache, Still, list_entries
from re3_ros.errors import BoxError, Re3Error, SourceError
from re3_ros.images import Image
from re3_ros.simulation import Clip, VideoTrack, sample_frames

log = logging.getLogger("re3_ros.training")
ATTEMPTS = 1000
"""Draws in a row that may fail before a source counts as unusable."""
_LABELS_KEPT = 1024


class DataSource(BaseModel):
    """A data set in one of the layouts of `re3_ros.datasets`, videos or stills."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: str = Field(description="name in LAYOUTS or STILL_LAYOUTS, or index")
    path: str = Field(description="folder, relative to the data folder")
    split: str = Field(default="", description="part that the data set names; empty for all")
    share: float = Field(default=1.0, gt=0, description="weight among the sources of videos")
    limit: int | None = Field(
        default=None, gt=0, description="videos or objects to use, if not all"
    )
    role: Literal["train", "validate"] = Field(
        default="train", description="what videos are for; stills are for training"
    )
    occluded: float = Field(
        default=0.2, ge=0, le=1,
        description="visible share of targets of which is only known that they are occluded",
    )  # fmt: skip
    least_area: float = Field(default=0.0, ge=0, lt=1, description="of stills: share of picture")
    long_side: int | None = Field(default=320, gt=0, description="of stills: pixels at most")

    @property
    def has_videos(self) -> bool:
        """Whether these are videos, not stills."""
        return self.layout in LAYOUTS

    @model_validator(mode="after")
    def _check(self) -> DataSource:
        stills = ["index", *STILL_LAYOUTS]
        if self.layout not in {*LAYOUTS, *stills}:
            raise ValueError(
                f"layout {self.layout!r} is unknown; give videos ({', '.join(LAYOUTS)}) or "
                f"stills ({', '.join(stills)})"
            )
        if not self.has_videos and (self.share != 1 or self.role != "train"):
            raise ValueError("share and role are for videos; limit the number of stills instead")
        return self


class Videos:
    """Videos of one data set, of which labels and frames are read when they are drawn."""

    def __init__(
        self, source: DataSource, entries: Sequence[Entry], cache: FrameCache, slow: float = 0.0
    ) -> None:
        self.source, self.entries, self.cache, self.slow = source, entries, cache, slow
        self._named: set[str] = set()
        self._read = lru_cache(_LABELS_KEPT)(self._read_labels)

    def draw(self, rng: np.random.Generator, frames: int) -> VideoTrack:
        """Return ``frames`` frames of a random target of a random video.

        What cannot be read or has no usable box is named in the log, once, and another is drawn.
        Raises SourceError if that goes on for 1,000 draws.
        """
        for _ in range(ATTEMPTS):
            entry = int(rng.integers(len(self.entries)))
            name = self.entries[entry].name
            try:
                sequences = self._read(entry)
                chosen = int(rng.integers(len(sequences))) if len(sequences) > 1 else 0
                name = sequences[chosen].name
                return self._play(rng, sequences[chosen], frames)
            except SourceError as error:
                self._name(name, error)
        raise SourceError(
            f"{self.source.path} gave no usable track in {ATTEMPTS} draws; see the log"
        )

    def clips(self) -> list[Clip]:
        """Return every target as a clip whose frames are read when asked for, for validation.

        All frames are decoded once to see that they can be: a clip of which one cannot is named in
        the log and left out now, so that it does not end a run hours later.
        """
        return [clip for entry in self.entries for clip in self._clips(entry)]

    def _clips(self, entry: Entry) -> Iterator[Clip]:
        try:
            sequences = entry.read()
        except SourceError as error:
            self._name(entry.name, error)
            return
        for sequence in sequences:
            try:
                yield self._clip(sequence)
            except (SourceError, BoxError) as error:
                self._name(sequence.name, error)

    def _clip(self, sequence: datasets.Sequence) -> Clip:
        images = _Frames(sequence.frames, self.cache)
        shapes = [image.shape for image in images]
        check_box(sequence.truth[0], shapes[0][1], shapes[0][0])
        return Clip(sequence.name, images, sequence.truth)

    def _read_labels(self, index: int) -> tuple[datasets.Sequence, ...]:
        sequences = self.entries[index].read()
        if not sequences:
            raise SourceError("the video has no labelled target")
        return tuple(sequence.interpolated() for sequence in sequences)

    def _play(
        self, rng: np.random.Generator, sequence: datasets.Sequence, frames: int
    ) -> VideoTrack:
        visibility = visibility_of(sequence, self.source.occluded)
        read = lambda i: self.cache.read(sequence.frames[i])  # noqa: E731
        return sample_frames(rng, sequence.truth, visibility, frames, read, self.slow)

    def _name(self, name: str, error: Re3Error) -> None:
        if name not in self._named:
            self._named.add(name)
            log.warning("skipped %s of %s: %s", name, self.source.path, error)


class _Frames(Sequence[Image]):
    """Frames that are read through a cache when they are asked for."""

    def __init__(self, paths: Sequence[Path], cache: FrameCache) -> None:
        self.paths, self.cache = paths, cache

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Image]: ...

    def __getitem__(self, index: int | slice) -> Image | Sequence[Image]:
        if isinstance(index, slice):
            return _Frames(self.paths[index], self.cache)
        return self.cache.read(self.paths[index])


def visibility_of(sequence: datasets.Sequence, occluded: float) -> NDArray[np.float64]:
    """Return (n,) how much of the target is seen: the data set's own share where it has one, else
    ``occluded`` where it says no more than that, 0 where the target is absent and 1 elsewhere."""
    if sequence.visibility is not None:
        visibility = sequence.visibility.copy()
    elif sequence.occluded is not None:
        visibility = np.where(sequence.occluded, occluded, 1.0)
    else:
        visibility = np.ones(len(sequence.truth))
    visibility[np.isnan(sequence.truth).any(axis=1)] = 0.0
    return visibility


def open_videos(
    sources: Sequence[DataSource], root: Path, cache: FrameCache, slow: float = 0.0
) -> list[Videos]:
    """Return the sources of videos below ``root``, their labels not yet read.

    Of their tracks, a share ``slow`` is at a half to a quarter of the frame rate.

    Raises SourceError for a folder that holds no such data set, ConfigError for an unknown split.
    """
    return [
        Videos(source, _some(list_entries(root / source.path, source.layout, source.split), source),
               cache, slow)
        for source in sources
        if source.has_videos
    ]  # fmt: skip


def stills_of(
    sources: Sequence[DataSource], root: Path, skip_licences: Sequence[str]
) -> list[Still]:
    """Return the objects of all sources of stills below ``root``; errors as for `open_videos`."""
    return [
        still
        for source in sources
        if not source.has_videos
        for still in datasets.list_stills(
            root / source.path,
            source.layout,
            source.split,
            skip_licences,
            source.limit,
            source.least_area,
            source.long_side,
        )
    ]


def _some(entries: list[Entry], source: DataSource) -> list[Entry]:
    if source.limit is None or len(entries) <= source.limit:
        return entries
    kept = np.sort(np.random.default_rng(0).permutation(len(entries))[: source.limit])
    return [entries[i] for i in kept]
