# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the node adds to the network, measured on the node: `re3 bench node`.

A camera, the node and a recorder in three processes, connected by DDS. All times are those of the
node's own status messages but the one from camera to recorder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from rich.table import Table
from vision_msgs.msg import Detection2D

from re3_ros.bench import Bar, TimingStats
from re3_ros.errors import SourceError
from re3_ros.msg import TrackerStatus
from re3_ros.ros.kit import temporary_node
from re3_ros.ros.programs import NODE, LifecycleClient, ros_arguments, running
from re3_ros.ros.tracker import bounding_box
from re3_ros.tracking import stamp_of

from ._bench_camera import first_box
from ._bench_node import PERIOD
from ._staging import NodeRecorder

CAMERA = "re3_ros.ros.demos._bench_camera"
SLOW = "re3_ros.ros.demos._bench_node"
NAMESPACE = "/re3_bench"
LIMIT = 0.002
"""Seconds that the node may add to the network's."""
_SETTLED = 10
"""Images after the first with a target that are not counted."""
_ROUNDS = 10
"""Times that the camera begins anew at most, on a machine that is too busy to answer so many."""
_QUIET = 3.0
"""Seconds without a status after which the last one is taken to have come."""
_AGAIN = 2.0
"""Seconds after which the box is sent once more, should it have passed unheard."""


@dataclass(frozen=True)
class NodeSetting:
    """A camera, and how long the network takes: 0 for as long as it needs."""

    name: str
    size: str = "1280x720"
    rate: float = 10.0
    seconds: float = 15.0
    period: float = 0.0
    weights: str = ""
    device: str = "cpu"
    runtime: str = "auto"


@dataclass(frozen=True)
class NodeRow:
    """What came of a setting; times in milliseconds."""

    name: str
    size: str
    rate: float
    period: float
    sent: int
    received: int
    answered: int
    dropped: int
    overhead: TimingStats
    """From the image callback to the published detections, less the network's time."""
    inference: TimingStats
    latency: TimingStats
    """From the image callback to the published detections."""
    whole: TimingStats
    """From the camera's stamp to the recorder's callback."""
    series: list[tuple[float, float]]
    """Seconds since the first image, and the latency then."""


def bench_node(settings: Sequence[NodeSetting]) -> list[NodeRow]:
    """Run each setting and return what came of it.

    Raises SourceError if a process ends early or nothing was answered.
    """
    with temporary_node("bench_recorder", namespace=NAMESPACE) as node:
        return [_measure(node, setting) for setting in settings]


def node_table(rows: Sequence[NodeRow]) -> Table:
    """Return the rows as a table."""
    table = Table(title="Milliseconds, median and 99 %", title_justify="left")
    table.add_column("setting", no_wrap=True)
    heads = ("added by the node", "network", "in the node", "camera to recorder", "dropped")
    for head in heads:
        table.add_column(head, justify="right")
    for r in rows:
        times = (r.overhead, r.inference, r.latency, r.whole)
        cells = [f"{t.median:.2f}  {t.p99:.2f}" for t in times]
        table.add_row(f"{r.name}, {r.size}", *cells, f"{r.dropped} of {r.received}")
    return table


