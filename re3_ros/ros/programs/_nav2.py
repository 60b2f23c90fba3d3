# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The goal of Nav2's Following Server: sent, taken back, and why the server ended it."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from unique_identifier_msgs.msg import UUID

from re3_ros.ros.kit import GuardedNode

REPEAT = 2.0
"""Seconds after which a goal that was refused is sent anew."""
INSIST = 0.5
"""Seconds after which a goal that was not yet taken back is taken back again."""
PATIENCE = 5.0
"""Seconds to wait for an answer to a goal, which is taken back then."""
_OVER = (CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID, CancelGoal.Response.ERROR_GOAL_TERMINATED)
CODES = {901: "TF_ERROR", 902: "FAILED_TO_DETECT_OBJECT", 903: "FAILED_TO_CONTROL", 904: "TIMEOUT"}
"""Error codes of FollowObject that say something, by their names there."""
ADVICE = {
    901: "a transform is missing: see whether TF leads from the camera to base_frame and to "
    "fixed_frame",
    902: "it had no pose of the target that it could use: each was older than detection_timeout, "
    "or TF does not lead from the camera to fixed_frame at the time of the image",
    903: "it found no way to drive: see whether TF leads from base_frame to fixed_frame, and is "
    "not older than transform_tolerance",
    904: "it took too long",
}
UNKNOWN = (
    "its log says more: mostly TF does not lead from the camera to base_frame, or somebody else "
    "sent it a goal"
)


class FollowGoal:
    """One goal at most, which the server has from `start` on until `cancel`, or until it ends it.

    Never waits, except in `finish`: answers are looked for whenever something is called.
    """

    def __init__(self, node: GuardedNode, action: str, pose_topic: str) -> None:
        self._node = node
        self._name = node.resolve_service_name(action)
        self._id: UUID | None = None
        self._answer: Any = None
        self._result: Any = None
        self._cancelled: Any = None
        self._leaving = False
        self._refused: float | None = None
        self._asked = 0.0
        self._ended = ""
        try:
            from nav2_msgs.action import FollowObject
        except ImportError:
            self._client: Any = None
            return
        self._goal = FollowObject.Goal(pose_topic=pose_topic)
        self._client = ActionClient(node, FollowObject, action)
        self._canceller = node.create_client(CancelGoal, f"{action}/_action/cancel_goal")

    def problem(self) -> str:
        """Return why no goal can be sent, or nothing."""
        if self._client is None:
            distribution = os.environ.get("ROS_DISTRO", "$ROS_DISTRO")
            return (
                "the Following Server cannot be asked: nav2_msgs is not installed, or is older "
                f"than its FollowObject; apt install ros-{distribution}-opennav-following"
            )
        if self._client.server_is_ready():
            return ""
        self._lose()
        return (
            f"the Following Server is not there: nobody serves the action {self._name}; start it, "
            "or set the parameter action"
        )

    def start(self) -> str:
        """See to it that the server has the goal; return why it does not follow yet, or nothing."""
        self._look()
        now = time.monotonic()
        if self._answer is not None and now - self._asked > PATIENCE:
            self._answer = None
        if self._id is not None and self._answer is None and self._result is None:
            self._leaving = True  # nobody will tell what became of it
        if self._leaving:
            self.cancel()
            return "the Following Server has not let go of the last goal yet"
        waits = self._refused is not None and now - self._refused < REPEAT
        if self._id is None and not waits:
            self._id, self._asked = UUID(uuid=list(uuid.uuid4().bytes)), now
            self._answer = self._client.send_goal_async(self._goal, goal_uuid=self._id)
        if self._result is not None:
            return ""
        if self._refused is not None:
            return (
                "the Following Server refuses the goal: it is not active; see its log and that of "
                "its lifecycle manager"
            )
        return "the Following Server has not answered yet"

    def cancel(self) -> None:
        """Take the goal back, and insist until it is: the server then stops the robot."""
        self._look()
        now = time.monotonic()
        if self._id is None or (self._leaving and now - self._asked < INSIST):
            return
        self._leaving, self._asked = True, now
        if not self._client.server_is_ready():
            return
        if self._cancelled is not None:
            self._canceller.remove_pending_request(self._cancelled)
        request = CancelGoal.Request()
        request.goal_info.goal_id = self._id
        self._cancelled = self._canceller.call_async(request)

    def ended(self) -> str:
        """Return why the server ended the goal by itself since last asked, or nothing."""
        self._look()
        ended, self._ended = self._ended, ""
        return ended

    def finish(self, seconds: float) -> bool:
        """Take the goal back and wait until it is; return whether it was. Spins the node.

        A server that is gone has no goal.
        """
        end = time.monotonic() + seconds
        executor = SingleThreadedExecutor(context=self._node.context)
        executor.add_node(self._node)
        try:
            self.cancel()
            while self._id is not None and self._client.server_is_ready():
                if time.monotonic() > end:
                    return False
                executor.spin_once(timeout_sec=0.05)
                self.cancel()
        finally:
            executor.shutdown(timeout_sec=0)
        return True

    def _look(self) -> None:
        """Take the answers that have come."""
        if self._answer is not None and self._answer.done():
            answer, self._answer = self._answer, None
            handle = answer.result()
            if handle.accepted:
                self._refused, self._result = None, handle.get_result_async()
            else:
                self._refused = time.monotonic()
                self._forget()
        if self._result is not None and self._result.done():
            answer, self._result = self._result, None
            told = answer.result()
            self._ended = "" if self._leaving else why_ended(told.status, told.result)
            self._forget()
        if self._cancelled is not None and self._cancelled.done():
            answer, self._cancelled = self._cancelled, None
            code = answer.result().return_code
            over = code in _OVER or (code == CancelGoal.Response.ERROR_NONE and not self._result)
            if over and self._answer is None:
                self._forget()

    def _lose(self) -> None:
        """Expect no answers any more: should the server come back, the goal is to be taken back."""
        self._answer = self._result = self._cancelled = None
        self._leaving = self._id is not None

    def _forget(self) -> None:
        # What is still answered is about this goal, and says nothing of the next one.
        self._id = self._result = self._cancelled = None
        self._leaving = False


def why_ended(status: int, result: Any) -> str:
    """Return what the server says of a goal that it ended, and what to do about it."""
    if status == GoalStatus.STATUS_SUCCEEDED:
        return "the Following Server is done: its static_object_timeout is over"
    if status == GoalStatus.STATUS_CANCELED:
        return "somebody else cancelled the goal of the Following Server"
    code = int(result.error_code)
    told = ", ".join(part for part in (CODES.get(code, f"error {code}"), result.error_msg) if part)
    tries = f", after {result.num_retries} tries" if result.num_retries else ""
    return f"the Following Server aborted ({told}{tries}): {ADVICE.get(code, UNKNOWN)}"
