# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_yard: a simulated yard, whose camera is on a robot that cmd_vel drives.

    ros2 run re3_ros re3_yard               (or python -m re3_ros.ros.yard)

Images, depth, camera_info, the truth and /clock out, cmd_vel in. It also gives the tracker the
object's box once. Time in the yard goes on when the tracker has answered the last image and the
follower has seen that time go by, and not faster than a clock: what happens does not depend on how
fast this machine is. With the parameter ``base`` the robot is one as Nav2 expects it, with frames
on /tf, and time waits for the tracker alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import TransformStamped, Twist
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from re3_ros.boxes import Boxes
from re3_ros.ros.kit import QUEUE_DEPTH, ParameterSpec, serve
from re3_ros.ros.tracker import rgb_image
from re3_ros.worlds import Yard

from ._world_node import WorldNode, depth_image, pinhole_info, true_detection, world_specs

ODOM, BASE = "odom", "base_link"
"""Frames of the robot, after REP-105."""
SILENCE = 0.3
"""Seconds of the yard after which a base stops by itself when commands cease."""
SPECS = (
    *world_specs("the yard", 24.0),
    ParameterSpec(
        "base",
        False,
        "whether the robot is a base as Nav2 expects it: frames on /tf, commands that come when "
        "they like, and a stop when they cease; false: time waits for each command",
    ),
)
"""The yard's parameters."""


class YardNode(WorldNode):
    """A yard with a robot in it."""

    frame_id = "yard_camera"
    target = "suitcase"
    subject = "the yard"
    commands = "cmd_vel"

    def __init__(self, name: str = "re3_yard", **arguments: Any) -> None:
        super().__init__(name, SPECS, **arguments)
        self._speed = Twist()
        self._is_base = bool(self._value("base"))
        self._told = 0
        self._depths = self.create_publisher(Image, "depth", QUEUE_DEPTH)
        self.create_subscription(Twist, self.commands, self._on_command, QUEUE_DEPTH)
        if self._is_base:
            self._frames = self.create_publisher(TFMessage, "/tf", QUEUE_DEPTH)
            latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self._fixed_frames = self.create_publisher(TFMessage, "/tf_static", latched)
            self._fixed_frames.publish(TFMessage(transforms=[self._camera_on_base()]))

    def make_world(self, seed: int, seconds: float) -> Yard:
        """Return the yard."""
        return Yard(seed, seconds)

    def move(self, seconds: float) -> None:
        """Drive as commanded last, as far as that counts."""
        if self._command is not None:
            self._speed, self._told = self._command, self._stamp
        elif self._is_base and self._stamp - self._told > SILENCE * 1e9:
            self._speed = Twist()
        self.world.drive(self._speed.linear.x, self._speed.angular.z, seconds)

    def publish_view(self, header: Header) -> Boxes:
        """Send what the robot sees, and the truth about it."""
        if self._is_base:  # at once: who looks at the clock asks for the frames of that time
            self._frames.publish(TFMessage(transforms=[self._base_on_ground(header)]))
        view, lens = self.world.view(), self.world.lens
        place = -view.left, 0.0, view.ahead
        self._infos.publish(pinhole_info((lens.width, lens.height), lens.focal, header))
        self._truths.publish(true_detection(self.target, view.box, view.visibility, place, header))
        if self._depths.get_subscription_count():
            self._depths.publish(depth_image(self.world.depth(), header))
        self._images.publish(rgb_image(view.image, header))
        return view.box

    def waits_for_commands(self) -> bool:
        """Tell whether a command is to be expected after each image."""
        return not self._is_base and super().waits_for_commands()

    def _base_on_ground(self, header: Header) -> TransformStamped:
        """Return where the robot is: as it drove, as nothing slips."""
        robot = self.world.robot
        frame = TransformStamped(child_frame_id=BASE)
        frame.header.stamp, frame.header.frame_id = header.stamp, ODOM
        frame.transform.translation.x, frame.transform.translation.y = robot.x, robot.y
        turn = frame.transform.rotation
        turn.z, turn.w = math.sin(robot.yaw / 2), math.cos(robot.yaw / 2)
        return frame

    def _camera_on_base(self) -> TransformStamped:
        """Return where the camera is: its optical frame looks ahead."""
        frame = TransformStamped(child_frame_id=self.frame_id)
        frame.header.frame_id = BASE
        frame.transform.translation.z = self.world.lens.height_above
        turn = frame.transform.rotation
        turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
        return frame

    def _on_command(self, message: Twist) -> None:
        speeds = message.linear.x, message.angular.z
        if all(map(math.isfinite, speeds)):
            self._command = message
        else:
            self._reports.warn("command", f"cmd_vel is {speeds}, not finite: left out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the yard until SIGINT or SIGTERM; return the exit code."""
    return serve(YardNode, arguments)