def node_bars(rows: Sequence[NodeRow]) -> list[Bar]:
    """Return the bars: what the node adds, and whether the queue grows.

    With one image waiting at most, none waits longer than for the one before it.
    """
    bars = []
    for r in rows:
        if not r.period:
            text = f"{r.name}, {r.size}, median added by the node over {1e3 * LIMIT:g} ms"
            bars.append(Bar(text, r.overhead.median / 1e3 / LIMIT, 1.0))
            continue
        latencies = np.array([latency for _, latency in r.series])
        third = max(1, len(latencies) // 3)
        growth = float(np.median(latencies[-third:]) / np.median(latencies[:third]))
        bars.append(Bar(f"{r.name}, latency of the last third over the first", growth, 1.1))
        longest = float(np.percentile(latencies, 99)) / (2 * r.period)
        bars.append(Bar(f"{r.name}, 99 % of latency over twice the network's time", longest, 1.1))
    return bars


def plot_latency(rows: Sequence[NodeRow], path: Path) -> Path:
    """Write a picture of the latency over time, of the rows whose network is slowed down."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for r in (r for r in rows if r.period):
        seconds, latencies = np.array(r.series).T
        label = f"{r.rate:g} Hz camera, {1 / r.period:g} Hz network"
        axes.plot(seconds, 1e3 * latencies, ".", markersize=3, label=label)
        lines = ((1e3, "-", "the network alone"), (2e3, "--", "twice that: the most one can wait"))
        for factor, style, name in lines:
            height = factor * r.period
            axes.axhline(height, color="0.5", linewidth=0.8, linestyle=style, label=name)
    axes.set_xlabel("seconds")
    axes.set_ylabel("image to detections, ms")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=120)
    return path


def _measure(node: Node, setting: NodeSetting) -> NodeRow:
    chosen = {
        "weights": setting.weights,
        "device": setting.device,
        "runtime": setting.runtime,
        "silence_warning": 0.0,
    }
    images = round(setting.rate * setting.seconds)
    words = [f"--size={setting.size}", f"--rate={setting.rate}", f"--images={images}"]
    with ExitStack() as stack:
        os.environ[PERIOD] = str(setting.period)
        module = SLOW if setting.period else NODE
        arguments = ros_arguments(chosen, namespace=NAMESPACE)
        tracker = stack.enter_context(running(module, arguments))
        alive = lambda: tracker.exit_code is None  # noqa: E731
        LifecycleClient(node, f"{NAMESPACE}/re3_tracker", 120.0, alive).bring_up()
        recorder = _Recorder(node, setting)
        stack.callback(recorder.close)
        for count in range(1, _ROUNDS + 1):
            with running(CAMERA, [*words, *ros_arguments(namespace=NAMESPACE)]) as camera:
                while not recorder.is_over(camera.exit_code is not None):
                    recorder.spin()
                    if not alive():
                        raise SourceError("the node ended early; its log says why")
            if recorder.counted():
                return recorder.row(count * images)
        raise SourceError(f"{setting.name}: no image with a target was answered")


class _Recorder(NodeRecorder):
    """Gives the first box and keeps every status."""

    def __init__(self, node: Node, setting: NodeSetting) -> None:
        super().__init__(node)
        self._setting = setting
        self._found: list[tuple[float, TrackerStatus]] = []
        width, height = (int(n) for n in setting.size.split("x"))
        self._box: Any = bounding_box(first_box(width, height))  # takes a second
        self._boxes = node.create_publisher(Detection2D, "init_box", 10)
        self._status = node.create_subscription(TrackerStatus, "status", self._on_status, 100)
        self._changed = time.monotonic()
        self._asked = 0.0

    def close(self) -> None:
        super().close()
        self._node.destroy_publisher(self._boxes)
        self._node.destroy_subscription(self._status)

    def is_over(self, camera_ended: bool) -> bool:
        """Whether the camera has ended and nothing more comes."""
        return camera_ended and time.monotonic() - self._changed > _QUIET

    def counted(self) -> list[tuple[float, TrackerStatus]]:
        """Return when, and with what, images with a target were answered, but for the first few."""
        return [found for found in self._found if found[1].targets][_SETTLED:]

    def row(self, sent: int) -> NodeRow:
        """Return the figures of what was recorded."""
        with_target = self.counted()
        statuses = [status for _, status in with_target]
        last, s = self._found[-1][1], self._setting
        begin = stamp_of(statuses[0].header)
        return NodeRow(
            name=s.name,
            size=s.size,
            rate=s.rate,
            period=s.period,
            sent=sent,
            received=last.frames_received,
            answered=last.frames_processed,
            dropped=last.frames_dropped,
            overhead=TimingStats.of([m.latency - m.inference for m in statuses]),
            inference=TimingStats.of([m.inference for m in statuses]),
            latency=TimingStats.of([m.latency for m in statuses]),
            whole=TimingStats.of([at - stamp_of(m.header) / 1e9 for at, m in with_target]),
            series=[((stamp_of(m.header) - begin) / 1e9, m.latency) for m in statuses],
        )

    def _on_status(self, status: TrackerStatus) -> None:
        self._changed = time.monotonic()
        self._found.append((time.time(), status))
        if not status.targets and self._changed - self._asked > _AGAIN:
            self._asked = self._changed
            self._boxes.publish(Detection2D(header=self._found[0][1].header, bbox=self._box))
