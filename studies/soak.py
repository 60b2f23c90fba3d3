# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Does anything grow? Long runs of the session, without ROS, and of the node, with it.

    python studies/soak.py session --frames 1000000 -o session        a very small network
    python studies/soak.py session --frames 100000 --traced -o traced
    python studies/soak.py session --shipped --minutes 20 -o shipped  the shipped one
    scripts/ros-env --run python studies/soak.py node --minutes 30 -o node
    python studies/soak.py table session.json shipped.json node.json  what docs/soak.md shows

`session` calls a TrackingSession as the node does, with all that happens to one: targets come, go,
get lost and are found; boxes on past frames; bad boxes, images and stamps; images of several
sizes; two cameras. `node` runs three processes: a camera (640 x 480, 60 Hz), the node, and a
subscriber, which is this one. Each writes NAME.json and NAME.png.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import soak_report
from soak_node import run_camera, run_node
from soak_session import run_session


def finish(run: dict[str, Any], output: Path) -> None:
    """Write a run's files and print its table."""
    run["load"], run["cores"] = os.getloadavg()[2], os.cpu_count()
    output.with_suffix(".json").write_text(json.dumps(run))
    soak_report.plot(run, output.with_suffix(".png"))
    print(soak_report.table(run))


def show(runs: list[Path]) -> None:
    """Print Markdown tables of runs."""
    for path in runs:
        print(soak_report.table(json.loads(path.read_text())))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(required=True)
    session = verbs.add_parser("session", help="call a session, without ROS")
    session.add_argument("--frames", type=int, default=1_000_000)
    session.add_argument("--minutes", type=float, default=0.0, help="end after so many; 0: never")
    session.add_argument("--shipped", action="store_true", help="with the shipped weights")
    session.add_argument(
        "--traced",
        action="store_true",
        help="count the bytes of Python objects: slow",
    )
    session.add_argument("--output", "-o", type=Path, required=True)
    session.set_defaults(run=lambda o: finish(run_session(o), o.output))
    node = verbs.add_parser("node", help="camera, node and subscriber, over DDS")
    node.add_argument("--minutes", type=float, default=30.0)
    node.add_argument("--rate", type=float, default=60.0)
    node.add_argument("--output", "-o", type=Path, required=True)
    node.set_defaults(run=lambda o: finish(run_node(o), o.output))
    camera = verbs.add_parser("camera", help="the camera process of `node`")
    camera.add_argument("--rate", type=float, default=60.0)
    camera.add_argument("--epoch", type=int, required=True)
    camera.set_defaults(run=run_camera)
    table = verbs.add_parser("table", help="print Markdown tables of runs")
    table.add_argument("runs", type=Path, nargs="+")
    table.set_defaults(run=lambda o: show(o.runs))
    options = parser.parse_args()
    if "output" in options:
        options.output.parent.mkdir(parents=True, exist_ok=True)
    options.run(options)


if __name__ == "__main__":
    main()
