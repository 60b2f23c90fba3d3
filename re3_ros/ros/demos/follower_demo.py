# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The follower at work, live: yard, tracker and follower in three processes, connected by DDS.

    python -m re3_ros.ros.follower_demo --output DIR

The robot in the simulated yard follows a suitcase; a crate hides it for a while; the robot stands
until it is found again. Into DIR go bag (images, truth, detections, status and commands, all in the
yard's time), follower.png and the logs. The exit code is 1 if a process failed, or the robot did
not stop while the suitcase was lost, or did not go on after it was found.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any

import cv2
from geometry_msgs.msg import Twist
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2D

from re3_ros.bags import COMPRESSED, STATUS, BagWriter, Run, RunTopics, plot_run
from re3_ros.images import read_message
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import QUEUE_DEPTH, temporary_node
from re3_ros.tracking import TargetState, stamp_of

from ._staging import (
    NodeRecorder,
    add_simulation_options,
    add_tracker_options,
    begin_simulation,
    demo_parser,
    end,
    failures,
    play,
    record,
    verdict,
)

NAME = "follower demo"
YARD, FOLLOWER = ("yard", "re3_ros.ros.yard"), ("follower", "re3_ros.ros.follower")
DETECTION, TWIST = "vision_msgs/msg/Detection2D", "geometry_msgs/msg/Twist"
DRIVING = 0.05
"""Metres a second from which a robot drives."""
REACTION = 0.25
"""Seconds of the yard that a robot has to stop."""
QUALITY = 85
"""Of the recorded JPEG images."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    return play(NAME, run, _parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Start everything, record, end everything, report."""
    space, bag = options.namespace.rstrip("/"), options.output / "bag"
    with temporary_node("recorder", namespace=space) as node, ExitStack() as stack:
        processes = begin_simulation(stack, options, YARD, FOLLOWER, {"use_sim_time": True})
        writer = stack.enter_context(BagWriter(bag, overwrite=True))
        recorder = stack.enter_context(closing(Recorder(node, writer)))
        frames = round(options.seconds * options.rate)
        record(recorder, "Following", frames, processes)
        codes = end(processes)
    picture = options.output / "follower.png"
    done = plot_run(bag, picture, RunTopics(truth=f"{space}/truth"))
    print(text(done))
    print(f"wrote {bag} and {picture}")
    return verdict(NAME, [*failures(codes), *complaints(done)])


class Recorder(NodeRecorder):
    """Records what goes on in one namespace; the time of recording is that in the yard."""

    def __init__(self, node: Node, bag: BagWriter) -> None:
        super().__init__(node)
        self._bag = bag
        self._now = 0
        self._subscribe(Detection2D, DETECTION, "truth", self._on_time)
        self._subscribe(Detection2D, DETECTION, "detection")
        self._subscribe(TrackerStatus, STATUS, "status", self._on_status)
        self._subscribe(Twist, TWIST, "cmd_vel")
        node.create_subscription(Image, "image", self._on_image, QUEUE_DEPTH)

    def _subscribe(
        self,
        kind: type,
        name: str,
        topic: str,
        receive: Callable[[Any], None] = lambda _message: None,
    ) -> None:
        def on_bytes(data: bytes) -> None:
            receive(deserialize_message(data, kind))
            if self._now:  # before, nothing has happened in the yard
                self._bag.write_raw(subscription.topic_name, name, data, self._now)

        subscription = self._node.create_subscription(kind, topic, on_bytes, QUEUE_DEPTH, raw=True)

    def _on_time(self, message: Detection2D) -> None:
        self._now = stamp_of(message.header)

    def _on_status(self, _message: TrackerStatus) -> None:
        self._answered += 1

    def _on_image(self, message: Image) -> None:
        bgr = cv2.cvtColor(read_message(message), cv2.COLOR_RGB2BGR)
        packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        small = CompressedImage(header=message.header, format="jpeg")
        small.data.frombytes(packed)
        topic = self._node.resolve_topic_name("image/compressed")
        stamp = stamp_of(message.header)
        self._bag.write_raw(topic, COMPRESSED, serialize_message(small), stamp)


def complaints(run: Run) -> list[str]:
    """Return what the robot did not do as it should: stop when it sees nothing, and go on."""
    begins = [
        now
        for now, state, before in zip(run.times[1:], run.states[1:], run.states, strict=False)
        if state == TargetState.LOST != before
    ]
    if not begins:
        return ["the object was never lost: there was nothing to stop for"]
    found = [b for b in zip(run.times, run.states, strict=True) if b[1] == TargetState.TRACKING]
    again = next((time for time, _ in found if time > begins[-1]), None)
    problems = []
    if any(abs(v) > 0 for t, v, w in run.commands if _is_lost(run, t)):
        problems.append("the robot drove while the object was lost")
    if not any(v > DRIVING for t, v, _ in run.commands if t < begins[0]):
        problems.append("the robot did not drive before the object was lost")
    if again is None:
        problems.append("the object was not found again")
    elif not any(v > DRIVING for t, v, _ in run.commands if t > again):
        problems.append("the robot did not go on when the object was found again")
    return problems


def _is_lost(run: Run, now: float) -> bool:
    """Tell whether the target has been lost for so long that the robot must stand."""
    known = [s for t, s in zip(run.times, run.states, strict=True) if now - REACTION <= t <= now]
    return bool(known) and all(state == TargetState.LOST for state in known)


def text(run: Run) -> str:
    """Return the run in a few lines."""
    lost = [t for t, s in zip(run.times, run.states, strict=True) if s == TargetState.LOST]
    standing = [t for t, v, w in run.commands if v == 0 and w == 0]
    far = [d for _, _, d in run.truth]
    span = f"lost from {lost[0]:.2f} to {lost[-1]:.2f} s" if lost else "never lost"
    return (
        f"{len(run.times)} images in {run.times[-1]:.1f} s of the yard: {run.target} {span}; "
        f"{len(standing)} of {len(run.commands)} commands to stand; "
        f"distance {min(far):.2f} to {max(far):.2f} m"
    )


def _parser() -> argparse.ArgumentParser:
    parser = demo_parser("re3_ros.ros.follower_demo", __doc__, "the yard")
    add_simulation_options(parser, "the yard", 24.0)
    add_tracker_options(parser, "/re3_follower")
    parser.set_defaults(rate=20.0)
    return parser
