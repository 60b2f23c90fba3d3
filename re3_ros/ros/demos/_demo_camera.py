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
from collections.abc import Sequence

import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from re3_ros.ros.kit import StopFlag, stop_flag
from re3_ros.ros.tracker import rgb_image
from re3_ros.worlds import DemoScene

SECOND = 1_000_000_000
FRAME_ID = "demo_camera"
SETTLE = 1.0
"""Seconds for the listeners to discover the camera too; what is sent before passes them by."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish the scene once; return the exit code: 0 also when told to stop."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--ros-args") if "--ros-args" in given else len(given)
    options = _parser().parse_args(given[:cut])
    with stop_flag() as stop:
        run(options, given[cut:], stop)
    return 0


def run(options: argparse.Namespace, ros_arguments: Sequence[str], stop: StopFlag) -> None:
    """Render, wait for listeners, publish."""
    scene = DemoScene(options.seed, options.frames)
    messages = render(scene, options.epoch)
    rclpy.init(args=ros_arguments, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node("demo_camera")
        publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
        if wait_for_listeners(publisher, options.listeners, stop):
            publish(publisher, messages, scene.fps * options.speed, stop)
        node.destroy_node()
    finally:
        rclpy.try_shutdown()


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


def publish(publisher: Publisher, messages: Sequence[Image], fps: float, stop: StopFlag) -> None:
    """Publish the messages at their rate."""
    begin = time.monotonic()
    for index, message in enumerate(messages):
        time.sleep(max(0.0, begin + index / fps - time.monotonic()))
        if stop.is_set:
            return
        publisher.publish(message)


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
