# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""/diagnostics: how the node and its cameras are, as long as the node lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from re3_ros.ros.kit import GuardedLifecycleNode
from re3_ros.tracking import FrameResult, stamp_of

from ._camera import Arrival, Camera
from ._health import Health, camera_counts, camera_health, node_health
from ._meter import Meter
from ._parameters import LiveParameters

TOPIC = "/diagnostics"
_SECOND = 1e9
_TICK = 1.0
"""Longest wait in seconds until a changed period is noticed."""
_STILL = 2.0
"""Seconds of the steady clock after which a simulated one that shows no change is reported."""


class Diagnostics:
    """Publishes every `diagnostic_period` seconds, through diagnostic_updater where that is there.

    Rates, latencies and silence are measured by the node's clock, and so are simulated along with
    it; only the period is that of the steady clock, as a simulation may stand still. ``about``
    tells what runs, and is empty while the node is unconfigured.
    """

    def __init__(
        self,
        node: GuardedLifecycleNode,
        live: LiveParameters,
        about: Callable[[], Mapping[str, str]],
    ) -> None:
        self._node = node
        self._live = live
        self._about = about
        self._meters: dict[str, tuple[Camera, Meter]] = {}
        self._meter = Meter()
        self._rejected = 0
        self._state_label, self._since = "", 0.0
        self._last = time.monotonic()
        self._clock_at = (0.0, 0.0)
        self._send = _sender(node)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(_TICK, self._tick, clock=steady)

    def open(
        self, _node: Node, cameras: Mapping[str, Camera], _live: LiveParameters
    ) -> Diagnostics:
        """Begin to watch cameras; to be given to `Pipeline` as one of its outputs."""
        self._meters = {name: (camera, Meter()) for name, camera in cameras.items()}
        for camera, meter in self._meters.values():  # what rises before the first report counts too
            meter.sample(self._now(), camera_counts(camera))
        return self

    def publish(self, arrival: Arrival, _image: NDArray[np.uint8], _result: FrameResult) -> None:
        """Note how long after its stamp an image was answered, by the node's clock."""
        status = arrival.camera.status
        assert status is not None
        now = self._now()
        gone = time.monotonic() - (arrival.time + status.latency)  # since it was published
        delay = now - gone - stamp_of(arrival.message.header) / _SECOND
        self._meters[arrival.camera.name][1].took(now, delay)

    def close(self) -> None:
        """Stop watching the cameras."""
        self._meters = {}

    def look(self) -> list[Health]:
        """Return how all are now."""
        now, patience = self._now(), self._live["silence_warning"]
        if self._node.state_label != self._state_label:
            self._state_label, self._since = self._node.state_label, time.monotonic()
        told = [camera.status for camera, _ in self._meters.values() if camera.status is not None]
        if told:  # each has the total of the whole node
            self._rejected = max(status.boxes_rejected for status in told)
        totals = {
            "errors": self._node.faults.count,
            "boxes_rejected": self._rejected,
            "mismatches": self._node.mismatches.total(),
        }
        self._meter.sample(now, totals)
        since = time.monotonic() - self._since
        own = node_health(self._state_label, since, patience, self._meter, self._about())
        if self._node.fault:
            own.fail(f"gave up: {self._node.fault}")
        self._look_at_clock(own, now)
        return [own, *(self._camera(now, *pair) for pair in self._meters.values())]

    def _camera(self, now: float, camera: Camera, meter: Meter) -> Health:
        meter.sample(now, camera_counts(camera))
        return camera_health(camera, meter, self._live)

    def _look_at_clock(self, health: Health, now: float) -> None:
        steady = time.monotonic()
        if now != self._clock_at[0]:
            self._clock_at = now, steady
        elif steady - self._clock_at[1] > _STILL:
            health.warn("simulated time stands still: nobody publishes /clock, or it is paused")

    def _tick(self) -> None:
        period = self._live["diagnostic_period"]
        tick = round(min(period or _TICK, _TICK) * _SECOND)
        if self._timer.timer_period_ns != tick:
            self._timer.timer_period_ns = tick
        now = time.monotonic()
        if period and now - self._last > period - tick / _SECOND / 2:
            self._last = now
            self._send(self.look(), self._about().get("device", "none"))

    def _now(self) -> float:
        return float(self._node.get_clock().now().nanoseconds / _SECOND)


Send = Callable[[Iterable[Health], str], None]
"""Publishes statuses of a piece of hardware."""


def _sender(node: Node) -> Send:
    try:
        from diagnostic_updater import Updater
    except ImportError:
        return _plain_sender(node)
    return _updater_sender(node, Updater)


def _plain_sender(node: Node) -> Send:
    """Return what publishes as diagnostic_updater does, for where that is not installed."""
    publisher = node.create_publisher(DiagnosticArray, TOPIC, 1)

    def send(healths: Iterable[Health], hardware: str) -> None:
        message = DiagnosticArray()
        message.header.stamp = node.get_clock().now().to_msg()
        for health in healths:
            status = DiagnosticStatus(name=f"{node.get_name()}: {health.name}")
            message.status.append(_filled(status, health, hardware))
        publisher.publish(message)

    return send


def _updater_sender(node: Node, updater_class: Any) -> Send:
    """Return what lets an Updater publish when we say, in place of by its own timer.

    Its parameter of the period, which then means nothing, is removed.
    """
    updater = updater_class(node)
    node.destroy_timer(updater.timer)
    node.undeclare_parameter("diagnostic_updater.period")
    latest: dict[str, Health] = {}

    def run(name: str) -> Callable[[Any], Any]:
        return lambda status: _filled(status, latest[name], updater.hwid)

    def send(healths: Iterable[Health], hardware: str) -> None:
        before = set(latest)
        latest.clear()
        latest.update({health.name: health for health in healths})
        updater.setHardwareID(hardware)
        for name in before - latest.keys():
            updater.removeByName(name)
        for name in latest:
            if name not in before:
                updater.add(name, run(name))
        updater.force_update()

    return send


def _filled(status: Any, health: Health, hardware: str) -> Any:
    status.level, status.message = bytes([health.level]), health.message
    status.hardware_id = hardware
    status.values = [KeyValue(key=key, value=value) for key, value in health.values.items()]
    return status
