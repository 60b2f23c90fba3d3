# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the thresholds of a session cost and give, on simulated videos of held stills.

    python studies/thresholds.py --videos 40 --frames 80 --output thresholds.json

Each setting runs a whole session over the same videos, made of what the training run of the
weights held back (never of public sequences), of which a part hides or leaves. Reported are, for
each setting:

IoU       mean overlap over the frames in which the object is in view
hits      share of all frames whose box overlaps the object by half
right     share of frames called TRACKING whose box does so
found     share of those hits that are called TRACKING
balance   mean of ``found`` and of the share of misses that are not called TRACKING
lost      share of frames called LOST
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from re3_ros.boxes import iou
from re3_ros.network import load
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.tracking import Frame, SessionConfig, TargetState, TrackingSession
from re3_ros.training import Video, held_out_videos, read_run_config, run_data_folder
from re3_ros.weights import default_weights

FRAME_NS = 33_333_333
GRID: dict[str, dict[str, Any]] = {
    "default": {},
    "never lost": {"uncertain_threshold": 0.0, "visible_threshold": 0.0},
    "slow to lose": {"lost_frames": 30},
    "lower": {"visible_threshold": 0.5, "uncertain_threshold": 0.25},
    "lower, slow": {
        "visible_threshold": 0.5,
        "uncertain_threshold": 0.25,
        "uncertain_frames": 3,
        "lost_frames": 30,
    },
    "lowest, slow": {
        "visible_threshold": 0.4,
        "uncertain_threshold": 0.15,
        "uncertain_frames": 3,
        "lost_frames": 30,
    },
}
"""Settings by name, over the defaults; further ones through ``--grid FILE.json``."""

Rows = NDArray[np.float64]


def run(runtime: Runtime, config: SessionConfig, video: Video) -> Rows:
    """Return (n - 1, 2): overlap (NaN out of view) and state of each frame but the first."""
    session = TrackingSession(runtime, ("camera",), config)
    session.initialise("camera", "target", video.boxes[0])
    rows = []
    for index, truth in enumerate(video.boxes):
        frame = Frame("camera", index * FRAME_NS, video.image(index))
        (target,) = session.process(frame).targets
        overlap = np.nan if np.isnan(truth).any() else float(iou(target.box, truth))
        rows.append((overlap, float(target.state)))
        session.prepare()
    return np.array(rows[1:])


def figures(rows: Rows) -> dict[str, float]:
    """Return the figures of the module's docstring."""
    overlap, state = rows.T
    hits, tracking = overlap >= 0.5, state == TargetState.TRACKING
    found = float(tracking[hits].mean()) if hits.any() else float("nan")
    quiet = float((~tracking[~hits]).mean()) if (~hits).any() else float("nan")
    return {
        "IoU": float(np.nanmean(overlap)),
        "hits": float(hits.mean()),
        "right": float(hits[tracking].mean()) if tracking.any() else float("nan"),
        "found": found,
        "balance": (found + quiet) / 2,
        "lost": float((state == TargetState.LOST).mean()),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run every setting over the same videos."""
    weights = options.weights or default_weights()
    trained = read_run_config(weights)
    data = options.data or run_data_folder(trained)
    held = held_out_videos(trained, data, options.videos, options.frames)
    network = load(weights, options.device)
    grid = json.loads(options.grid.read_text()) if options.grid else GRID
    results: dict[str, dict[str, Any]] = {}
    for name, values in grid.items():
        config, begin = SessionConfig.from_mapping(values), time.perf_counter()
        runtime = make_runtime(network, config.runtime, options.device, config.threads or None)
        rows = [run(runtime, config, video) for video in held.simulated]
        results[name] = {"settings": values, **figures(np.concatenate(rows))}
        spent = time.perf_counter() - begin
        told = {k: round(v, 3) for k, v in results[name].items() if k != "settings"}
        print(f"{name} ({spent:.0f} s): {told}", flush=True)
    return {
        "weights": str(weights),
        "videos": options.videos,
        "frames": options.frames,
        "results": results,
    }


def show(document: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(title=f"{document['videos']} videos of {document['frames']} frames")
    columns = ("IoU", "hits", "right", "found", "balance", "lost")
    for column in ("setting", *columns):
        table.add_column(column, justify="left" if column == "setting" else "right")
    for name, row in document["results"].items():
        table.add_row(name, *(f"{row[c]:.3f}" for c in columns))
    Console().print(table)


def main() -> None:
    """Read the command line, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, help="data folder of the training run")
    parser.add_argument("--weights", type=Path, help="default: the shipped ones")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--frames", type=int, default=80)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--grid", type=Path, help="JSON: name -> settings, in place of the grid")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args()
    document = measure(options)
    show(document)
    if options.output:
        options.output.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
