# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The main job, live: camera, tracker and recorder in three processes, connected by DDS.

    python -m re3_ros.ros.demo --output DIR

The camera publishes a rendered scene at 30 Hz, the node re3_tracker is configured and activated,
gets one box on the first image, and answers every image with where the object is. Into DIR go
demo.mp4 (annotated), demo.png (IoU and score over time), summary.json, bag (a rosbag2 of images,
detections and status) and the logs. The exit code is 1 if a process failed or the object was not
followed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np

from re3_ros.bags import BagWriter
from re3_ros.boxes import Boxes, iou
from re3_ros.errors import SourceError
from re3_ros.ros.kit import temporary_node
from re3_ros.ros.programs import Process, ros_arguments
from re3_ros.worlds import DemoRecord, DemoScene, write_demo_report

from ._demo_recorder import Recorder
from ._staging import (
    add_tracker_options,
    begin,
    begin_tracker,
    demo_parser,
    failures,
    play,
    watch,
)

CAMERA = "re3_ros.ros.demos._demo_camera"
ENOUGH_ANSWERED = 0.9
"""Part of the frames answered below which a poor result is blamed on the machine."""
QUIET = 3.0
"""Seconds without anything new after which the scene is taken to be over."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    return play("demo", run, _parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Start everything, record, end everything, report."""
    scene = DemoScene(options.seed, options.frames)
    with temporary_node("recorder", namespace=options.namespace) as node, ExitStack() as stack:
        epoch = int(time.time())
        camera, tracker = start(stack, options, epoch)
        print(f"Starting camera and tracker in the namespace {options.namespace}")
        bag = stack.enter_context(BagWriter(options.output / "bag", overwrite=True))
        recorder = stack.enter_context(closing(Recorder(node, scene, epoch, bag)))
        recorder.connect(lambda: tracker.exit_code is None)  # it is active once its topics exist
        record(recorder, scene, camera, tracker)
        codes = {"camera": camera.stop(), "re3_tracker": tracker.stop()}
    if failed := failures(codes):
        raise SourceError("; ".join(failed))
    return report(options, scene, recorder)


def start(stack: ExitStack, options: argparse.Namespace, epoch: int) -> tuple[Process, Process]:
    """Start the camera, which waits for its listeners, and the tracker; both log into files."""
    given = {"seed": options.seed, "frames": options.frames, "speed": options.speed}
    scene = [f"--{name}={value}" for name, value in {**given, "epoch": epoch}.items()]
    space = ros_arguments(namespace=options.namespace)
    camera = begin(stack, options.output / "camera.log", CAMERA, [*scene, *space])
    log = options.output / "node.log"
    return camera, begin_tracker(stack, log, options, silence_warning=60.0)


def record(recorder: Recorder, scene: DemoScene, camera: Process, tracker: Process) -> None:
    """Record until the scene is over. Raises SourceError if a process ends before."""
    with watch("Tracking", scene.frames) as progress:
        while recorder.answered < scene.frames:
            recorder.spin()
            progress.update(recorder.answered, len(recorder.images) + recorder.answered)
            if tracker.exit_code is not None:
                raise SourceError("the tracker ended")
            if camera.exit_code is not None and progress.quiet > QUIET:
                break
    if not recorder.images:
        raise SourceError("not one image came from the camera")


def report(options: argparse.Namespace, scene: DemoScene, recorder: Recorder) -> int:
    """Write the files, print the figures, and return the exit code."""
    records = recorder.records()
    if not records:
        raise SourceError("the tracker answered no image")
    facts = figures(scene, recorder, records)
    summary = write_demo_report(options.output, scene, records, recorder.seconds, facts)
    print(summary.text())
    print(text(facts))
    print(f"in {options.output}: {', '.join(sorted(p.name for p in options.output.iterdir()))}")
    if facts["live_mean_iou"] < options.enough:
        busy = facts["answered_share"] < ENOUGH_ANSWERED
        hint = "; this machine is too busy or too slow: try --speed 0.5" if busy else ""
        print(f"demo: the object was not followed: mean IoU below {options.enough}{hint}")
        return 1
    return 0


def figures(scene: DemoScene, recorder: Recorder, records: Sequence[DemoRecord]) -> dict[str, Any]:
    """Return what only the live demo can tell; here a frame that was not answered counts 0."""
    due = range(records[0].frame + 1, scene.frames)
    boxes = {record.frame: record.box for record in records}
    counted = [overlap(boxes.get(i), scene.truth(i)[0]) for i in due if is_visible(scene, i)]
    return {
        "live_mean_iou": float(np.mean(counted)) if counted else 0.0,
        "images_sent": scene.frames,
        "images_received": len(recorder.images),
        "images_answered": recorder.answered,
        "answered_share": len(boxes.keys() & set(due)) / len(due) if due else 0.0,
        "image_rate": recorder.image_rate,
        "detection_rate": recorder.answered / recorder.seconds,
        "round_trip_ms": quantiles(recorder.delays()),
        "node_latency_ms": quantiles([s.latency for s in recorder.statuses.values()]),
    }


def overlap(box: Boxes | None, truth: Boxes) -> float:
    """Return the IoU with the truth, 0 without a box."""
    return 0.0 if box is None else float(iou(box, truth))


def is_visible(scene: DemoScene, index: int) -> bool:
    """Tell whether at least half of the object is seen."""
    return scene.truth(index)[1] >= 0.5


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile in ms."""
    values = 1e3 * np.asarray(seconds or [0.0])
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}


def text(facts: dict[str, Any]) -> str:
    """Return the figures of the live demo in a few lines."""
    node, trip = facts["node_latency_ms"], facts["round_trip_ms"]
    return (
        f"live: mean IoU {facts['live_mean_iou']:.3f} with unanswered frames counted 0; "
        f"{100 * facts['answered_share']:.1f} % of the frames answered\n"
        f"{facts['image_rate']:.1f} images and {facts['detection_rate']:.1f} detections a second\n"
        f"latency: in the node {node['median']:.1f} ms (95 %: {node['p95']:.1f}), image to "
        f"detection as the recorder sees it {trip['median']:.1f} ms (95 %: {trip['p95']:.1f})"
    )


def _parser() -> argparse.ArgumentParser:
    parser = demo_parser("re3_ros.ros.demo", __doc__, "the scene")
    parser.add_argument("--frames", type=int, default=300, help="length of the scene, at 30 Hz")
    parser.add_argument("--speed", type=float, default=1.0, help="1 is 30 Hz, 0.5 slow motion")
    add_tracker_options(parser, "/re3_demo")
    parser.add_argument(
        "--min-iou", type=float, default=0.6, dest="enough", help="below it the exit code is 1"
    )
    return parser
