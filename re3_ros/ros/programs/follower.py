# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_follower: drives a robot after the target, and stops when it is not seen.

    ros2 run re3_ros re3_follower           (or python -m re3_ros.ros.follower)

Detection2D and TrackerStatus in, Twist out; docs/follower.md describes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import Twist
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo
from vision_msgs.msg import Detection2D

from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    declare_parameters,
    serve,
)
from re3_ros.ros.tracker import box_of

from ._control_law import STOP, ControlLaw, Velocity, approach
from ._follower_checks import (
    LARGEST,
    SECOND,
    bbox_problem,
    size_problem,
    stamp_problem,
    target_problem,
)

FAREWELL = Duration(seconds=1)
"""The longest wait for the last command to arrive."""
SPECS = (
    ParameterSpec("rate", 30.0, "commands a second", 1.0, 200.0),
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
    ParameterSpec("desired_height", 0.35, "of the box, in image heights", 0.05, 0.95, live=True),
    ParameterSpec(
        "forward_gain", 3.0, "m/s for each image height that the box lacks", 0.0, 100.0, live=True
    ),
    ParameterSpec(
        "turn_gain",
        1.5,
        "rad/s for a box at the edge of the image, half its width",
        0.0,
        20.0,
        live=True,
    ),
    ParameterSpec("max_forward", 0.6, "m/s", 0.0, 10.0, live=True),
    ParameterSpec("max_backward", 0.0, "m/s; 0 = never backwards", 0.0, 10.0, live=True),
    ParameterSpec("max_turn", 1.0, "rad/s", 0.0, 10.0, live=True),
    ParameterSpec(
        "acceleration", 0.8, "m/s each second; stopping is at once", 0.01, 50.0, live=True
    ),
    ParameterSpec("turn_acceleration", 3.0, "rad/s each second, likewise", 0.01, 50.0, live=True),
    ParameterSpec(
        "image_width",
        0,
        "pixels; 0, also of the height = as camera_info says",
        0,
        LARGEST,
        live=True,
    ),
    ParameterSpec("image_height", 0, "pixels", 0, LARGEST, live=True),
)
"""The follower's parameters."""


@dataclass(frozen=True)
class Received:
    """A message, and when it came by the follower's clock, in seconds."""

    message: Any
    time: float


class Follower(GuardedNode):
    """Commands a velocity at a steady rate, zero unless all is well.

    All is well while detections and statuses keep coming, are of now, and make sense, and the
    status says that the target of the newest detection is TRACKING.
    """

    def __init__(self, name: str = "re3_follower", **arguments: Any) -> None:
        super().__init__(name, **arguments)
        declare_parameters(self, SPECS)
        # Silence is measured by a clock that nobody sets; but simulated time may stand still.
        simulated = self.get_parameter("use_sim_time").value
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._clock_used = self.get_clock() if simulated else steady
        self._detection: Received | None = None
        self._status: Received | None = None
        self._info: CameraInfo | None = None
        self._resized: float | None = None
        self._velocity = STOP
        self._ticked = 0.0
        self._told = ""
        self._commands = self.create_publisher(Twist, "cmd_vel", 1)
        self.create_subscription(Detection2D, "detection", self._on_detection, QUEUE_DEPTH)
        self.create_subscription(TrackerStatus, "status", self._on_status, QUEUE_DEPTH)
        self.create_subscription(CameraInfo, "camera_info", self._on_info, qos_profile_sensor_data)
        self._period = 1 / float(self["rate"])
        self.create_timer(self._period, self._tick, clock=self._clock_used)

    def __getitem__(self, name: str) -> Any:
        return self.get_parameter(name).value

    def close(self) -> None:
        """Stop the robot, and wait until it knows: what is on its way is lost when we are gone."""
        self._command(STOP)
        if not self._commands.wait_for_all_acked(FAREWELL):
            self.get_logger().warning("nobody confirmed the last command, to stand still")

    def decide(self) -> Velocity:
        """Return the velocity to command now: STOP unless there is no reason to stand."""
        now, before = self._now(), self._ticked
        self._ticked = now
        reason = self._obstacle(now)
        self._tell(reason)
        if reason:
            return STOP
        # Simulated time goes in steps of its own; and after a pause the robot starts gently.
        seconds = min(max(now - before, 0.0), 2 * self._period)
        steps = self["acceleration"] * seconds, self["turn_acceleration"] * seconds
        return self._law().limited(approach(self._velocity, self._wanted(), *steps))

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
            self.faults.note("the follower", error)
            velocity = STOP
        self._command(velocity)

    def _command(self, velocity: Velocity) -> None:
        self._velocity = velocity
        command = Twist()
        command.linear.x, command.angular.z = velocity
        self._commands.publish(command)

    def _obstacle(self, now: float) -> str:
        """Return why the robot must not move, or nothing."""
        for name, seen in (("status", self._status), ("detection", self._detection)):
            if seen is None:
                return f"no {name} yet"
            # Simulated time that begins anew makes what was seen before it newer than now.
            if not 0 <= now - seen.time <= self["timeout"]:
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

    def _silence(self, name: str) -> str:
        """Return what is to be said when a topic falls silent: a lost target has no detection."""
        why = ""
        if name == "detection" and self._status is not None and self._detection is not None:
            why = target_problem(self._detection.message, self._status.message)
        return why or f"no {name} for {self['timeout']:g} s"

    def _size_problem(self, now: float) -> str:
        if self._given_size():
            return ""
        if self._info is None:
            return "the size of the image is not known: remap camera_info, or set image_width"
        # What is under way may be of either size; and two cameras may share the topic.
        if self._resized is not None and 0 <= now - self._resized <= self["timeout"]:
            return f"the size of the image changed: it is {self._image_size()} now"
        return size_problem(self._info)

    def _stamp_problem(self, name: str, seen: Received) -> str:
        clock = self.get_clock().now().nanoseconds / SECOND
        return stamp_problem(name, seen.message.header, clock, self["max_age"])

    def _given_size(self) -> tuple[int, int] | None:
        width, height = self["image_width"], self["image_height"]
        return (width, height) if width and height else None

    def _image_size(self) -> tuple[int, int]:
        given = self._given_size()
        if given is not None:
            return given
        assert self._info is not None
        return int(self._info.width), int(self._info.height)

    def _law(self) -> ControlLaw:
        return ControlLaw(*(self[name] for name in ControlLaw._fields))

    def _wanted(self) -> Velocity:
        assert self._detection is not None
        return self._law().velocity(box_of(self._detection.message.bbox), *self._image_size())

    def _tell(self, reason: str) -> None:
        """Say in the log that it stops or drives, once for each kind of reason in a row."""
        kind = reason.partition(":")[0]
        if kind != self._told:
            self._told = kind
            self.get_logger().info(f"standing: {reason}" if reason else "following")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the follower until SIGINT or SIGTERM, then stop the robot; return the exit code."""
    return serve(Follower, arguments)
