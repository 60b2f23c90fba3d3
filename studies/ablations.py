# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Train narrow networks of the paper with and without its parts, and compare them as trackers.

    python studies/ablations.py --output runs/ablation          hours on two cores
    python studies/ablations.py --output /tmp/a --steps 2       shows that it works

Each row is a configuration in config/training/ablation. The figures are mean IoU and lost tracks
(IoU 0 in the last frame) in closed loop, from the first box without re-initialisation, on clips and
simulated tracks that training has not seen. They are not the paper's numbers. A run that was
interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from re3_ros.boxes import iou
from re3_ros.network import Re3Network, load
from re3_ros.tracking import pick_device
from re3_ros.training import TrainingConfig, Video, held_out_videos, read_config, track_video, train

CONFIGS = Path(__file__).parents[1] / "config" / "training" / "ablation"
ROWS = (
    ("full method", "full", 32),
    ("no LSTM reset", "full", None),
    ("no self-training", "no_self_training", 32),
    ("no skip layers", "no_skips", 32),
)
"""Name, configuration, and frames between resets when tracking."""


@dataclass
class Row:
    """How one variant tracks."""

    name: str
    iou_clips: float
    iou_simulated: float
    lost: int
    videos: int


def main() -> None:
    """Train what is not trained yet, and print the table."""
    options = _options()
    configs = {name: _shortened(name, options) for _, name, _ in ROWS}
    weights = {
        name: train(config, options.data, options.output / name, options.device)
        for name, config in configs.items()
    }
    count, frames = (2, 20) if options.steps else (60, 100)
    held = held_out_videos(configs["full"], options.data, count, frames)
    rows = []
    for title, name, reset in ROWS:
        network = load(weights[name], options.device)
        clips, simulated = ([_overlaps(network, v, reset) for v in group] for group in held[::-1])
        rows.append(_row(title, clips, simulated))
    (options.output / "ablations.json").write_text(json.dumps([asdict(row) for row in rows]))
    Console().print(_table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("RE3_SHARED", "../shared"))
    parser.add_argument("--data", type=Path, default=shared, help="data folder")
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--device", type=pick_device, default="cpu")
    parser.add_argument("--steps", type=int, help="steps of every stage, to try it in short")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _shortened(name: str, options: argparse.Namespace) -> TrainingConfig:
    config = read_config(CONFIGS / f"{name}.yaml")
    changes: dict[str, object] = {"threads": options.threads}
    if options.steps:
        stages = [s.model_copy(update={"steps": options.steps}) for s in config.stages]
        changes |= {"stages": tuple(stages), "held_tracks": 0, "held_out": config.held_out[:2]}
    return config.model_copy(update=changes)


def _row(title: str, clips: list[np.ndarray], simulated: list[np.ndarray]) -> Row:
    lost = sum(int(overlap[-1] == 0) for overlap in (*clips, *simulated))
    return Row(title, _mean(clips), _mean(simulated), lost, len(clips) + len(simulated))


def _mean(overlaps: list[np.ndarray]) -> float:
    return float(np.mean([overlap.mean() for overlap in overlaps]))


def _overlaps(network: Re3Network, video: Video, reset: int | None) -> np.ndarray:
    """Return the IoU of every labelled frame."""
    known = np.isfinite(video.boxes).all(axis=1)
    return np.asarray(iou(track_video(network, video, reset), video.boxes)[known])


def _table(rows: list[Row]) -> Table:
    table = Table(title="Narrow networks of the paper, closed loop on what was held back")
    for column in ("variant", "IoU, clips", "IoU, simulated", "lost"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for row in rows:
        figures = f"{row.iou_clips:.3f}", f"{row.iou_simulated:.3f}", f"{row.lost} of {row.videos}"
        table.add_row(row.name, *figures)
    return table


if __name__ == "__main__":
    main()
