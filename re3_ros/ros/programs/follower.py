# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_follower: drives a robot after the target, and stops when it is not seen.

    ros2 run re3_ros re3_follower           (or python -m re3_ros.ros.follower)

Detection2D and TrackerStatus in, Twist out; docs/follower.md describes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import Twist
from rclpy.duration import Duration

from re3_ros.control import STOP, ControlLaw, Velocity, approach
from re3_ros.ros.kit import ParameterSpec, serve
from re3_ros.ros.tracker import box_of

from ._checks import LARGEST
from ._mover import Mover

FAREWELL = Duration(seconds=1)
"""The longest wait for the last command to arrive."""
SPECS = (
    ParameterSpec("rate", 30.0, "commands a second", 1.0, 200.0),
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
"""The follower's parameters, besides those of every `Mover`."""


class Follower(Mover):
    """Drives so that the target comes to the middle of the image, in its size."""

    standing = STOP
    moving = "following"

    def __init__(self, name: str = "re3_follower", **arguments: Any) -> None:
        super().__init__(name, SPECS, **arguments)
        self._commands = self.create_publisher(Twist, "cmd_vel", 1)

    def close(self) -> None:
        """Stop the robot, and wait until it knows: what is on its way is lost when we are gone."""
        self._command(STOP)
        if not self._commands.wait_for_all_acked(FAREWELL):
            self.get_logger().warning("nobody confirmed the last command, to stand still")

    def next_velocity(self, seconds: float) -> Velocity:
        """Return the velocity so many seconds after the last one."""
        steps = self["acceleration"] * seconds, self["turn_acceleration"] * seconds
        return self._law().limited(approach(self._velocity, self._wanted(), *steps))

    def command(self, velocity: Velocity) -> None:
        """Send a velocity."""
        message = Twist()
        message.linear.x, message.angular.z = velocity
        self._commands.publish(message)

    def _given_size(self) -> tuple[int, int] | None:
        width, height = self["image_width"], self["image_height"]
        return (width, height) if width and height else None

    def _no_info(self) -> str:
        return "the size of the image is not known: remap camera_info, or set image_width"

    def _law(self) -> ControlLaw:
        return ControlLaw(*(self[name] for name in ControlLaw._fields))

    def _wanted(self) -> Velocity:
        assert self._detection is not None
        return self._law().velocity(box_of(self._detection.message.bbox), *self._image_size())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the follower until SIGINT or SIGTERM, then stop the robot; return the exit code."""
    return serve(Follower, arguments)
