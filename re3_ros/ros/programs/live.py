# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 record --live`: the tracks of a running node as a table, or as an episode of a data set."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from re3_ros.bags import RowSink
from re3_ros.demonstrations import EpisodeOptions, EpisodeStore, EpisodeSummary, EpisodeTopics
from re3_ros.errors import SourceError
from re3_ros.ros.kit import temporary_node

from ._episodes import LiveEpisode, LiveTopics
from ._listening import Listener

DISCOVERY = 10.0
"""Seconds in which the topics of an episode must be found."""


def record_live(
    table: RowSink,
    namespace: str = "/",
    cameras: Sequence[str] = (),
    on_status: Callable[[Any], None] = lambda _status: None,
    stop: Callable[[], bool] = lambda: False,
    seconds: float | None = None,
) -> int:
    """Write the tracks that the tracker in ``namespace`` publishes, until ``stop`` or ``seconds``.

    ``cameras`` are the names of its cameras, if it has several. ``on_status`` is called with each
    TrackerStatus. Returns how many there were; raises SourceError if there was none.
    """
    with temporary_node("re3_record", namespace=namespace) as node:
        return _listen(node, table, cameras, on_status, stop, seconds)


def record_live_episode(
    store: EpisodeStore,
    options: EpisodeOptions,
    topics: EpisodeTopics,
    namespace: str = "/",
    cameras: Sequence[str] = (),
    on_status: Callable[[Any], None] = lambda _status: None,
    stop: Callable[[], bool] = lambda: False,
    seconds: float | None = None,
) -> EpisodeSummary:
    """Add what the tracker in ``namespace`` publishes as an episode, until ``stop`` or ``seconds``.

    ``topics`` are in that namespace if they are relative; that of the images is ``image`` by
    default. Raises SourceError if one is not found, or nothing came, and as `EpisodeBuilder`.
    """
    failures: list[Exception] = []
    with temporary_node("re3_record", namespace=namespace) as node:
        chosen = LiveTopics(topics.image or "image", topics.state or "", topics.action or "")
        _await_topics(node, [topic for topic in chosen if topic], stop)
        episode = LiveEpisode(node, chosen, store, options, failures.append)
        try:
            ended = lambda: stop() or bool(failures)  # noqa: E731
            _listen(node, episode, cameras, on_status, ended, seconds)
            if failures:
                raise failures[0]
            return episode.finish()
        finally:
            episode.discard()


def _await_topics(node: Node, topics: Sequence[str], stop: Callable[[], bool]) -> None:
    """Wait until topics are found, or for as long as that may take."""
    end = time.monotonic() + DISCOVERY
    wanted = {node.resolve_topic_name(topic) for topic in topics}
    while not stop() and time.monotonic() < end:
        if wanted <= {name for name, _ in node.get_topic_names_and_types()}:
            return
        time.sleep(0.05)


def _listen(
    node: Node,
    table: RowSink,
    cameras: Sequence[str],
    on_status: Callable[[Any], None],
    stop: Callable[[], bool],
    seconds: float | None,
) -> int:
    """Hand on tracks; return how many statuses came. Raises SourceError if none did."""
    count = 0

    def take(status: Any) -> None:
        nonlocal count
        count += 1
        on_status(status)

    end = None if seconds is None else time.monotonic() + seconds
    prefixes = [f"{name}/" for name in cameras] or [""]
    listeners = [Listener(node, prefix, table.add, take) for prefix in prefixes]
    names = ", ".join(listener.topic for listener in listeners)
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        while not stop() and (end is None or time.monotonic() < end):
            executor.spin_once(timeout_sec=0.1)
        for listener in listeners:
            listener.flush()
    finally:
        executor.shutdown()
    if not count:
        raise SourceError(f"no status came on {names}; is the tracker active, and gets images?")
    return count
