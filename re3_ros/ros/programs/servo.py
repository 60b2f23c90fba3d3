# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node re3_servo: moves the camera on an arm after the target, and stops when it is not seen.

    ros2 run re3_ros re3_servo              (or python -m re3_ros.ros.servo)

Detection2D, TrackerStatus, CameraInfo and, to keep a distance, Detection3DArray in, TwistStamped
for MoveIt Servo out; docs/servo.md describes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection3DArray

from re3_ros.control import (
    KEEPS,
    MOTIONS,
    STILL,
    Goal,
    Sight,
    Steps,
    Twist,
    elsewhere,
    limited,
    look,
    servo,
    stepped,
)
from re3_ros.errors import CameraError
from re3_ros.ros.kit import QUEUE_DEPTH, ParameterSpec, serve
from re3_ros.ros.tracker import box_of
from re3_ros.spatial import CAMERA_MODELS, CameraModel, read_camera_info
from re3_ros.tracking import TargetState

from ._moveit import TwistSwitch
from ._mover import Mover, Received

TWISTS = "~/delta_twist_cmds"
FAREWELL = Duration(seconds=1)
"""The longest wait for the last command to arrive."""
NEAREST, FARTHEST = 0.01, 100.0
"""Metres between which something is that a camera sees and an arm could move to."""


def _number(name: str, default: float, text: str, low: float, high: float) -> ParameterSpec:
    return ParameterSpec(name, default, text, low, high, live=True)


SPECS = (
    ParameterSpec("rate", 50.0, "commands a second; MoveIt Servo wants 10 or more", 10.0, 500.0),
    ParameterSpec(
        "motion",
        "translate",
        "how the target is brought to its place: by moving the camera, or by turning it",
        choices=tuple(MOTIONS),
        live=True,
    ),
    ParameterSpec(
        "keep",
        "size",
        "what else is kept: the size of the box, the distance (needs detections_3d), or nothing",
        choices=KEEPS,
    ),
    _number("aim_x", 0.5, "where the target's middle is to be, in image widths", 0.0, 1.0),
    _number("aim_y", 0.5, "likewise, in image heights", 0.0, 1.0),
    _number(
        "desired_size", 0.3, "of the box, as the root of its part of the image's area", 0.02, 0.95
    ),
    _number("desired_distance", 0.3, "metres to the target along the camera's z", 0.02, 10.0),
    _number(
        "assumed_distance",
        0.5,
        "metres at which the target has desired_size, where keep is not distance; a wrong value "
        "changes how fast the error falls",
        0.02,
        10.0,
    ),
    _number("gain", 1.0, "by which part the error falls, in 1/s", 0.01, 5.0),
    _number(
        "dead_band", 0.01, "offset that is left alone, in metres at a metre's distance", 0.0, 0.5
    ),
    _number("size_band", 0.03, "part of size or distance that is left alone", 0.0, 0.5),
    _number("max_linear", 0.1, "highest speed, in m/s", 0.0, 2.0),
    _number("max_angular", 0.5, "likewise, in rad/s", 0.0, 3.0),
    _number(
        "acceleration",
        0.5,
        "growth of the speed, in m/s each second; stopping is at once",
        0.01,
        20.0,
    ),
    _number("angular_acceleration", 2.0, "likewise, in rad/s each second", 0.01, 50.0),
    _number(
        "ee_x", 0.0, "metres: where MoveIt's end effector is, in the camera's frame", -2.0, 2.0
    ),
    _number("ee_y", 0.0, "likewise, down", -2.0, 2.0),
    _number("ee_z", 0.0, "likewise, forward", -2.0, 2.0),
    ParameterSpec(
        "frame_id", "", "optical frame of the camera, for the commands; empty: as in the detection"
    ),
    ParameterSpec(
        "camera_model",
        "auto",
        "what the images are, as of re3_tracker",
        choices=tuple(CAMERA_MODELS),
    ),
    ParameterSpec("moveit", True, "MoveIt Servo takes the commands; false: something else does"),
    ParameterSpec("paused", True, "whether it begins paused, until ~/unpause is called"),
    ParameterSpec(
        "pause_when_lost",
        False,
        "whether a LOST target pauses it; false: it goes on when the target is found",
        live=True,
    ),
)
"""The servo's parameters, besides those of every `Mover`."""


