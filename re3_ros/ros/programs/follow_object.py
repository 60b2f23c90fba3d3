# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_follow_object: has Nav2's Following Server follow the target while it is seen.

    ros2 run re3_ros re3_follow_object      (or python -m re3_ros.ros.follow_object)

Detection2D, TrackerStatus, CameraInfo and PoseStamped in, a goal of the action FollowObject out;
docs/nav2.md describes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import PoseStamped
from std_srvs.srv import Trigger

from re3_ros.ros.kit import QUEUE_DEPTH, ParameterSpec, serve

from ._mover import Mover, Received
from ._nav2 import FollowGoal

FAREWELL = 2.0
"""The longest wait, in seconds, for the server to let go of the goal at the end."""
SPECS = (
    ParameterSpec("rate", 20.0, "looks a second at whether the target is seen", 1.0, 200.0),
    ParameterSpec("action", "follow_object", "name of the Following Server's action"),
    ParameterSpec("paused", False, "whether it begins paused, until ~/unpause is called"),
)
"""The parameters, besides those of every `Mover`."""


class FollowObject(Mover):
    """Lets the server have a goal while there is no reason to stand, and takes it back otherwise.

    What the server ends by itself, such as by aborting, pauses this node until ``~/unpause``.
    """

    standing = False
    moving = "the Following Server follows"

    def __init__(self, name: str = "re3_follow_object", **arguments: Any) -> None:
        self._paused = ""
        self._wanted = False
        self._ending = False
        self._pose: Received | None = None
        super().__init__(name, SPECS, **arguments)
        if self["paused"]:
            self._paused = "it begins so"
        subscription = self.create_subscription(PoseStamped, "pose", self._on_pose, QUEUE_DEPTH)
        self._goal = FollowGoal(self, str(self["action"]), subscription.topic_name)
        self.create_service(Trigger, "~/pause", self._on_pause)
        self.create_service(Trigger, "~/unpause", self._on_unpause)

    def close(self) -> None:
        """Take the goal back, and wait until the server has stopped the robot."""
        self._ending = True  # while it waits, nothing sends a goal anew
        if not self._goal.finish(FAREWELL):
            self.get_logger().warning("the Following Server did not confirm that it stopped")

    def next_velocity(self, _seconds: float) -> bool:
        """Return that the server may drive."""
        return True

    def command(self, velocity: bool) -> None:
        """Take the goal back if the robot is to stand; `_obstacle` has sent it."""
        if not (velocity or self._wanted):
            self._goal.cancel()

    def _on_pose(self, message: PoseStamped) -> None:
        self._pose = Received(message, self._now())

    def _on_pause(self, _request: Any, response: Any) -> Any:
        self._paused = self._paused or "~/pause was called"
        self._wanted = False
        self._command(self.standing)
        response.success, response.message = True, "paused: nothing moves until ~/unpause"
        return response

    def _on_unpause(self, _request: Any, response: Any) -> Any:
        self._paused = ""
        reason = self._obstacle(self._now())
        response.success = not self._paused
        response.message = f"unpaused, but standing: {reason}" if reason else "unpaused"
        return response

    def _obstacle(self, now: float) -> str:
        """Return why the server must not drive, or does not yet; send the goal if it may."""
        self._wanted = False
        if ended := self._goal.ended():
            self._paused = ended
            self.get_logger().error(f"{ended}. The robot stands until ~/unpause is called")
        reason = (
            ("this node ends" if self._ending else "")
            or (f"paused: {self._paused}; call ~/unpause" if self._paused else "")
            or self._goal.problem()
            or super()._obstacle(now)
            or self._pose_problem(now)
        )
        if reason:
            return reason
        answer = self._goal.start()
        self._wanted = True
        return answer

    def _pose_problem(self, now: float) -> str:
        """Return why it is not known where the target is."""
        if self._pose is None or self._is_old(self._pose, now):
            return (
                f"no pose of the target for {self['timeout']:g} s: its surface is hidden or not "
                "measured, or depth and camera_info do not come; see the log of re3_tracker"
            )
        assert self._detection is not None
        pose = self._pose.message
        if pose.header.frame_id != self._detection.message.header.frame_id:
            return f"the pose is of another camera: its frame_id is {pose.header.frame_id!r}"
        place = pose.pose.position
        if not all(map(math.isfinite, (place.x, place.y, place.z))):
            return "the pose makes no sense: it is not finite"
        return self._stamp_problem("pose", self._pose)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM, then have the robot stopped; return the exit code."""
    return serve(FollowObject, arguments)
