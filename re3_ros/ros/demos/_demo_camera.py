# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The camera of the live demo: a process that publishes the rendered scene.

    python -m re3_ros.ros.demos._demo_camera --epoch SECONDS [--ros-args ...]

It waits until somebody subscribes besides the node, then keeps its rate whoever listens.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from re3_ros.ros.kit import StopFlag, stop_flag, temporary_node
from re3_ros.ros.programs import split_arguments
from re3_ros.ros.tracker import rgb_image
from re3_ros.worlds import DemoScene

SECOND = 1_000_000_000
FRAME_ID = "demo_camera"
SETTLE = 1.0
"""Seconds for the listeners to discover the camera too; what is sent before passes them by."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish the scene once; return the exit code: 0 also when told to stop."""
    ours, given = split_arguments(arguments)
    options = _parser().parse_args(ours)
    with stop_flag() as stop:
        run(options, given, stop)
    return 0


def run(options: argparse.Namespace, ros_arguments: Sequence[str], stop: StopFlag) -> None:
    """Render, wait for listeners, publish."""
    scene = DemoScene(options.seed, options.frames)
    messages = render(scene, options.epoch)
    with temporary_node("demo_camera", ros_arguments) as node:
        publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
        if wait_for_listeners(publisher, options.listeners, stop):
            for index in paced(len(messages), scene.fps * options.speed, stop):
                publisher.publish(messages[index])


def render(scene: DemoScene, epoch: int) -> list[Image]:
    """Return all images as messages, ahead of time: the camera has to keep its rate."""
    return [
        rgb_image(scene.frame(i).image, header(epoch * SECOND + scene.stamp(i)))
        for i in range(scene.frames)
    ]


def header(stamp: int) -> Header:
    """Return the header of an image of that time in ns."""
    return Header(stamp=Time(nanoseconds=stamp).to_msg(), frame_id=FRAME_ID)


def wait_for_listeners(publisher: Publisher, count: int, stop: StopFlag) -> bool:
    """Wait for so many subscriptions; return False if told to stop before."""
    while publisher.get_subscription_count() < count:
        if stop.is_set:
            return False
        time.sleep(0.05)
    time.sleep(SETTLE)
    return True


def paced(count: int, rate: float, stop: StopFlag) -> Iterator[int]:
    """Yield so many numbers, so many a second, until told to stop."""
    begin = time.monotonic()
    for index in range(count):
        time.sleep(max(0.0, begin + index / rate - time.monotonic()))
        if stop.is_set:
            return
        yield index


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m re3_ros.ros.demos._demo_camera")
    parser.add_argument("--seed", type=int, default=0, help="of the scene")
    parser.add_argument("--frames", type=int, default=300, help="length of the scene")
    parser.add_argument("--speed", type=float, default=1.0, help="1 is 30 Hz, 0.5 slow motion")
    parser.add_argument("--epoch", type=int, default=0, help="time of the scene's begin in s")
    parser.add_argument("--listeners", type=int, default=2, help="subscriptions to wait for")
    return parser


if __name__ == "__main__":
    sys.exit(main())
