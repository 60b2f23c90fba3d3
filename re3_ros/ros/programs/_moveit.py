# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""MoveIt Servo has to be told that twists are coming; until it agreed, nothing is to move."""

from __future__ import annotations

import os
import time
from typing import Any

from re3_ros.ros.kit import GuardedNode

SERVICE = "~/switch_command_type"
REPEAT = 2.0
"""Seconds until a request without an answer is sent anew: the first may find nobody listening."""


class TwistSwitch:
    """Calls the service of MoveIt Servo that has it take twists, until it agrees.

    When MoveIt Servo goes and comes again it is told anew, as it has forgotten by then.
    """

    def __init__(self, node: GuardedNode) -> None:
        self._agreed = False
        self._refused = ""
        self._answer: Any = None
        self._asked = 0.0
        self._service = node.resolve_service_name(SERVICE)
        node.names.add(SERVICE)
        try:
            from moveit_msgs.srv import ServoCommandType
        except ImportError:
            self._client: Any = None
            return
        self._request = ServoCommandType.Request()
        self._request.command_type = ServoCommandType.Request.TWIST
        self._client = node.create_client(ServoCommandType, SERVICE)

    def forget(self) -> None:
        """Tell it anew: somebody else may have told it something different."""
        self._drop()
        self._agreed, self._refused = False, ""

    def problem(self) -> str:
        """Return why MoveIt Servo takes no twists yet, or nothing; never waits."""
        if self._client is None:
            distribution = os.environ.get("ROS_DISTRO", "$ROS_DISTRO")
            return (
                "MoveIt Servo cannot be told to take twists: moveit_msgs is not installed; apt "
                f"install ros-{distribution}-moveit-servo, or set moveit:=false if something else "
                "takes the twists"
            )
        if not self._client.service_is_ready():
            self.forget()
            return (
                f"MoveIt Servo is not there: nobody serves {self._service}; start it, "
                f"remap {SERVICE}, or set moveit:=false if something else takes the twists"
            )
        if not self._agreed:
            self._look()
        return "" if self._agreed else self._refused or "MoveIt Servo has not answered yet"

    def _look(self) -> None:
        """Take the answer if it is there; ask if there is none to come."""
        now = time.monotonic()
        if self._answer is not None and self._answer.done():
            done, self._answer = self._answer.result(), None
            self._agreed = bool(done is not None and done.success)
            self._refused = "" if self._agreed else "MoveIt Servo refused to take twists"
        elif self._answer is None or now - self._asked > REPEAT:
            if self._refused and now - self._asked <= REPEAT:
                return
            self._drop()
            self._answer, self._asked = self._client.call_async(self._request), now

    def _drop(self) -> None:
        if self._answer is not None:
            self._client.remove_pending_request(self._answer)
            self._answer = None
