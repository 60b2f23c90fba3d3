# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The processes of `soak.py node`: camera, node and, in this one, the subscriber."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from soak_memory import resources

from re3_ros.boxes import to_cxcywh
from re3_ros.worlds import DemoScene

SECOND = 1_000_000_000
SCENE = 300
"""Images of the demo's scene; each is sent twice, since the scene is made for 30 Hz."""
FRAME_ID = "soak_camera"
PERIOD = 5.0
"""Seconds between two samples."""
NAMESPACE = "/soak"


def run_camera(options: argparse.Namespace) -> None:
    """Publish the scene over and over, image i at the time epoch + i / rate; never late ones."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from rclpy.signals import SignalHandlerOptions
    from rclpy.time import Time
    from sensor_msgs.msg import Image

    scene, messages = DemoScene(0, SCENE), []
    for index in range(SCENE):
        message = Image(height=480, width=640, step=1920, encoding="bgr8")
        message.data.frombytes(scene.frame(index).image[..., ::-1].tobytes())
        message.header.frame_id = FRAME_ID
        messages.append(message)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("camera", namespace=NAMESPACE)
    publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sent, first = 0, int((time.time() - options.epoch) * options.rate) + 1
    index = first
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(max(0.0, options.epoch + index / options.rate - time.time()))
            message = messages[index // 2 % SCENE]
            due = options.epoch * SECOND + round(index * SECOND / options.rate)
            message.header.stamp = Time(nanoseconds=due).to_msg()
            publisher.publish(message)
            sent += 1
            now = int((time.time() - options.epoch) * options.rate)
            index = max(index + 1, now)
    print(f"{sent:,}; {index - first - sent:,} left out because it was late", flush=True)
    rclpy.try_shutdown()


class Subscriber:
    """Follows what the node says, points it to the object in every round of the scene."""

    def __init__(self, node: Any, epoch: int, rate: float) -> None:
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.last: Any = None
        self.ages: list[float] = []
        self.inference: list[float] = []
        self.boxes = 0
        self._epoch, self._rate, self._round = epoch, rate, -1
        self._scene = DemoScene(0, SCENE)
        self._box_type = Detection2D
        self._init_box = node.create_publisher(Detection2D, "init_box", 10)
        node.create_subscription(TrackerStatus, "status", self._on_status, 10)

    def _on_status(self, status: Any) -> None:
        stamp = status.header.stamp.sec * SECOND + status.header.stamp.nanosec
        self.ages.append(time.time() - stamp / SECOND)
        self.inference.append(status.inference)
        self.last = status
        index = round((stamp - self._epoch * SECOND) * self._rate / SECOND)
        if index // (2 * SCENE) != self._round:
            self._round = index // (2 * SCENE)
            self._point(status.header, index // 2 % SCENE)

    def _point(self, header: Any, index: int) -> None:
        message = self._box_type(header=header, id="tortoise")
        x, y, width, height = (float(v) for v in to_cxcywh(self._scene.truth(index)[0]))
        message.bbox.center.position.x, message.bbox.center.position.y = x, y
        message.bbox.size_x, message.bbox.size_y = width, height
        self._init_box.publish(message)
        self.boxes += 1

    def counts(self) -> dict[str, int]:
        """Return the node's own counters."""
        names = ("received", "processed", "dropped", "rejected")
        return {name: getattr(self.last, f"frames_{name}") for name in names}

    def sample(self, pid: int, seconds: float, period: float) -> dict[str, float]:
        """Return what is known of the time since the last sample."""
        ages, inference = np.array(self.ages or [np.nan]), np.array(self.inference or [np.nan])
        found = {
            "seconds": seconds,
            "answered_rate": len(self.ages) / period,
            "age_p50": float(np.percentile(ages, 50)),
            "age_p99": float(np.percentile(ages, 99)),
            "inference_p50": float(np.percentile(inference, 50)),
            **self.counts(),
            **resources(pid),
        }
        self.ages.clear()
        self.inference.clear()
        return found


@contextlib.contextmanager
def camera_process(rate: float, epoch: int, log: Path) -> Iterator[None]:
    """Run the camera for the length of the block."""
    command = [sys.executable, str(Path(__file__).with_name("soak.py")), "camera"]
    with log.open("w") as file:
        child = subprocess.Popen(
            [*command, f"--rate={rate}", f"--epoch={epoch}"], stdout=file, stderr=file
        )
        try:
            yield
            if child.poll() is not None:
                raise RuntimeError(f"the camera ended; see {log}")
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(30)
            child.kill()


def run_node(options: argparse.Namespace) -> dict[str, Any]:
    """Run all three processes; sample the node."""
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from re3_ros.ros import NODE, LifecycleClient, ros_arguments, running

    epoch, camera_log = int(time.time()), options.output.with_suffix(".camera.log")
    given = ros_arguments({"device": "cpu"}, namespace=NAMESPACE)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("subscriber", namespace=NAMESPACE)
    with (
        options.output.with_suffix(".log").open("w") as log,
        running(NODE, given, log) as tracker,
        camera_process(options.rate, epoch, camera_log),
    ):
        LifecycleClient(node, f"{NAMESPACE}/re3_tracker", 300.0).bring_up()
        subscriber = Subscriber(node, epoch, options.rate)
        with options.output.with_suffix(".jsonl").open("w") as kept:
            samples = sample(node, subscriber, tracker, 60 * options.minutes, kept)
    rclpy.try_shutdown()
    return {
        "kind": "node",
        "rate": options.rate,
        "runs_on": subscriber.last.device,
        "boxes": subscriber.boxes,
        "camera": camera_log.read_text().strip(),
        "last": subscriber.counts(),
        "exit_code": tracker.exit_code,
        "samples": samples,
    }


def sample(
    node: Any, subscriber: Subscriber, tracker: Any, seconds: float, kept: IO[str]
) -> list[dict[str, float]]:
    """Listen so long; return a sample for every PERIOD, and write each into a file at once."""
    from rclpy.executors import SingleThreadedExecutor

    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while subscriber.last is None:
        executor.spin_once(timeout_sec=0.1)
    samples: list[dict[str, float]] = []
    begin = before = time.monotonic()
    while before < begin + seconds:
        executor.spin_once(timeout_sec=0.1)
        now = time.monotonic()
        if now - before >= PERIOD:
            if tracker.exit_code is not None:
                raise RuntimeError(f"the node ended with exit code {tracker.exit_code}")
            samples.append(subscriber.sample(tracker.pid, now - begin, now - before))
            before = now
            print(json.dumps(samples[-1]), file=kept, flush=True)
            print(f"{(now - begin) / 60:.1f} of {seconds / 60:g} minutes", flush=True)
    return samples
