# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What simulated worlds have in common: they wait for those who track and move in them."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import BoundingBox2D, Detection2D, ObjectHypothesisWithPose

from re3_ros.boxes import Boxes
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    Reports,
    declare_parameters,
)
from re3_ros.ros.tracker import bounding_box
from re3_ros.spatial import DepthImage
from re3_ros.tracking import stamp_of

BEGIN = 1_000_000_000
"""Time in the world at which it begins, in ns; zero would mean no time at all."""
LATE = 30
"""Images after which a box without effect is taken to be lost."""


def world_specs(subject: str, seconds: float) -> tuple[ParameterSpec, ...]:
    """Return the parameters of a world."""
    return (
        ParameterSpec("seed", 0, f"of {subject}", 0, 1_000_000),
        ParameterSpec("seconds", seconds, "that it lasts", 3.0, 3600.0),
        ParameterSpec("speed", 1.0, f"most seconds of {subject} in a second", 0.01, 100.0),
        ParameterSpec("patience", 5.0, "seconds to wait for an answer before going on", 0.1, 600.0),
    )


class World(Protocol):
    """What goes on in a world."""

    fps: float
    is_over: bool


class WorldNode(GuardedNode):
    """Sends an image, waits for what tracker and mover make of it, lets time go on, and so on.

    It begins once the tracker listens, and stays quiet when it is over. `_command` is what came in
    answer to the last image, None before.
    """

    frame_id: str
    target: str
    subject: str
    commands: str
    """The topic of what moves something in this world."""

    def __init__(self, name: str, specs: Iterable[ParameterSpec], **arguments: Any) -> None:
        super().__init__(name, **arguments)
        declare_parameters(self, specs)
        self.world = self.make_world(self._value("seed"), self._value("seconds"))
        self._period = 1 / self.world.fps
        self._pace = self._period / self._value("speed")
        self._patience = self._value("patience")
        self._count = 0
        self._sent = 0.0
        self._answered = False
        self._command: Any = None
        self._reports = Reports(self.get_logger)
        self._pointed: int | None = None
        self._box = BoundingBox2D()
        self._images = self.create_publisher(Image, "image", QUEUE_DEPTH)
        self._infos = self.create_publisher(CameraInfo, "camera_info", QUEUE_DEPTH)
        self._truths = self.create_publisher(Detection2D, "truth", QUEUE_DEPTH)
        self._clocks = self.create_publisher(ClockMessage, "/clock", QUEUE_DEPTH)
        self._boxes = self.create_publisher(Detection2D, "init_box", QUEUE_DEPTH)
        self.create_subscription(TrackerStatus, "status", self._on_status, QUEUE_DEPTH)
        self.create_timer(0.005, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @abstractmethod
    def make_world(self, seed: int, seconds: float) -> Any:
        """Return the `World`."""

    @abstractmethod
    def move(self, seconds: float) -> None:
        """Let time pass in it, with the last command."""

    @abstractmethod
    def publish_view(self, header: Header) -> Boxes:
        """Send what is seen now, the image last; return the true box (4,) of the target."""

    @property
    def _stamp(self) -> int:
        return BEGIN + round(self._count * self._period * 1e9)

    def _value(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _look(self) -> None:
        """Go on, if it is time."""
        if self.world.is_over:
            return
        now = time.monotonic()
        if not self._count:
            if self._images.get_subscription_count() and self._boxes.get_subscription_count():
                self.get_logger().info(f"the tracker listens: {self.subject} begins")
                self._send()
        elif now - self._sent >= self._pace and (
            self._is_answered() or now - self._sent >= self._patience
        ):
            self.move(self._period)
            if self.world.is_over:
                self.get_logger().info(f"{self.subject} is over")
            else:
                self._send()

    def _is_answered(self) -> bool:
        """Return whether tracker and, if there is one, mover have taken note of the time."""
        moved = self._command is not None or not self.waits_for_commands()
        return self._answered and moved

    def waits_for_commands(self) -> bool:
        """Tell whether a command is to be expected after each image."""
        return bool(self.count_publishers(self.commands))

    def _send(self) -> None:
        """Send the next image, and all that belongs to it."""
        self._count += 1
        self._sent, self._answered, self._command = time.monotonic(), False, None
        stamp = Time(nanoseconds=self._stamp).to_msg()
        self._clocks.publish(ClockMessage(clock=stamp))
        self._box = bounding_box(self.publish_view(Header(stamp=stamp, frame_id=self.frame_id)))

    def _on_status(self, message: TrackerStatus) -> None:
        if stamp_of(message.header) != self._stamp:
            return
        self._answered = True
        late = self._pointed is not None and self._count > self._pointed + LATE
        if not message.targets and (self._pointed is None or late):
            self._pointed = self._count
            box = Detection2D(header=message.header, id=self.target, bbox=self._box)
            self._boxes.publish(box)


def pinhole_info(size: tuple[int, int], focal: float, header: Header) -> CameraInfo:
    """Return the calibration of a camera that looks through the middle of its image."""
    x, y = size[0] / 2 - 0.5, size[1] / 2 - 0.5
    return CameraInfo(
        header=header,
        width=size[0],
        height=size[1],
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def depth_image(depth: DepthImage, header: Header) -> Image:
    """Return depth in millimetres as a message (16UC1)."""
    message = Image(header=header, height=depth.height, width=depth.width, encoding="16UC1")
    message.step = 2 * depth.width
    message.data.frombytes(np.ascontiguousarray(depth.pixels, "<u2").tobytes())
    return message


def true_detection(
    target: str, box: Boxes, visibility: float, position: Iterable[float], header: Header
) -> Detection2D:
    """Return where an object is: its box, the part of it that is seen as the score, and its place.

    The position is that of an optical frame: x to the right, y down, z ahead.
    """
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = "truth", float(visibility)
    place = result.pose.pose.position
    place.x, place.y, place.z = (float(v) for v in position)
    return Detection2D(header=header, id=target, bbox=bounding_box(box), results=[result])
