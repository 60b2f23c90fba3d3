# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows the camera image, lets a person drag a box, and publishes it for the tracker.

    ros2 run re3_ros select_box --ros-args -r image:=/camera/image_raw
    python -m re3_ros.ros.select_box --ros-args -r image:=/camera/image_raw

The image stands still while the box is being dragged, and the box bears the stamp of that image.
Esc ends it, the right mouse button calls a box off. Without a window (parameter window:=false, or
no display) two clicks into rqt_image_view, on opposite corners, do the same: it publishes them on
<image topic>_mouse_left, once "publish mouse click" is ticked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import cv2
import numpy as np
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from re3_ros.errors import ImageError
from re3_ros.media import window_problem
from re3_ros.ros.kit import (
    QUEUE_DEPTH,
    GuardedNode,
    ParameterSpec,
    Reports,
    declare_parameters,
    image_qos,
    serve,
)
from re3_ros.ros.tracker import bounding_box, image_topic, read_image

TITLE = "select_box: drag a box; Esc ends"
SMALLEST = 2.0
"""Pixels; a shorter side is a click that slipped."""
ESCAPE = 27
GREEN = (60, 220, 60)

SPECS = (
    ParameterSpec("topic", "image", "of the images; its clicks come on <topic>_mouse_left"),
    ParameterSpec("image_transport", "raw", "of the images", choices=("raw", "compressed")),
    ParameterSpec(
        "image_reliability", "best_effort", "of the images", choices=("best_effort", "reliable")
    ),
    ParameterSpec("id", "target", "of the targets that are pointed at", live=True),
    ParameterSpec(
        "camera", "", "name of the camera; empty = the frame_id of its images", live=True
    ),
    ParameterSpec("window", True, "whether to open a window"),
)
"""The tool's parameters."""

Corner = tuple[float, float]


