# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_yard: a simulated yard, whose camera is on a robot that cmd_vel drives.

    ros2 run re3_ros re3_yard               (or python -m re3_ros.ros.yard)

Images, camera_info, the truth and /clock out, cmd_vel in. It also gives the tracker the object's
box once. Time in the yard goes on when the tracker has answered the last image and the follower
has seen that time go by, and not faster than a clock: what happens does not depend on how fast
this machine is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import Twist
from std_msgs.msg import Header

from re3_ros.boxes import Boxes
from re3_ros.ros.kit import QUEUE_DEPTH, serve
from re3_ros.ros.tracker import rgb_image
from re3_ros.worlds import Yard

from ._world_node import WorldNode, pinhole_info, true_detection, world_specs

SPECS = world_specs("the yard", 24.0)
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
        self.create_subscription(Twist, self.commands, self._on_command, QUEUE_DEPTH)

    def make_world(self, seed: int, seconds: float) -> Yard:
        """Return the yard."""
        return Yard(seed, seconds)

    def move(self, seconds: float) -> None:
        """Drive as commanded last."""
        self._speed = self._command or self._speed
        self.world.drive(self._speed.linear.x, self._speed.angular.z, seconds)

    def publish_view(self, header: Header) -> Boxes:
        """Send what the robot sees, and the truth about it."""
        view, lens = self.world.view(), self.world.lens
        place = -view.left, 0.0, view.ahead
        self._infos.publish(pinhole_info((lens.width, lens.height), lens.focal, header))
        self._truths.publish(true_detection(self.target, view.box, view.visibility, place, header))
        self._images.publish(rgb_image(view.image, header))
        return view.box

    def _on_command(self, message: Twist) -> None:
        speeds = message.linear.x, message.angular.z
        if all(map(math.isfinite, speeds)):
            self._command = message
        else:
            self._reports.warn("command", f"cmd_vel is {speeds}, not finite: left out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the yard until SIGINT or SIGTERM; return the exit code."""
    return serve(YardNode, arguments)
