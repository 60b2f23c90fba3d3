# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing is drawn while nobody looks."""

import contextlib
import time

import pytest
from waiting import wait_until

pytestmark = pytest.mark.ros


class Running:
    """An active node in this process, and a camera beside it."""

    def __init__(self, ros, weights):
        from sensor_msgs.msg import Image

        from re3_ros.ros.tracker._node import TrackerNode

        chosen = f"weights:={weights}", "device:=cpu", "runtime:=torch"
        words = ["--ros-args", *(word for rule in chosen for word in ("-p", rule))]
        self.node = TrackerNode("drawing", cli_args=words)
        self.peer = ros.create_node("onlooker")
        self.images = self.peer.create_publisher(Image, "image", 10)
        self.executor = ros.executors.SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.node.trigger_configure()
        self.node.trigger_activate()
        self.sent = 0

    def until(self, condition):
        """Send images until the condition holds."""
        from sensor_msgs.msg import Image

        def send():
            self.sent += 1
            message = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(48 * 192))
            message.header.stamp.sec = self.sent
            self.images.publish(message)
            self.executor.spin_once(timeout_sec=0.05)

        wait_until(condition, send)

    @property
    def processed(self):
        (camera,) = self.node._active.cameras
        return camera.counts["frames_processed"]

    def close(self):
        self.node.do_cleanup()
        self.executor.shutdown()
        self.node.destroy_node()
        self.peer.destroy_node()


def test_the_debug_image_is_drawn_only_for_subscribers(ros, weights, monkeypatch):
    from sensor_msgs.msg import Image

    from re3_ros.ros.tracker import _camera

    drawn, draw = [], _camera.draw_results
    monkeypatch.setattr(_camera, "draw_results", lambda *a: drawn.append(a) or draw(*a))
    with contextlib.closing(Running(ros, weights("still"))) as running:
        running.until(lambda: running.processed >= 3)
        assert not drawn
        onlooker = running.peer.create_subscription(Image, "debug_image", lambda _: None, 1)
        running.until(lambda: len(drawn) >= 2)
        running.peer.destroy_subscription(onlooker)
        (camera,) = running.node._active.cameras
        running.until(lambda: not camera.topics.debug_image.get_subscription_count())
        time.sleep(0.2)  # for an image that was drawn meanwhile
        before, seen = len(drawn), running.processed
        running.until(lambda: running.processed >= seen + 3)
        assert len(drawn) == before
