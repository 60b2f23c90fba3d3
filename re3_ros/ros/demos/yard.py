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
import time
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import Twist
from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, ObjectHypothesisWithPose

from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    Reports,
    declare_parameters,
    serve,
)
from re3_ros.ros.tracker import bounding_box, rgb_image
from re3_ros.tracking import stamp_of
from re3_ros.worlds import Yard, YardView

BEGIN = 1_000_000_000
"""Time in the yard at which it begins, in ns; zero would mean no time at all."""
FRAME_ID = "yard_camera"
TARGET = "suitcase"
LATE = 30
"""Images after which a box without effect is taken to be lost."""
SPECS = (
    ParameterSpec("seed", 0, "of the yard", 0, 1_000_000),
    ParameterSpec("seconds", 24.0, "that it lasts", 3.0, 3600.0),
    ParameterSpec("speed", 1.0, "most seconds of the yard in a second", 0.01, 100.0),
    ParameterSpec("patience", 5.0, "seconds to wait for an answer before going on", 0.1, 600.0),
)
"""The yard's parameters."""


class YardNode(GuardedNode):
    """Sends an image, waits for what tracker and robot make of it, moves the robot, and so on.

    It begins once the tracker listens, and stays quiet when it is over.
    """

    def __init__(self, name: str = "re3_yard", **arguments: Any) -> None:
        super().__init__(name, **arguments)
        declare_parameters(self, SPECS)
        values = {spec.name: self.get_parameter(spec.name).value for spec in SPECS}
        self.yard = Yard(values["seed"], values["seconds"])
        self._period = 1 / self.yard.fps
        self._pace = self._period / values["speed"]
        self._patience = values["patience"]
        self._count = 0
        self._sent = 0.0
        self._answered = False
        self._command: Twist | None = None
        self._speed = Twist()
        self._reports = Reports(self.get_logger)
        self._pointed: int | None = None
        self._images = self.create_publisher(Image, "image", QUEUE_DEPTH)
        self._infos = self.create_publisher(CameraInfo, "camera_info", QUEUE_DEPTH)
        self._truths = self.create_publisher(Detection2D, "truth", QUEUE_DEPTH)
        self._clocks = self.create_publisher(ClockMessage, "/clock", QUEUE_DEPTH)
        self._boxes = self.create_publisher(Detection2D, "init_box", QUEUE_DEPTH)
        self.create_subscription(TrackerStatus, "status", self._on_status, QUEUE_DEPTH)
        self.create_subscription(Twist, "cmd_vel", self._on_command, QUEUE_DEPTH)
        self.create_timer(0.005, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def _stamp(self) -> int:
        return BEGIN + round(self._count * self._period * 1e9)

    def _look(self) -> None:
        """Go on, if it is time."""
        if self.yard.is_over:
            return
        now = time.monotonic()
        if not self._count:
            if self._images.get_subscription_count() and self._boxes.get_subscription_count():
                self.get_logger().info("the tracker listens: the yard begins")
                self._send()
        elif now - self._sent >= self._pace and (
            self._is_answered() or now - self._sent >= self._patience
        ):
            self._move()
            self._send()

    def _is_answered(self) -> bool:
        """Return whether tracker and, if there is one, follower have taken note of the time."""
        driven = self._command is not None or not self.count_publishers("cmd_vel")
        return self._answered and driven

    def _move(self) -> None:
        self._speed = self._command or self._speed
        self.yard.drive(self._speed.linear.x, self._speed.angular.z, self._period)
        if self.yard.is_over:
            self.get_logger().info("the yard is over")

    def _send(self) -> None:
        """Send the next image, and all that belongs to it."""
        if self.yard.is_over:
            return
        self._count += 1
        self._sent, self._answered, self._command = time.monotonic(), False, None
        stamp = Time(nanoseconds=self._stamp).to_msg()
        header = Header(stamp=stamp, frame_id=FRAME_ID)
        view = self.yard.view()
        self._clocks.publish(ClockMessage(clock=stamp))
        self._infos.publish(camera_info(self.yard, header))
        self._truths.publish(truth(view, header))
        self._images.publish(rgb_image(view.image, header))

    def _on_command(self, message: Twist) -> None:
        speeds = message.linear.x, message.angular.z
        if all(map(math.isfinite, speeds)):
            self._command = message
        else:
            self._reports.warn("command", f"cmd_vel is {speeds}, not finite: left out")

    def _on_status(self, message: TrackerStatus) -> None:
        if stamp_of(message.header) != self._stamp:
            return
        self._answered = True
        late = self._pointed is not None and self._count > self._pointed + LATE
        if not message.targets and (self._pointed is None or late):
            self._pointed = self._count
            box = bounding_box(self.yard.view().box)
            self._boxes.publish(Detection2D(header=message.header, id=TARGET, bbox=box))


def camera_info(yard: Yard, header: Header) -> CameraInfo:
    """Return the calibration of the yard's camera."""
    lens = yard.lens
    x, y, focal = lens.width / 2 - 0.5, lens.height / 2 - 0.5, lens.focal
    return CameraInfo(
        header=header,
        width=lens.width,
        height=lens.height,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def truth(view: YardView, header: Header) -> Detection2D:
    """Return where the object is: its box, the part of it that is seen as the score, and its place.

    The position is that of an optical frame: x to the right, z ahead; y is left at 0.
    """
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = "truth", float(view.visibility)
    place = result.pose.pose.position
    place.x, place.z = -view.left, view.ahead
    return Detection2D(header=header, id=TARGET, bbox=bounding_box(view.box), results=[result])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the yard until SIGINT or SIGTERM; return the exit code."""
    return serve(YardNode, arguments)
