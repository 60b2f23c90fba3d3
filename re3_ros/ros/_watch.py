# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Says what a user would otherwise have to find out: not activated, or no images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rclpy.clock import Clock, ClockType

from ._camera import Camera
from ._lifecycle import GuardedLifecycleNode

_NEXT = {"unconfigured": "configure", "inactive": "activate"}


class Watch:
    """Looks once a second, by the steady clock: a simulated one may stand still.

    ``cameras`` gives those that should be sending now, ``patience`` the seconds after which silence
    is worth a line in the log, 0 for never. Each thing is said once, until it changes.
    """

    def __init__(
        self,
        node: GuardedLifecycleNode,
        cameras: Callable[[], Iterable[Camera]],
        patience: Callable[[], float],
    ) -> None:
        self._node = node
        self._cameras = cameras
        self._patience = patience
        self._phase = ""
        self._since = 0.0
        self._silent: set[str] = set()
        node.create_timer(1.0, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        now = time.monotonic()
        if self._node.phase != self._phase:
            self._phase, self._since = self._node.phase, now
            self._silent.clear()
        patience = self._patience()
        if patience and self._phase in _NEXT and now - self._since > patience:
            self._say_phase()
        for camera in self._cameras():
            if patience and now - camera.last_image > patience:
                self._say_silence(camera)
            elif camera.name in self._silent:
                self._silent.remove(camera.name)
                self._node.get_logger().info(f"{camera.name}: images arrive again")

    def _say_phase(self) -> None:
        if self._phase not in self._silent:
            self._silent.add(self._phase)
            name, step = self._node.get_fully_qualified_name(), _NEXT[self._phase]
            self._node.get_logger().info(
                f"{self._phase}, so nothing is tracked: run `ros2 lifecycle set {name} {step}`"
            )

    def _say_silence(self, camera: Camera) -> None:
        if camera.name in self._silent:
            return
        self._silent.add(camera.name)
        topic = camera.topics.image.topic_name
        found = self._node.count_publishers(topic)
        reason = (
            "its publisher is silent, or its QoS does not match (see `ros2 topic info -v`)"
            if found
            else "nobody publishes it; remap it to the topic of your camera"
        )
        self._node.get_logger().warning(f"{camera.name}: no image on {topic}: {reason}")