class Servo(Mover):
    """Moves the camera so that the target comes to its place in the image, and keeps it there."""

    standing = STILL
    moving = "servoing"

    def __init__(self, name: str = "re3_servo", **arguments: Any) -> None:
        self._paused = True
        self._silent = False
        self._camera: CameraModel | CameraError | None = None
        self._sight: Sight | None = None
        self._positions: Received | None = None
        super().__init__(name, SPECS, **arguments)
        self._paused = bool(self["paused"])
        self._moveit = TwistSwitch(self) if self["moveit"] else None
        self._commands = self.create_publisher(TwistStamped, TWISTS, 1)
        self.create_service(Trigger, "~/pause", self._on_pause)
        self.create_service(Trigger, "~/unpause", self._on_unpause)
        if self["keep"] == "distance":
            self.create_subscription(
                Detection3DArray, "detections_3d", self._on_positions, QUEUE_DEPTH
            )

    def close(self) -> None:
        """Stop the arm, and wait until it knows: what is on its way is lost when we are gone."""
        self._command(STILL)
        if not self._commands.wait_for_all_acked(FAREWELL):
            self.get_logger().warning("nobody confirmed the last command, to stand still")

    def next_velocity(self, seconds: float) -> Twist:
        """Return the camera's twist so many seconds after the last one."""
        assert self._sight is not None
        most = self._most()
        steps = Steps(self["acceleration"] * seconds, self["angular_acceleration"] * seconds)
        wanted = limited(servo(self._sight, self._goal(), self._distance()), most)
        return limited(stepped(self._velocity, wanted, steps), most)

    def command(self, velocity: Twist) -> None:
        """Send a twist; while paused only the first, of zero: others may command then."""
        frame = self._frame()
        if self._silent or not frame:
            return
        self._silent = self._paused
        place = np.array([self["ee_x"], self["ee_y"], self["ee_z"]])
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=frame)
        message = TwistStamped(header=header)
        linear, angular = message.twist.linear, message.twist.angular
        # What is far from the camera moves faster when it turns: the limits are for both.
        told = limited(elsewhere(velocity, place), self._most())
        linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = map(float, told)
        self._commands.publish(message)

    def _on_positions(self, message: Detection3DArray) -> None:
        self._positions = Received(message, self._now())

    def _on_info(self, message: CameraInfo) -> None:
        super()._on_info(message)
        try:
            self._camera = read_camera_info(message, CAMERA_MODELS[self["camera_model"]])
        except CameraError as error:
            self._camera = error

    def _on_pause(self, _request: Any, response: Any) -> Any:
        self._pause("~/pause was called")
        response.success, response.message = True, "paused: nothing moves until ~/unpause"
        return response

    def _on_unpause(self, _request: Any, response: Any) -> Any:
        self._paused = self._silent = False
        if self._moveit is not None:
            self._moveit.forget()
        reason = self._obstacle(self._now())
        response.success = not self._paused
        response.message = f"unpaused, but standing: {reason}" if reason else "unpaused"
        return response

    def _pause(self, why: str) -> None:
        if not self._paused:
            self.get_logger().info(f"paused: {why}; call ~/unpause to go on")
        self._paused = True
        self._command(STILL)

    def _obstacle(self, now: float) -> str:
        """Return why the arm must not move, or nothing."""
        self._sight = None
        if self["pause_when_lost"] and not self._paused and self._is_lost():
            self._pause("the target is lost, and pause_when_lost is set")
        if self._paused:
            return "paused: call ~/unpause"
        return (
            (self._moveit.problem() if self._moveit is not None else "")
            or super()._obstacle(now)
            or self._distance_problem(now)
            or self._look()
        )

    def _is_lost(self) -> bool:
        if self._status is None or self._detection is None:
            return False
        targets = [t for t in self._status.message.targets if t.id == self._detection.message.id]
        return any(t.state == TargetState.LOST for t in targets)

    def _size_problem(self, now: float) -> str:
        problem = super()._size_problem(now)
        if not problem and isinstance(self._camera, CameraError):
            return f"camera_info makes no sense: {self._camera}"
        return problem

    def _image_size(self) -> tuple[int, int]:
        """Return that of the images as they are sent: binned, and of a part of the sensor."""
        camera = self._camera
        if isinstance(camera, CameraModel) and camera.width and camera.height:
            return camera.width, camera.height
        return super()._image_size()

    def _look(self) -> str:
        """See where the target is; return why that cannot be told, or nothing."""
        assert self._detection is not None
        if not self._frame():
            return "the images have no frame_id: set frame_id to the camera's optical frame"
        if not isinstance(self._camera, CameraModel):
            return self._no_info()
        box, size = box_of(self._detection.message.bbox), self._image_size()
        self._sight = look(box, self._camera, *size, self._goal())
        return "" if self._sight else "the box lies beyond what camera_info lets the lens show"

    def _distance_problem(self, now: float) -> str:
        """Return why the distance to the target is not known, if it is to be kept."""
        if self["keep"] != "distance":
            return ""
        if self._positions is None or self._is_old(self._positions, now):
            return "no 3D position of the target: is there a depth image, and detections_3d?"
        assert self._detection is not None
        header = self._positions.message.header
        if header.frame_id != self._detection.message.header.frame_id:
            return f"the 3D positions are of another camera: their frame_id is {header.frame_id!r}"
        return self._stamp_problem("3D position", self._positions) or self._place_problem()

    def _place_problem(self) -> str:
        found = self._distances()
        if len(found) != 1:
            return "no 3D position of the target: its surface is hidden, or not measured"
        if not NEAREST <= found[0] <= FARTHEST:
            return f"the 3D position makes no sense: the target is {found[0]:g} m away"
        return ""

    def _distances(self) -> list[float]:
        """Return the distances that are told of the target: one, if all is well."""
        assert self._positions is not None
        assert self._detection is not None
        wanted = self._detection.message.id
        found = [d for d in self._positions.message.detections if d.id == wanted and d.results]
        distances = [float(d.results[0].pose.pose.position.z) for d in found]
        return [z if math.isfinite(z) else -math.inf for z in distances]

    def _distance(self) -> float | None:
        return self._distances()[0] if self["keep"] == "distance" else None

    def _frame(self) -> str:
        seen = self._detection.message.header.frame_id if self._detection is not None else ""
        return str(self["frame_id"] or seen)

    def _most(self) -> Steps:
        return Steps(self["max_linear"], self["max_angular"])

    def _goal(self) -> Goal:
        return Goal(*(self[name] for name in Goal._fields))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the servo until SIGINT or SIGTERM, then stop the arm; return the exit code."""
    return serve(Servo, arguments)
