# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What nodes have in common that move something on account of what the tracker says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo
from vision_msgs.msg import Detection2D

from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import QUEUE_DEPTH, GuardedNode, ParameterSpec, declare_parameters

from ._checks import SECOND, bbox_problem, size_problem, stamp_problem, target_problem

SPECS = (
    ParameterSpec(
        "timeout",
        0.5,
        "seconds without a detection or a status after which the robot stops",
        0.05,
        10.0,
        live=True,
    ),
    ParameterSpec(
        "max_age",
        2.0,
        "seconds by which stamps may be behind the node's clock, or ahead of it; 0 = any",
        0.0,
        60.0,
        live=True,
    ),
)
"""The parameters of them all, besides `rate`."""


@dataclass(frozen=True)
class Received:
    """A message, and when it came by the node's clock, in seconds."""

    message: Any
    time: float


class Mover(GuardedNode):
    """Commands a velocity at a steady rate, zero unless all is well.

    All is well while detections and statuses keep coming, are of now, and make sense, and the
    status says that the target of the newest detection is TRACKING.
    """

    standing: Any
    """The velocity of what stands."""
    moving = "moving"
    """What is logged when it begins to move."""

    def __init__(self, name: str, specs: Iterable[ParameterSpec], **arguments: Any) -> None:
        super().__init__(name, **arguments)
        declare_parameters(self, (*specs, *SPECS))
        # Silence is measured by a clock that nobody sets; but simulated time may stand still.
        simulated = self.get_parameter("use_sim_time").value
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._clock_used = self.get_clock() if simulated else steady
        self._detection: Received | None = None
        self._status: Received | None = None
        self._info: CameraInfo | None = None
        self._resized: float | None = None
        self._velocity = self.standing
        self._ticked = 0.0
        self._told = ""
        self.create_subscription(Detection2D, "detection", self._on_detection, QUEUE_DEPTH)
        self.create_subscription(TrackerStatus, "status", self._on_status, QUEUE_DEPTH)
        self.create_subscription(CameraInfo, "camera_info", self._on_info, qos_profile_sensor_data)
        self._period = 1 / float(self["rate"])
        self.create_timer(self._period, self._tick, clock=self._clock_used)

    def __getitem__(self, name: str) -> Any:
        return self.get_parameter(name).value

    @abstractmethod
    def next_velocity(self, seconds: float) -> Any:
        """Return the velocity so many seconds after the last one, as there is reason to move."""

    @abstractmethod
    def command(self, velocity: Any) -> None:
        """Send a velocity."""

    def decide(self) -> Any:
        """Return the velocity to command now: zero unless there is no reason to stand."""
        now, before = self._now(), self._ticked
        self._ticked = now
        reason = self._obstacle(now)
        self._tell(reason)
        if reason:
            return self.standing
        # Simulated time goes in steps of its own; and after a pause the robot starts gently.
        return self.next_velocity(min(max(now - before, 0.0), 2 * self._period))

    def _now(self) -> float:
        return float(self._clock_used.now().nanoseconds / SECOND)

    def _on_detection(self, message: Detection2D) -> None:
        self._detection = Received(message, self._now())

    def _on_status(self, message: TrackerStatus) -> None:
        self._status = Received(message, self._now())

    def _on_info(self, message: CameraInfo) -> None:
        before, self._info = self._info, message
        if before is not None and (before.width, before.height) != (message.width, message.height):
            self._resized = self._now()

    def _tick(self) -> None:
        """Command the next velocity."""
        try:
            velocity = self.decide()
        except Exception as error:  # noqa: BLE001, whatever it is, the robot must not go on
            self.faults.note(self.get_name(), error)
            velocity = self.standing
        self._command(velocity)

    def _command(self, velocity: Any) -> None:
        self._velocity = velocity
        self.command(velocity)

    def _obstacle(self, now: float) -> str:
        """Return why the robot must not move, or nothing."""
        for name, seen in (("status", self._status), ("detection", self._detection)):
            if seen is None:
                return f"no {name} yet"
            if self._is_old(seen, now):
                return self._silence(name)
        assert self._status is not None
        assert self._detection is not None
        return (
            self._size_problem(now)
            or target_problem(self._detection.message, self._status.message)
            or self._stamp_problem("status", self._status)
            or self._stamp_problem("detection", self._detection)
            or bbox_problem(self._detection.message.bbox, *self._image_size())
        )

    def _is_old(self, seen: Received, now: float) -> bool:
        # Simulated time that begins anew makes what was seen before it newer than now.
        return not 0 <= now - seen.time <= self["timeout"]

    def _silence(self, name: str) -> str:
        """Return what is to be said when a topic falls silent: a lost target has no detection."""
        why = ""
        if name == "detection" and self._status is not None and self._detection is not None:
            why = target_problem(self._detection.message, self._status.message)
        return why or f"no {name} for {self['timeout']:g} s"

    def _given_size(self) -> tuple[int, int] | None:
        """Return the size of the image, if that is known beside camera_info."""
        return None

    def _size_problem(self, now: float) -> str:
        if self._given_size():
            return ""
        if self._info is None:
            return self._no_info()
        # What is under way may be of either size; and two cameras may share the topic.
        if self._resized is not None and 0 <= now - self._resized <= self["timeout"]:
            return f"the size of the image changed: it is {self._image_size()} now"
        return size_problem(self._info)

    def _no_info(self) -> str:
        return "no camera_info yet: remap it to that of the camera"

    def _stamp_problem(self, name: str, seen: Received) -> str:
        clock = self.get_clock().now().nanoseconds / SECOND
        return stamp_problem(name, seen.message.header, clock, self["max_age"])

    def _image_size(self) -> tuple[int, int]:
        given = self._given_size()
        if given is not None:
            return given
        assert self._info is not None
        return int(self._info.width), int(self._info.height)

    def _tell(self, reason: str) -> None:
        """Say in the log that it stops or moves, once for each kind of reason in a row."""
        kind = reason.partition(":")[0]
        if kind != self._told:
            self._told = kind
            self.get_logger().info(f"standing: {reason}" if reason else self.moving)
