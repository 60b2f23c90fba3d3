# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
r"""On which objects like its target does a tracker go over?

    python studies/rivals.py --trackers re3-procedure,re3,csrt,mosse
    python studies/rivals.py --output rivals.json --picture docs/images/rivals.png \
        --trackers before=re3-procedure@OLD.safetensors,after=re3-procedure@NEW.safetensors

Trackers follow the same videos, made of what the training run of the shipped weights held back:
everyday ones, and ones in which objects like the target pass over it. A frame counts for a kind of
rival if the target and a rival of this kind are in view, and is on it if the box overlaps such a
rival more than the target. Changes are mean and standard error, over the videos, of the difference
to the first tracker. Everyday IoU is that of boxes cut to the image, as a session's are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table

from re3_ros.boxes import Boxes, clip, iou
from re3_ros.evaluation import average_overlap, mean_and_error, run_video
from re3_ros.evaluation.trackers import TrackerSpec, parse_specs
from re3_ros.simulation import SCREEN
from re3_ros.training import (
    Identity,
    RenderedVideo,
    SimulatedVideo,
    counted,
    held_out_videos,
    identity,
    read_run_config,
    run_data_folder,
)
from re3_ros.weights import default_weights

LOOKS = ("own cut-out", "same kind", "tinted")
WAYS = ("cross", "stop", "along", "part", "crowd")
SEEN = (("hidden", 0.0, 0.3), ("half seen", 0.3, 0.7), ("seen", 0.7, np.inf))
"""By the visible share of the target, from and below."""
PARTS = {"looks": "what it looks like", "ways": "how it moves", "seen": "of the target"}

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """What a tracker made of a video with rivals."""

    found: Boxes
    """(n, 4)"""
    video: SimulatedVideo

    @cached_property
    def own(self) -> NDArray[np.float64]:
        """(n,) IoU with the target."""
        return np.asarray(np.nan_to_num(iou(self.found, self.video.boxes)))

    @cached_property
    def theirs(self) -> NDArray[np.float64]:
        """(R, n) IoU with each rival."""
        return np.asarray(np.nan_to_num(iou(self.found[None], self.video.rivals)))

    @property
    def taken(self) -> Flags:
        """(n,) whether the box is on a rival."""
        return np.asarray(self.theirs.max(axis=0, initial=0.0) > self.own)

    @property
    def counted(self) -> Flags:
        """(n,) whether target and a rival are in view."""
        return counted(self.video.boxes, self.video.rivals)

    def of_kind(self, kind: str) -> tuple[Flags, Flags]:
        """Return (n,) whether a frame counts for rivals of one look or way, and is on one."""
        which = np.array([kind in k for k in self.video.track.rival_kinds], bool)
        there = counted(self.video.boxes, self.video.rivals[which])
        theirs = self.theirs[which].max(axis=0, initial=0.0)
        return there, there & (theirs > self.own) & (theirs >= self.theirs.max(0, initial=0.0))

    def seen(self, least: float, below: float) -> tuple[Flags, Flags]:
        """Return (n,) whether so much of the target is seen, and whether the box is on a rival."""
        share = self.video.track.visibility
        there = self.counted & (share >= least) & (share < below)
        return there, there & self.taken


@dataclass(frozen=True)
class Result:
    """Of one tracker."""

    rivals: list[Followed]
    everyday: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """Mean IoU of each everyday video, the first frame left out."""

    def identity(self) -> Identity:
        """Return how well the target was kept in the videos with rivals."""
        return identity((f.found, f.video.boxes, f.video.rivals) for f in self.rivals)

    def by_seen(self) -> dict[str, float]:
        """Return the share of frames on a rival by how much of the target is seen."""
        return {n: self.share(lambda f, a=a, b=b: f.seen(a, b)) for n, a, b in SEEN}

    def shares(self) -> NDArray[np.float64]:
        """Return the share of frames on a rival in each video, NaN where none counts."""
        with np.errstate(invalid="ignore"):
            return np.array([(f.taken & f.counted).sum() / f.counted.sum() for f in self.rivals])

    def share(self, flags: Callable[[Followed], tuple[Flags, Flags]]) -> float:
        """Return the share of all frames that count in which the box is on a rival."""
        there, on = (np.concatenate(f) for f in zip(*map(flags, self.rivals), strict=True))
        return float(on.sum() / there.sum()) if there.any() else float("nan")


def main() -> None:
    """Follow, print, write, draw."""
    options = _options()
    specs = parse_specs([options.trackers], TrackerSpec("re3", runtime=options.runtime))
    config = read_run_config(default_weights(), options.config)
    root = options.data or run_data_folder(config)
    held = held_out_videos(config, root, options.videos, options.frames)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        results = _follow(pool, specs, held.rivals, held.simulated)
    first = results[specs[0].label]
    figures = {name: figures_of(result, first) for name, result in results.items()}
    Console(width=110).print(_table(figures), _kinds(figures))
    if options.output:
        about = {"videos": options.videos, "frames": options.frames, "runtime": options.runtime}
        options.output.write_text(json.dumps({**about, "results": figures}, indent=1))
    if options.picture:
        draw(figures, options.picture)


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__ or "", videos=100)
    parser.add_argument("--trackers", default="re3-procedure,re3", help="as of `re3 evaluate`")
    return parser.parse_args()


def parser_of(doc: str, videos: int) -> argparse.ArgumentParser:
    """Return a parser of what studies of these videos have in common."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data", type=Path, help="data folder of the training run")
    parser.add_argument("--config", type=Path, help="the run's YAML file")
    parser.add_argument("--runtime", default="openvino-float32", help="of ours")
    parser.add_argument("--videos", type=int, default=videos)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--workers", type=int, default=1, help="processes that follow videos")
    parser.add_argument("--output", type=Path, help="JSON to write")
    parser.add_argument("--picture", type=Path, help="PNG to draw")
    return parser


