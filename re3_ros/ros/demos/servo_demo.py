# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The servo at work, live: table, tracker and servo in three processes, connected by DDS.

    python -m re3_ros.ros.servo_demo --output DIR

The camera on a simulated arm comes to a carton on a table and keeps it in the middle, at a distance
by its depth image, while the carton is pushed about; a board hides it for a while, and the arm
stands until it is found again. Into DIR go servo.png, servo.csv and the logs. The exit code is 1 if
a process failed, or the arm moved while the carton was lost, or did not come to it before and
after.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from re3_ros.errors import writing
from re3_ros.images import read_message
from re3_ros.media import STATE_COLOURS, draw_box
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import QUEUE_DEPTH, temporary_node
from re3_ros.ros.tracker import box_of
from re3_ros.tracking import TargetState, stamp_of

from ._servo_run import PICTURES, ServoRow, ServoRun, draw
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

NAME = "servo demo"
TABLE, SERVO = ("table", "re3_ros.ros.table"), ("servo", "re3_ros.ros.servo")
DISTANCE = 0.38
"""Metres that are kept."""
SETTINGS = {
    "use_sim_time": True,
    "frame_id": "table_camera",
    "moveit": False,
    "paused": False,
    "keep": "distance",
    "desired_distance": DISTANCE,
}
"""Of the servo."""
CLOSE_PIXELS, CLOSE_PART = 25.0, 0.10
"""What is near enough: pixels from the middle, and a part of the distance."""
REACTION = 0.25
"""Seconds of the table's time that the arm has to stop."""
FPS = 20.0
"""Images in a second of the table's time."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    return play(NAME, run, _parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Start everything, record, end everything, report."""
    space = options.namespace.rstrip("/")
    with temporary_node("recorder", namespace=space) as node, ExitStack() as stack:
        processes = begin_simulation(stack, options, TABLE, SERVO, SETTINGS)
        recorder = stack.enter_context(closing(Recorder(node, round(options.seconds * FPS))))
        record(recorder, "Servoing", round(options.seconds * FPS), processes)
        codes = end(processes)
    done = recorder.run
    picture, table = options.output / "servo.png", options.output / "servo.csv"
    draw(done, picture)
    write(done, table)
    print(text(done))
    print(f"wrote {picture} and {table}")
    return verdict(NAME, [*failures(codes), *complaints(done)])


class Recorder(NodeRecorder):
    """Records what goes on in one namespace; times are those of the table."""

    def __init__(self, node: Node, frames: int) -> None:
        super().__init__(node)
        self.run = ServoRun(DISTANCE)
        self._wanted = {round(part * (frames - 1)) for part in PICTURES}
        self._truths: dict[int, Detection2D] = {}
        self._images: dict[int, Image] = {}
        self._speed = (0.0, 0.0)
        take = node.create_subscription
        take(Detection2D, "truth", self._on_truth, QUEUE_DEPTH)
        take(Image, "image", self._on_image, QUEUE_DEPTH)
        take(TrackerStatus, "status", self._on_status, QUEUE_DEPTH)
        take(TwistStamped, "re3_servo/delta_twist_cmds", self._on_twist, QUEUE_DEPTH)

    def _on_truth(self, message: Detection2D) -> None:
        self._truths[stamp_of(message.header)] = message

    def _on_image(self, message: Image) -> None:
        self._images = {stamp_of(message.header): message}

    def _on_twist(self, message: TwistStamped) -> None:
        linear, angular = message.twist.linear, message.twist.angular
        speed = float(np.linalg.norm([linear.x, linear.y, linear.z]))
        turn = float(np.linalg.norm([angular.x, angular.y, angular.z]))
        self.run.commands.append((stamp_of(message.header) / 1e9 - 1.0, speed, turn))

    def _on_status(self, message: TrackerStatus) -> None:
        stamp = stamp_of(message.header)
        truth = self._truths.pop(stamp, None)
        if truth is not None:
            self._keep(message, truth, stamp)
        self._answered += 1

    def _keep(self, status: TrackerStatus, truth: Detection2D, stamp: int) -> None:
        place = truth.results[0].pose.pose.position
        target = next(iter(status.targets), None)
        state = TargetState(target.state) if target is not None else None
        self.run.rows.append(
            ServoRow(
                time=stamp / 1e9 - 1.0,
                offset=_offset(truth),
                distance=float(place.z),
                visibility=float(truth.results[0].hypothesis.score),
                state=state,
                score=float(target.score) if target is not None else 0.0,
            )
        )
        image = self._images.get(stamp)
        if image is not None and len(self.run.rows) - 1 in self._wanted:
            pixels = read_message(image).copy()
            if target is not None and state is not None:
                lost = state == TargetState.LOST
                draw_box(pixels, box_of(target.bbox), STATE_COLOURS[state], lost)
            self.run.pictures.append((self.run.rows[-1], pixels))


def _offset(truth: Detection2D) -> float:
    """Return how far the middle of the true box is from that of the image, in pixels."""
    centre = truth.bbox.center.position
    return float(np.hypot(centre.x - 320.0, centre.y - 240.0))


def complaints(run: ServoRun) -> list[str]:
    """Return what the arm did not do as it should."""
    lost = [row.time for row in run.rows if row.state == TargetState.LOST]
    if not lost:
        return ["the carton was never lost: there was nothing to stop for"]
    problems = []
    if not run.is_close(run.before(lost[0] - 1.0), CLOSE_PIXELS, CLOSE_PART):
        problems.append("the camera had not come to the carton before it was hidden")
    if run.moved_while_lost(REACTION):
        problems.append("the arm moved while the carton was lost")
    if not run.is_close(run.rows[-1], CLOSE_PIXELS, CLOSE_PART):
        problems.append("the camera had not come to the carton again at the end")
    return problems


def text(run: ServoRun) -> str:
    """Return the run in a few lines."""
    lost = [row.time for row in run.rows if row.state == TargetState.LOST]
    first, last = run.rows[0], run.rows[-1]
    span = f"lost from {lost[0]:.2f} to {lost[-1]:.2f} s" if lost else "never lost"
    return (
        f"{len(run.rows)} images in {last.time:.1f} s of the table: the carton was {span}; "
        f"from the middle {first.offset:.0f} px at first, {last.offset:.0f} px at the end; "
        f"distance {first.distance:.3f} m at first, {last.distance:.3f} m at the end "
        f"({run.distance:.2f} m wanted)"
    )


def write(run: ServoRun, path: Path) -> None:
    """Write the run as a table. Raises OutputError."""
    with writing(path), path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("time_s", "offset_px", "distance_m", "visible", "state", "score"))
        for row in run.rows:
            state = "" if row.state is None else row.state.name
            numbers = (f"{v:.4f}" for v in (row.offset, row.distance, row.visibility))
            rows.writerow((f"{row.time:.3f}", *numbers, state, f"{row.score:.3f}"))


def _parser() -> argparse.ArgumentParser:
    parser = demo_parser("re3_ros.ros.servo_demo", __doc__, "the table")
    add_simulation_options(parser, "the table", 20.0)
    add_tracker_options(parser, "/re3_servo_demo")
    return parser
