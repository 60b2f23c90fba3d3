# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The camera of `re3 bench node`: bgr8 images of any size at any rate, stamped when they are sent.

python -m re3_ros.ros.demos._bench_camera --size 1280x720 --rate 60 --images 600 [--ros-args ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from rclpy.qos import qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from re3_ros.boxes import Boxes
from re3_ros.ros.kit import stop_flag, temporary_node
from re3_ros.ros.programs import split_arguments
from re3_ros.ros.tracker import rgb_image
from re3_ros.worlds import DemoScene

from ._demo_camera import paced, wait_for_listeners

LENGTH = 60
"""Images rendered ahead; they are shown forwards, backwards, and again."""


def first_box(width: int, height: int) -> Boxes:
    """Return the box of the object in the first image."""
    scene = DemoScene(0, LENGTH)
    return scene.truth(0)[0] * np.array([width / scene.width, height / scene.height] * 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish so many images; return the exit code: 0 also when told to stop."""
    ours, given = split_arguments(arguments)
    options = _parser().parse_args(ours)
    with stop_flag() as stop:
        width, height = (int(n) for n in options.size.split("x"))
        messages = list(_render(width, height))
        with temporary_node("bench_camera", given) as node:
            publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
            if wait_for_listeners(publisher, 1, stop):
                for index in paced(options.images, options.rate, stop):
                    publisher.publish(_stamped(messages, index))
    return 0


def _render(width: int, height: int) -> Iterator[Image]:
    scene = DemoScene(0, LENGTH)
    for index in range(LENGTH):
        pixels = cv2.resize(scene.frame(index).image, (width, height))[..., ::-1]
        message = rgb_image(np.ascontiguousarray(pixels, np.uint8), Header(frame_id="bench"))
        message.encoding = "bgr8"
        yield message


def _stamped(messages: Sequence[Image], index: int) -> Image:
    """Return the image that comes as number ``index``, stamped now."""
    place = index % (2 * LENGTH - 2)
    message = messages[min(place, 2 * LENGTH - 2 - place)]
    message.header.stamp = Time(nanoseconds=time.time_ns()).to_msg()
    return message


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m re3_ros.ros.demos._bench_camera")
    parser.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT")
    parser.add_argument("--rate", type=float, default=10.0, help="images a second")
    parser.add_argument("--images", type=int, default=100, help="how many")
    return parser


if __name__ == "__main__":
    sys.exit(main())
