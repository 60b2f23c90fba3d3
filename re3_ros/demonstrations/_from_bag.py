# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A bag with a demonstration in, an episode out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import ArrayLike

from re3_ros.bags import (
    BagReader,
    DepthTopics,
    RecordSummary,
    TrackedImage,
    TrackRow,
    record_bag,
    record_statuses,
)
from re3_ros.errors import InputError
from re3_ros.images import read_message
from re3_ros.tracking import FrameResult, TrackingSession, stamp_of

from ._builder import EpisodeBuilder, EpisodeOptions, EpisodeSummary
from ._series import COMMANDS, STATES, Series, read_series
from ._store import EpisodeStore


@dataclass(frozen=True)
class EpisodeTopics:
    """Topics of a bag; None is none, of images the only one."""

    image: str | None = None
    state: str | None = None
    """JointState."""
    action: str | None = None
    """Twist, TwistStamped or JointState."""
    status: str | None = None
    """TrackerStatus, None the only one; for results that are in the bag."""
    positions: str | None = None
    """Detection3DArray, likewise."""


def record_episode(
    source: Path | str,
    store: EpisodeStore,
    boxes: Mapping[str, ArrayLike],
    session: TrackingSession,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    depth: DepthTopics | None = None,
    *,
    on_frame: Callable[[FrameResult], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[EpisodeSummary | None, RecordSummary]:
    """Track ``boxes`` (4,), drawn on the first readable image, and add the bag as an episode.

    If ``stop`` says so before the end, nothing is added and None returned. Raises as `record_bag`
    and `EpisodeBuilder` do; then nothing of the episode is kept.
    """
    builder = _builder(source, store, options, topics)

    def take(tracked: TrackedImage) -> None:
        builder.add_rows(tracked.rows)
        builder.add_image(tracked.stamp, tracked.logged, tracked.image)

    try:
        summary = record_bag(
            source,
            _Nowhere(),
            boxes,
            session,
            topics.image,
            depth,
            on_frame=on_frame,
            on_image=take,
            stop=stop,
        )
        return (None if stop() else builder.finish()), summary
    finally:
        builder.discard()


def record_recorded_episode(
    source: Path | str,
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    *,
    on_frame: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[EpisodeSummary | None, list[InputError]]:
    """Add a bag as an episode, with the results that a tracker left in it.

    Returns what made no sense, too: such statuses and images are left out. Otherwise like
    `record_episode`.
    """
    builder = _builder(source, store, options, topics)
    refused: list[InputError] = []
    try:
        rows = _Rows()
        record_statuses(source, rows, topics.status, topics.positions, on_refused=refused.append)
        builder.add_rows(rows.all)
        with BagReader(source, topics.image) as reader:
            for recorded in reader:
                try:
                    message = recorded.message()
                    image, stamp = read_message(message), stamp_of(message.header)
                except InputError as error:
                    refused.append(error)
                else:
                    builder.add_image(stamp, recorded.logged, image)
                on_frame()
                if stop():
                    return None, refused
        return builder.finish(), refused
    finally:
        builder.discard()


def _builder(
    source: Path | str, store: EpisodeStore, options: EpisodeOptions, topics: EpisodeTopics
) -> EpisodeBuilder:
    state = action = None
    if topics.state is not None:
        state = read_series(source, Series(topics.state, False, options.tolerance), STATES)
    if topics.action is not None:
        action = read_series(source, Series(topics.action, True, options.tolerance), COMMANDS)
    return EpisodeBuilder(store, options, state, action)


class _Nowhere:
    def add(self, rows: Iterable[TrackRow]) -> None:
        """Take rows that went elsewhere."""


class _Rows:
    def __init__(self) -> None:
        self.all: list[TrackRow] = []

    def add(self, rows: Iterable[TrackRow]) -> None:
        """Keep rows."""
        self.all += rows
