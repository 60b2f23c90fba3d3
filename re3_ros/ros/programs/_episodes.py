# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A demonstration as it happens, as an episode of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image, JointState

from re3_ros.bags import COMPRESSED, IMAGE, TrackRow
from re3_ros.demonstrations import (
    COMMANDS,
    JOINTS,
    STATES,
    TWIST,
    TWIST_STAMPED,
    EpisodeBuilder,
    EpisodeOptions,
    EpisodeStore,
    EpisodeSummary,
    Series,
)
from re3_ros.errors import Re3Error, SourceError, StampError
from re3_ros.images import read_message
from re3_ros.ros.kit import Reports
from re3_ros.tracking import stamp_of

IMAGES_WAITING = 30
"""Images that wait at most until they are taken."""
MESSAGES_WAITING = 200
"""Likewise of joint states and commands, which come faster."""
_TYPES = {
    IMAGE: Image,
    COMPRESSED: CompressedImage,
    JOINTS: JointState,
    TWIST: Twist,
    TWIST_STAMPED: TwistStamped,
}


class LiveTopics(NamedTuple):
    """What is recorded beside the tracks; empty is nothing."""

    image: str
    state: str = ""
    action: str = ""


class LiveEpisode:
    """An episode of what comes in from now on, until `finish` or `discard`.

    Tracks are handed in by `add`. What ends it early, such as a full disk, is told through
    ``on_failure``; then nothing of it is kept. Raises SourceError if a topic is not there yet, or
    of another type, and as `EpisodeBuilder`.
    """

    def __init__(
        self,
        node: Node,
        topics: LiveTopics,
        store: EpisodeStore,
        options: EpisodeOptions,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._node, self._on_failure = node, on_failure
        self._reports = Reports(node.get_logger)
        self._subscriptions: list[Any] = []
        self.path, self.rows = store.path, 0
        wanted = [(topics.image, (IMAGE, COMPRESSED)), (topics.state, STATES)]
        wanted.append((topics.action, COMMANDS))
        kinds = [_kind(node, topic, accepted) for topic, accepted in wanted]
        state, action = (
            Series(topic, commands, options.tolerance) if topic else None
            for topic, commands in ((topics.state, False), (topics.action, True))
        )
        self._builder = EpisodeBuilder(store, options, state, action)
        self._subscribe(topics.image, kinds[0], IMAGES_WAITING, self._take_image)
        for topic, kind, series in zip(topics[1:], kinds[1:], (state, action), strict=True):
            if series is not None:
                self._subscribe(topic, kind, MESSAGES_WAITING, _into(series, kind, self._now))

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return self._builder.seconds

    def add(self, rows: Iterable[TrackRow]) -> None:
        """Take tracks."""
        given = list(rows)
        self.rows += len(given)
        self._guarded(lambda: self._builder.add_rows(given))

    def finish(self) -> EpisodeSummary:
        """Add it to the data set. Raises as `EpisodeBuilder.finish`."""
        self._leave()
        return self._builder.finish()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._leave()
        self._builder.discard()

    def _subscribe(self, topic: str, kind: str, depth: int, take: Callable[[Any], None]) -> None:
        quality = QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)
        made = self._node.create_subscription(_TYPES[kind], topic, take, quality)
        self._subscriptions.append(made)

    def _take_image(self, message: Any) -> None:
        try:
            stamp, image = stamp_of(message.header), read_message(message)
        except (StampError, Re3Error) as error:
            self._reports.warn("image", f"an image is left out: {error}")
            return
        self._guarded(lambda: self._builder.add_image(stamp, self._now(), image))

    def _guarded(self, take: Callable[[], None]) -> None:
        if not self._subscriptions:
            return
        try:
            take()
        except (OSError, Re3Error) as error:
            self.discard()
            self._on_failure(error)

    def _now(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _leave(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()


def _into(series: Series, kind: str, now: Callable[[], int]) -> Callable[[Any], None]:
    return lambda message: series.add(message, kind, now())


def _kind(node: Node, topic: str, accepted: Sequence[str]) -> str:
    """Return the type of a topic, of those that are accepted; of no topic, the first of these."""
    if not topic:
        return accepted[0]
    name = node.resolve_topic_name(topic)
    there = dict(node.get_topic_names_and_types()).get(name, [])
    found = next((kind for kind in there if kind in accepted), None)
    if found is None:
        wanted, here = " or ".join(accepted), ", ".join(there) or "not published"
        raise SourceError(f"topic {name} is {here}; expected {wanted}: start what publishes it")
    return found