class Selector(GuardedNode):
    """Takes corners, from wherever, and publishes the box between two of them on ``init_box``."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__("select_box", **arguments)
        declare_parameters(self, SPECS)
        values = {spec.name: self.get_parameter(spec.name).value for spec in SPECS}
        topic, self.wants_window = values["topic"], bool(values["window"])
        self.newest: Any = None
        """The last image message, None before the first."""
        self._first: Corner | None = None
        self._reports = Reports(self.get_logger)
        kind, name = image_topic(self, topic, values["image_transport"])
        self._images = self.create_subscription(
            kind, name, self._on_image, image_qos(values["image_reliability"], 1)
        )
        self._clicks = f"{self.resolve_topic_name(topic)}_mouse_left"
        self.create_subscription(Point, self._clicks, self._on_click, QUEUE_DEPTH)
        self._boxes = self.create_publisher(Detection2D, "init_box", QUEUE_DEPTH)

    def say_what_to_do(self, windowed: bool) -> None:
        """Log how a box is drawn."""
        way = "drag a box in the window, or click" if windowed else "click"
        image = self._images.topic_name
        self.get_logger().info(
            f"{image}: {way} two opposite corners in rqt_image_view ({self._clicks})"
        )

    def to_bgr(self, message: Any) -> NDArray[np.uint8] | None:
        """Return an image message as OpenCV shows it (BGR); None, with a warning, if unreadable."""
        try:
            return np.ascontiguousarray(read_image(message)[..., ::-1])
        except ImageError as error:
            self._reports.warn("image", str(error))
            return None

    def select(self, one: Corner, other: Corner, header: Header | None) -> bool:
        """Publish the box between two corners, drawn on the image of that header (None: newest).

        Returns False for one that is too small.
        """
        (x1, x2), (y1, y2) = (sorted(pair) for pair in zip(one, other, strict=True))
        if x2 - x1 < SMALLEST or y2 - y1 < SMALLEST:
            self._reports.warn("small", f"a box of {x2 - x1:g} x {y2 - y1:g} pixels is too small")
            return False
        stamped = Header() if header is None else header
        name, camera = (self.get_parameter(key).value for key in ("id", "camera"))
        where = Header(stamp=stamped.stamp, frame_id=camera or stamped.frame_id)
        box = bounding_box(np.array([x1, y1, x2, y2], np.float64))
        self._boxes.publish(Detection2D(header=where, id=name, bbox=box))
        listeners = self._boxes.get_subscription_count()
        self.get_logger().info(f"{name}: {x1:g}, {y1:g}, {x2:g}, {y2:g} to {listeners} listeners")
        return True

    def _on_image(self, message: Any) -> None:
        self.newest = message

    def _on_click(self, point: Any) -> None:
        corner = (point.x, point.y)
        if not np.isfinite(corner).all():
            self._reports.warn("click", f"a click at {corner} is ignored")
        elif self._first is None:
            self._first = corner
            self.get_logger().info(f"first corner at {point.x:g}, {point.y:g}: click the other one")
        else:
            first, self._first = self._first, None
            self.select(first, corner, None if self.newest is None else self.newest.header)


class Window:
    """The camera image in a window of OpenCV, and the box that is being dragged."""

    def __init__(self, selector: Selector) -> None:
        self._selector = selector
        self._shown: Any = None
        self._picture: NDArray[np.uint8] | None = None
        self._drag: tuple[Corner, Corner] | None = None
        cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)  # no bar of buttons
        cv2.setMouseCallback(TITLE, self._on_mouse)

    def turn(self) -> bool:
        """Show what is new and take what the person did; return False at the end."""
        newest = self._selector.newest
        if newest is not self._shown and self._drag is None:
            self._shown, self._picture = newest, self._selector.to_bgr(newest)
        cv2.imshow(TITLE, self._drawn())
        key = cv2.waitKey(15) & 0xFF
        return key not in (ESCAPE, ord("q")) and _is_open()

    def close(self) -> None:
        """Close the window."""
        cv2.destroyAllWindows()

    def _drawn(self) -> NDArray[np.uint8]:
        if self._picture is None:
            waiting = np.zeros((240, 480, 3), np.uint8)
            cv2.putText(waiting, "no image yet", (20, 130), cv2.FONT_HERSHEY_SIMPLEX, 1, GREEN, 2)
            return waiting
        if self._drag is None:
            return self._picture
        (x1, y1), (x2, y2) = ((round(x), round(y)) for x, y in self._drag)
        drawn = self._picture.copy()
        cv2.rectangle(drawn, (x1, y1), (x2, y2), GREEN, 2)
        return drawn

    def _on_mouse(self, event: int, x: int, y: int, _flags: int, _data: object) -> None:
        if self._picture is None:
            return
        height, width = self._picture.shape[:2]
        corner = (float(np.clip(x, 0, width)), float(np.clip(y, 0, height)))
        if event == cv2.EVENT_LBUTTONDOWN:
            self._drag = (corner, corner)
        elif event == cv2.EVENT_RBUTTONDOWN:
            self._drag = None
        elif self._drag is not None:
            self._drag = (self._drag[0], corner)
            if event == cv2.EVENT_LBUTTONUP:
                (one, other), self._drag = self._drag, None
                self._selector.select(one, other, self._shown.header)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Esc, SIGINT or SIGTERM; return the exit code."""
    with ExitStack() as stack:
        return serve(Selector, arguments, lambda node: opened(node, stack))


def opened(selector: Selector, stack: ExitStack) -> Callable[[], bool] | None:
    """Return what keeps a window going until ``stack`` closes it, if it is wanted and can be."""
    problem = window_problem() if selector.wants_window else "window is false"
    selector.say_what_to_do(windowed=not problem)
    if problem:
        selector.get_logger().info(f"no window: {problem}")
        return None
    window = Window(selector)
    stack.callback(window.close)
    return window.turn


def _is_open() -> bool:
    """Tell whether the person has not closed the window; where that is unknown, it is open."""
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) != 0
    except cv2.error:
        return False
