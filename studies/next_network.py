# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
r"""Which change of the network is worth its time? Equal training for each, then one table.

    python studies/next_network.py --data FOLDER --output runs/next --minutes 40
    python studies/next_network.py --data FOLDER --output runs/next --minutes 0 \
        --picture docs/images/next_network.png

Every variant that has no weights in the folder yet is trained for so many minutes, from the weights
that the data folder holds (``weights.safetensors``), with the scenes of compact-rivals.yaml, one
thread, and more of its layers than there, as new ones are to be learned. Two calls with different
``--variants`` use two cores. Then all that have weights are measured: in closed loop (bare
procedure, 32 frames between resets) on videos simulated from held stills, everyday ones and ones
with rivals, at the full frame rate, at every third and at every fifth frame; and the time and FLOP
of a look and of what comes between frames. Changes are relative to the first variant, over the same
videos. Public sequences are not used. ``--minutes 0`` trains nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from re3_ros.bench import bench_model
from re3_ros.boxes import Boxes
from re3_ros.evaluation import average_overlap, mean_and_error
from re3_ros.network import Re3Network, load, read_metadata
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.tracking import Tracker
from re3_ros.training import (
    Deadline,
    HeldOutVideos,
    RenderedVideo,
    TrainingConfig,
    follow_video,
    held_out_videos,
    identity,
    read_config,
    train,
)

CONFIG = Path(__file__).parents[1] / "config" / "training" / "compact-rivals.yaml"
VARIANTS: dict[str, dict[str, Any]] = {
    "present": {},
    "2.5 boxes": {"side": 160, "context": 2.5},
    "3 boxes": {"side": 192, "context": 3.0},
    "coarse look": {"wide": True},
    "depthwise": {"trunk": "mobilenet"},
    "depthwise + coarse look": {"trunk": "mobilenet", "wide": True},
}
"""Options of `compact` by name."""
STAGE: dict[str, Any] = {
    "steps": 1,
    "unroll": 9,
    "carry": 64,
    "batch": 24,
    "self_training": 0.8,
    "rate": (3e-4, 3e-4),
    "frozen": ("trunk.conv1", "trunk.fire2", "trunk.fire3"),
}
"""How all of them are trained."""
BACKBONE = "backbones/mobilenet_v2_tflite/mobilenet_v2_1.0_tf1qat_fp16.npz"
KINDS = (
    ("everyday", False, 1),
    ("rivals", True, 1),
    ("every third", False, 3),
    ("rivals, every third", True, 3),
    ("every fifth", False, 5),
)
"""Name, whether there are rivals, and every which frame is shown."""

Kept = tuple[Boxes, Boxes, Boxes]
"""Of a video: boxes (n, 4) that were found, true ones, and rivals' (R, n, 4)."""


class Score(NamedTuple):
    """How a variant tracks videos of one kind."""

    iou: float
    """Mean over the videos of the mean over the frames in view."""
    change: float
    """Of that, to the first variant."""
    error: float
    """Standard error of the change, over the videos."""
    on_rival: float
    """See `re3_ros.training.Identity`; NaN where there are no rivals."""
    switches: float


def main() -> None:
    """Train what is not trained yet, measure, print, draw."""
    options = _options()
    config = read_config(options.config)
    options.output.mkdir(parents=True, exist_ok=True)
    weights = {name: _weights(name, options) for name in options.variants}
    for name, path in weights.items():
        if options.minutes and not path.is_file():
            _train(config, name, path, options)
    held = held_out_videos(config, options.data, options.videos, options.frames)
    there = {name: path for name, path in weights.items() if path.is_file()}
    results = _measure({name: load(path) for name, path in there.items()}, held, options.runtime)
    for name, path in there.items():
        results[name]["pairs"] = _pairs(path)
    about = {"videos": options.videos, "frames": options.frames, "runtime": options.runtime}
    document = json.dumps({**about, "results": results}, indent=1)
    (options.output / "next_network.json").write_text(document)
    Console(width=150).print(_table(results, options.runtime))
    if options.picture:
        _draw(results, options.picture)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="data folder of the training")
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--minutes", type=float, default=40.0, help="of each training run; or 0")
    parser.add_argument(
        "--variants",
        type=_names,
        default=tuple(VARIANTS),
        help=f"some of {', '.join(VARIANTS)}, separated by commas",
    )
    parser.add_argument("--config", type=Path, default=CONFIG, help="scenes, and what is held back")
    parser.add_argument("--runtime", default="openvino-float32")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--picture", type=Path, help="PNG to draw")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no variant {', '.join(map(repr, unknown))}; there are {', '.join(VARIANTS)}"
        )
    return names


def _weights(name: str, options: argparse.Namespace) -> Path:
    file = name.replace(" + ", "_").replace(" ", "_").replace(".", "_")
    return Path(options.output) / f"{file}.safetensors"


