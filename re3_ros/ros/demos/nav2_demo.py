# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Nav2's Following Server at work, live, in the simulated yard: what the launch file starts.

    python -m re3_ros.ros.nav2_demo --output DIR

As follower_demo, but what drives the robot is the server, which follows the pose that the tracker
publishes; both are under one lifecycle manager. Needs a ROS 2 machine with opennav_following. Into
DIR go bag, nav2.png and the log. The exit code is 1 if the launch failed, or the robot did not
stop while the suitcase was lost, or did not go on after it was found.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, closing

from re3_ros.bags import BagWriter, RunTopics, plot_run
from re3_ros.errors import SourceError
from re3_ros.ros.kit import temporary_node
from re3_ros.ros.programs import running

from ._staging import add_tracker_options, demo_parser, end, failures, play, record, verdict
from .follower_demo import Recorder, complaints, text

NAME = "nav2 demo"
LAUNCH = ("ros2", "launch", "re3_ros")
FRAMES = 480
"""Images of the yard, which lasts 24 s at 20 a second."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    return play(NAME, run, _parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Start everything, record, end everything, report."""
    if shutil.which(LAUNCH[0]) is None:
        raise SourceError("there is no ros2 here: this needs a ROS 2 machine, see docs/nav2.md")
    space, bag = options.namespace.rstrip("/"), options.output / "bag"
    names = ("namespace", "seed", "weights", "device", "runtime")
    words = [f"{name}:={value}" for name in names if (value := getattr(options, name)) != ""]
    with temporary_node("recorder", namespace=space) as node, ExitStack() as stack:
        log = stack.enter_context((options.output / "launch.log").open("w"))
        given = "nav2_following.launch.py", ["simulation:=true", *words], log
        processes = {"ros2 launch": stack.enter_context(running(*given, program=LAUNCH))}
        writer = stack.enter_context(BagWriter(bag, overwrite=True))
        recorder = stack.enter_context(closing(Recorder(node, writer)))
        record(recorder, "Following", FRAMES, processes)
        codes = end(processes)
    picture = options.output / "nav2.png"
    done = plot_run(bag, picture, RunTopics(truth=f"{space}/truth"))
    print(text(done))
    print(f"wrote {bag} and {picture}")
    return verdict(NAME, [*failures(codes), *complaints(done)])


def _parser() -> argparse.ArgumentParser:
    parser = demo_parser("re3_ros.ros.nav2_demo", __doc__, "the yard")
    add_tracker_options(parser, "/re3_nav2")
    return parser