def _follow(
    pool: Executor,
    specs: Sequence[TrackerSpec],
    rivals: Sequence[SimulatedVideo],
    everyday: Sequence[SimulatedVideo],
) -> dict[str, Result]:
    kept: dict[str, list[Followed]] = {spec.label: [] for spec in specs}
    means: dict[str, list[float]] = {spec.label: [] for spec in specs}
    for video, by_name in _followed(pool, specs, rivals, "among rivals"):
        for name, found in by_name.items():
            kept[name].append(Followed(found, video))
    for video, by_name in _followed(pool, specs, everyday, "everyday"):
        for name, found in by_name.items():
            means[name].append(_everyday(found, video.boxes))
    return {name: Result(kept[name], np.array(means[name])) for name in kept}


def _followed(
    pool: Executor, specs: Sequence[TrackerSpec], videos: Sequence[SimulatedVideo], what: str
) -> Iterator[tuple[SimulatedVideo, dict[str, Boxes]]]:
    """Return each video with the boxes of each tracker."""
    return zip(progress(videos, what), pool.map(partial(_boxes, specs), videos), strict=True)


def _boxes(specs: Sequence[TrackerSpec], video: SimulatedVideo) -> dict[str, Boxes]:
    """Return the boxes of each tracker, for all of which the frames are rendered once."""
    shown = RenderedVideo.of(video)
    return {spec.label: run_video(spec.create(), shown).trajectory.boxes for spec in specs}


def _everyday(found: Boxes, truth: Boxes) -> float:
    """Return the average overlap of boxes cut to the screen."""
    return average_overlap(clip(truth, *SCREEN), clip(found, *SCREEN))


def figures_of(result: Result, first: Result) -> dict[str, Any]:
    """Return all figures of a tracker, and its differences to the first one."""
    whole = result.identity()
    return {
        "everyday": float(np.nanmean(result.everyday)),
        "everyday_change": mean_and_error(result.everyday - first.everyday),
        "iou": whole.mean_iou,
        "on_rival": whole.on_rival,
        "on_rival_change": mean_and_error(result.shares() - first.shares()),
        "switches": whole.switches,
        "looks": {k: result.share(lambda f, k=k: f.of_kind(k)) for k in LOOKS},
        "ways": {k: result.share(lambda f, k=k: f.of_kind(k)) for k in WAYS},
        "seen": result.by_seen(),
    }


def _table(figures: dict[str, dict[str, Any]]) -> Table:
    table = Table("tracker", title="IoU, and percent of frames on a rival")
    for name in ("everyday IoU", "change", "IoU", "on rival", "change", "switches"):
        table.add_column(name, justify="right")
    for name, row in figures.items():
        change, error = row["everyday_change"]
        moved, doubt = row["on_rival_change"]
        table.add_row(
            name,
            f"{row['everyday']:.3f}",
            f"{change:+.3f} ({error:.3f})",
            f"{row['iou']:.3f}",
            f"{100 * row['on_rival']:.1f}",
            f"{100 * moved:+.1f} ({100 * doubt:.1f})",
            f"{row['switches']:.1f}",
        )
    return table


def _kinds(figures: dict[str, dict[str, Any]]) -> Table:
    table = Table("rivals", *figures, title="Percent of frames on a rival, by kind")
    for part in PARTS:
        for kind in next(iter(figures.values()))[part]:
            table.add_row(kind, *(f"{100 * row[part][kind]:.1f}" for row in figures.values()))
        table.add_section()
    return table


def draw(figures: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw the shares on a rival by look, way and visible share, a bar for each tracker."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    widths = [len(LOOKS), len(WAYS), len(SEEN)]
    panels = figure.subplots(1, 3, sharey=True, width_ratios=widths)
    for panel, (part, title) in zip(panels, PARTS.items(), strict=True):
        thick = 0.8 / len(figures)
        for i, (name, row) in enumerate(figures.items()):
            place = np.arange(len(row[part])) + thick * (i - (len(figures) - 1) / 2)
            panel.bar(place, [100 * v for v in row[part].values()], thick, label=name)
        panel.set_xticks(range(len(row[part])), row[part].keys())
        panel.set_title(title, fontsize=10)
        panel.grid(axis="y", alpha=0.3)
        panel.set_axisbelow(True)
    panels[0].set_ylabel("% of frames on a rival")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