def _train(scenes: TrainingConfig, name: str, path: Path, options: argparse.Namespace) -> None:
    """Train one variant for its minutes, counted from here, and write what came of it."""
    values = {**scenes.model_dump(), "options": VARIANTS[name], "backbone": BACKBONE}
    config = TrainingConfig.model_validate({**values, "threads": 1, "stages": [STAGE]})
    deadline = Deadline(options.minutes, time.monotonic() + 60 * options.minutes)
    print(f"{name}: {options.minutes:g} minutes of training", flush=True)
    shutil.copy(train(config, options.data, path.with_suffix(""), deadline=deadline), path)


def _pairs(path: Path) -> int:
    """Return on how many crop pairs a variant was trained."""
    return int(read_metadata(path)["steps"]) * STAGE["batch"] * (STAGE["unroll"] - 1)


def _measure(
    networks: dict[str, Re3Network], held: HeldOutVideos, spec: str
) -> dict[str, dict[str, Any]]:
    """Return all figures of each network."""
    runtimes = {name: make_runtime(network, spec, "cpu", 1) for name, network in networks.items()}
    scores = _follow(runtimes, held)
    first, figures = next(iter(scores.values())), {}
    for name, network in networks.items():
        spent = {row.stage: row.time.median for row in bench_model(network, [spec], (1,))}
        figures[name] = {
            "scores": {
                kind: _score(kept, first[kind])._asdict() for kind, kept in scores[name].items()
            },
            "look_ms": spent["step"],
            "between_ms": spent["crop"] + spent["remember"],
            **_flop(network),
        }
    return figures


def _follow(runtimes: dict[str, Runtime], held: HeldOutVideos) -> dict[str, dict[str, list[Kept]]]:
    """Return what was found by network and kind of video; each frame is rendered once."""
    kept: dict[str, dict[str, list[Kept]]] = {
        name: {kind: [] for kind, *_ in KINDS} for name in runtimes
    }
    for among, videos in ((False, held.simulated), (True, held.rivals)):
        for video in progress(videos, "among rivals" if among else "everyday"):
            whole = RenderedVideo.of(video)
            for kind, _, stride in (row for row in KINDS if row[1] == among):
                shown = whole.every(stride)
                for name, runtime in runtimes.items():
                    found = follow_video(Tracker(runtime), shown)
                    kept[name][kind].append((found, shown.boxes, shown.rivals))
    return kept


def _score(kept: Sequence[Kept], first: Sequence[Kept]) -> Score:
    """Return the score of what a variant found; ``first`` is what the first one found."""
    own, before = (np.array([average_overlap(k[1], k[0]) for k in of]) for of in (kept, first))
    change, error = mean_and_error(own - before)
    whole = identity(k for k in kept if len(k[2]))
    return Score(float(np.nanmean(own)), change, error, whole.on_rival, whole.switches)


@torch.no_grad()
def _flop(network: Re3Network) -> dict[str, float]:
    """Return millions of floating-point operations of a look, and of what comes between frames."""
    crops = torch.zeros(1, 3, network.crop_size, network.crop_size)
    features = network.embed(crops)
    kept, template = network.remember(features), network.template(features, crops)
    with FlopCounterMode(display=False) as look:
        network.advance(kept, network.embed(crops), template, network.initial_state(1))
    with FlopCounterMode(display=False) as between:
        network.remember(network.embed(crops))
    return {
        "look_mflop": look.get_total_flops() / 1e6,
        "between_mflop": between.get_total_flops() / 1e6,
    }


def _table(results: dict[str, dict[str, Any]], spec: str) -> Table:
    table = Table(title=f"IoU, its change (standard error), frames on a rival; {spec}, 1 thread")
    costs = "look ms", "between ms", "look MFLOP", "pairs seen"
    columns = ["variant", *(kind for kind, *_ in KINDS), *costs]
    for column in columns:
        table.add_column(column, justify="left" if column == "variant" else "right")
    for name, row in results.items():
        figures = [_shown(row["scores"][kind]) for kind, *_ in KINDS]
        times = f"{row['look_ms']:.2f}", f"{row['between_ms']:.2f}", f"{row['look_mflop']:.0f}"
        table.add_row(name, *figures, *times, f"{row['pairs']:,}")
    return table


def _shown(score: dict[str, float]) -> str:
    text = f"{score['iou']:.3f} {score['change']:+.3f} ({score['error']:.3f})"
    return text if np.isnan(score["on_rival"]) else f"{text} {100 * score['on_rival']:.1f} %"


def _draw(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw IoU over the time of a frame, a panel for each kind of video.

    Bars are the standard errors of changes to the first variant.
    """
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    panels = figure.subplots(1, len(KINDS), sharex=True)
    for panel, (kind, *_) in zip(panels, KINDS, strict=True):
        for name, row in results.items():
            score = row["scores"][kind]
            spent = row["look_ms"] + row["between_ms"]
            panel.errorbar(spent, score["iou"], score["error"], fmt="o", label=name)
        panel.set_title(kind, fontsize=10)
        panel.set_xlabel("ms a frame")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("mean IoU")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
