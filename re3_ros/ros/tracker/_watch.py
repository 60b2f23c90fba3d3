# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Says what a user would otherwise have to find out: not activated, no images, no box."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Protocol

from rclpy.clock import Clock, ClockType

from re3_ros.ros.kit import GuardedLifecycleNode

from ._camera import Camera

_NEXT = {"unconfigured": "configure", "inactive": "activate"}


class Watched(Protocol):
    """What is watched while the node is active."""

    @property
    def cameras(self) -> Collection[Camera]:
        """Those that should be sending now."""

    @property
    def has_targets(self) -> bool:
        """Whether there is anything to track."""


class Watch:
    """Looks once a second, by the steady clock: a simulated one may stand still.

    ``watched`` gives what is active now, or None, ``patience`` the seconds after which silence is
    worth a line in the log, 0 for never. Each thing is said once, until it changes.
    """

    def __init__(
        self,
        node: GuardedLifecycleNode,
        watched: Callable[[], Watched | None],
        patience: Callable[[], float],
    ) -> None:
        self._node = node
        self._watched = watched
        self._patience = patience
        self._state_label = ""
        self._since = 0.0
        self._with_box = 0.0
        self._said: set[str] = set()
        node.create_timer(1.0, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        now, state_label, patience = time.monotonic(), self._node.state_label, self._patience()
        if state_label != self._state_label:
            self._state_label, self._since, self._with_box = state_label, now, now
            self._said.clear()
        if state_label in _NEXT and patience and now - self._since > patience:
            self._once(state_label, self._state_text)
        watched = self._watched()
        if watched is not None:
            for camera in watched.cameras:
                self._look_for_publishers(camera)
                self._look_at(camera, bool(patience) and now - camera.last_image > patience)
            self._look_for_boxes(watched, now, patience)

    def _look_at(self, camera: Camera, silent: bool) -> None:
        if silent:
            self._once(camera.name, lambda: self._silence_text(camera))
        elif camera.name in self._said:
            self._said.remove(camera.name)
            self._node.get_logger().info(f"{camera.name}: images arrive again")

    def _look_for_publishers(self, camera: Camera) -> None:
        topic = camera.topics.image.topic_name
        camera.publishers = self._node.count_publishers(topic)
        if camera.publishers < 2:
            self._said.discard(f"publishers of {topic}")
            return
        found = self._node.get_publishers_info_by_topic(topic)
        names = ", ".join(sorted({f"{i.node_namespace.rstrip('/')}/{i.node_name}" for i in found}))
        self._once(
            f"publishers of {topic}",
            lambda: (
                f"{camera.name}: {camera.publishers} publishers on {topic} ({names}), whose images "
                "are tracked as if they were of one camera: give each a topic of its own; one that "
                "was killed counts for a while"
            ),
        )

    def _look_for_boxes(self, watched: Watched, now: float, patience: float) -> None:
        seen = any(camera.frame_id is not None for camera in watched.cameras)
        if watched.has_targets or not seen:
            self._with_box = now
            self._said.discard("box")
        elif patience and now - self._with_box > patience:
            self._once("box", self._box_text)

    def _once(self, key: str, text: Callable[[], str]) -> None:
        if key not in self._said:
            self._said.add(key)
            self._node.get_logger().warning(text())

    def _state_text(self) -> str:
        name, step = self._node.get_fully_qualified_name(), _NEXT[self._state_label]
        return f"{self._state_label}, so nothing is tracked: run `ros2 lifecycle set {name} {step}`"

    def _box_text(self) -> str:
        topic = self._node.resolve_topic_name("init_box")
        return (
            "images arrive, but there is nothing to track: send a box (vision_msgs/Detection2D, "
            f"in pixels) to {topic}"
        )

    def _silence_text(self, camera: Camera) -> str:
        topic = camera.topics.image.topic_name
        others = self._misfits(topic)
        if others:
            reason = "the QoS of its publisher does not fit; see above"
        elif self._node.count_publishers(topic):
            reason = "its publisher is silent, or its messages do not get here"
        else:
            reason = "nobody publishes it; remap it to the topic of your camera"
        return f"{camera.name}: no image on {topic}: {reason}"

    def _misfits(self, topic: str) -> int:
        names: Counter[str] = Counter()
        for name, count in self._node.mismatches.items():
            names[self._node.resolve_topic_name(name)] += count
        return names[topic]
