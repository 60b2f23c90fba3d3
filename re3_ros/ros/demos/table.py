# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_table: a simulated table, above it a camera on an arm that twists move.

    ros2 run re3_ros re3_table              (or python -m re3_ros.ros.table)

Images, depth, camera_info, the truth and /clock out, TwistStamped in, which it treats as MoveIt
Servo does: in the camera's frame, and none that is old. It also gives the tracker the object's box
once. Time goes on when the tracker has answered the last image and a twist has come, and not faster
than a clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from geometry_msgs.msg import TwistStamped
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from re3_ros.boxes import Boxes
from re3_ros.ros.kit import QUEUE_DEPTH, serve
from re3_ros.ros.tracker import rgb_image
from re3_ros.tracking import stamp_of
from re3_ros.worlds import Table

from ._world_node import WorldNode, depth_image, pinhole_info, true_detection, world_specs

SPECS = world_specs("the table", 20.0)
"""The table's parameters."""
OLD = 0.2
"""Seconds after which a command counts no more."""


class TableNode(WorldNode):
    """A table, and the camera above it."""

    frame_id = "table_camera"
    target = "carton"
    subject = "the table"
    commands = "re3_servo/delta_twist_cmds"

    def __init__(self, name: str = "re3_table", **arguments: Any) -> None:
        super().__init__(name, SPECS, **arguments)
        self._depths = self.create_publisher(Image, "depth", QUEUE_DEPTH)
        self.create_subscription(TwistStamped, self.commands, self._on_command, QUEUE_DEPTH)

    def make_world(self, seed: int, seconds: float) -> Table:
        """Return the table."""
        return Table(seed, seconds)

    def move(self, seconds: float) -> None:
        """Move the arm as commanded last; without a command it stops."""
        self.world.move(np.zeros(6) if self._command is None else self._command, seconds)

    def publish_view(self, header: Header) -> Boxes:
        """Send what the camera sees, and the truth about it."""
        view, camera = self.world.view(), self.world.camera
        self._infos.publish(pinhole_info((camera.width, camera.height), camera.fx, header))
        self._truths.publish(
            true_detection(self.target, view.box, view.visibility, view.position, header)
        )
        self._depths.publish(depth_image(view.depth, header))
        self._images.publish(rgb_image(view.image, header))
        return view.box

    def _on_command(self, message: TwistStamped) -> None:
        self._command = self._twist(message)

    def _twist(self, message: TwistStamped) -> NDArray[np.float64]:
        """Return the twist (6,) that a command means: zero for one that cannot be obeyed."""
        linear, angular = message.twist.linear, message.twist.angular
        twist = np.array([linear.x, linear.y, linear.z, angular.x, angular.y, angular.z])
        age = abs(self._stamp - stamp_of(message.header)) / 1e9
        frame = message.header.frame_id
        problem = ""
        if frame != self.frame_id:
            problem = f"its frame_id is {frame!r}, expected {self.frame_id!r}"
        elif age > OLD:
            problem = f"its stamp is {age:.2f} s from now; is use_sim_time set?"
        elif not all(map(math.isfinite, twist)):
            problem = "it is not finite"
        if not problem:
            return twist
        self._reports.warn("command", f"a twist is not obeyed: {problem}")
        return np.zeros(6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table until SIGINT or SIGTERM; return the exit code."""
    return serve(TableNode, arguments)
