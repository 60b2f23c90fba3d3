# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
r"""Why does the box go over to objects like the target: memory, resets, previous crop, drift?

    python studies/rival_causes.py --picture docs/images/rival_causes.png

The bare procedure follows videos with rivals (those of rivals.py), then does so again with one part
of it taken away, or with both crops cut at the true box of the frame before. Frames on a rival are
told by how much is seen of the target. How far looks and motion go, two ideal observers give an
idea of: they know the true box of every object that is seen, and take the one nearest to where the
target's speed leads. The stays on rivals of the plain procedure are sorted by their
length, and by how little was seen of the target in the frames before them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table
from rivals import LOOKS, SEEN, Followed, Result, parser_of

from re3_ros.boxes import Boxes, area, centre, clip, iou
from re3_ros.network import load
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.simulation import SCREEN
from re3_ros.tracking import RESET_INTERVAL, Snapshot, Tracker
from re3_ros.training import (
    RenderedVideo,
    SimulatedVideo,
    held_out_videos,
    read_run_config,
    run_data_folder,
)
from re3_ros.weights import default_weights


@dataclass(frozen=True)
class Change:
    """What is unlike the procedure."""

    reset_interval: int = RESET_INTERVAL
    memory: bool = True
    """False: before each step the state is that after the first frame."""
    previous: bool = True
    """False: zeros stand for the previous crop, as where training withholds it."""
    at_truth: bool = False
    """Both crops of a step are cut at the true box of the frame before."""


CHANGES = {
    "the procedure": Change(),
    "never reset": Change(reset_interval=0),
    "no memory": Change(memory=False),
    "no previous crop": Change(previous=False),
    "at the truth": Change(at_truth=True),
    "at the truth, no memory": Change(at_truth=True, memory=False),
    "at the truth, no previous crop": Change(at_truth=True, previous=False),
}
IDEALS = {
    "ideal, its own cut-out looks alike": LOOKS[:1],
    "ideal, all rivals look alike": LOOKS,
}
"""What an ideal observer cannot tell from the target by its looks."""
SHOWN = 0.3
"""Share of an object that an ideal observer has to see."""
NEAR = 0.2
"""IoU with where the target should be, from which an object may be it."""
NEWEST = 0.4
"""Weight of the newest movement in the speed."""
LENGTHS = (("below 5", 1, 5), ("5 to 14", 5, 15), ("15 and more", 15, 10**9))
"""Frames of a stay on a rival, from and below."""
BEFORE = 12
"""Frames before a stay in which the target may have been hidden."""


class Stay(NamedTuple):
    """Frames in a row on a rival; such in which target or rivals are out of view do not end it."""

    frames: int
    """On a rival."""
    seen: float
    """Least visible share of the target in its first frame and the `BEFORE` frames before that."""


def follow(runtime: Runtime, video: RenderedVideo, truth: Boxes, change: Change) -> Boxes:
    """Return the boxes (n, 4) of the changed procedure."""
    tracker = Tracker(runtime, reset_interval=change.reset_interval)
    tracker.start(video.image(0), {"target": truth[0]})
    found = [truth[0]]
    for t in range(1, len(truth)):
        image = video.image(t)
        found.append(tracker.track(image)["target"].box)
        kept = tracker.snapshot("target")
        if change.at_truth:
            crops = runtime.cut(image, truth[t][None])
            kept = replace(kept, box=truth[t], remembered=runtime.remember(crops).remembered[0])
        tracker.restore("target", _less(kept, change))
    return np.stack(found)


def _less(kept: Snapshot, change: Change) -> Snapshot:
    """Return what is remembered without what is taken away."""
    if not change.memory:
        kept = replace(kept, state=kept.first_state)
    if not change.previous:
        kept = replace(kept, remembered=torch.zeros_like(kept.remembered))
    return kept


def observe(video: SimulatedVideo, alike: Collection[str]) -> Boxes:
    """Return the boxes (n, 4) of an ideal observer who mistakes rivals of these looks only."""
    track = video.track
    like = [kind.look in alike for kind in track.rival_kinds]
    rivals = video.rivals[np.array(like, bool)]
    on_screen = area(clip(rivals, *SCREEN)) >= SHOWN * area(rivals)
    box, speed, found = track.boxes[0], np.zeros(2), [track.boxes[0]]
    for t in range(1, len(track)):
        expected = box + np.tile(speed, 2)
        seen = rivals[on_screen[:, t], t]
        if track.visibility[t] >= SHOWN:
            seen = np.concatenate([seen, track.boxes[t][None]])
        near = iou(expected, seen)
        if near.max(initial=0.0) >= NEAR:
            there = seen[near.argmax()]
            speed = NEWEST * (centre(there) - centre(box)) + (1 - NEWEST) * speed
            box = there
        else:
            box = expected
        found.append(box)
    return np.stack(found)


def stays(followed: Followed) -> Iterator[Stay]:
    """Return the stays on rivals in a video."""
    counts = followed.counted
    taken, shown = followed.taken & counts, followed.video.track.visibility
    begun: int | None = None
    for t in range(len(taken) + 1):
        over = t == len(taken) or (counts[t] and not taken[t])
        if begun is not None and over:
            least = shown[max(0, begun - BEFORE) : begun + 1].min()
            yield Stay(int(taken[begun:t].sum()), float(least))
            begun = None
        elif begun is None and not over and taken[t]:
            begun = t


def figures_of(result: Result) -> dict[str, Any]:
    """Return shares of frames on a rival and the IoU of one way to follow."""
    whole = result.identity()
    return {"on_rival": whole.on_rival, "iou": whole.mean_iou, "seen": result.by_seen()}


def by_stay(found: Sequence[Stay]) -> dict[str, dict[str, float]]:
    """Return, by length, the number of stays, and the share of all frames on a rival that are in
    them, by the least that was seen of the target shortly before."""
    total = sum(stay.frames for stay in found) or 1
    rows = {}
    for length, least, below in LENGTHS:
        group = [stay for stay in found if least <= stay.frames < below]
        shares = {
            name: sum(s.frames for s in group if low <= s.seen < high) / total
            for name, low, high in SEEN
        }
        rows[length] = {"stays": len(group), **shares}
    return rows


def main() -> None:
    """Follow, print, write, draw."""
    options = _options()
    config = read_run_config(options.weights, options.config)
    root = options.data or run_data_folder(config)
    videos = held_out_videos(config, root, options.videos, options.frames).rivals
    results: dict[str, list[Followed]] = {name: [] for name in CHANGES}
    work = partial(_follow_all, options.weights, options.runtime)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        for video, boxes in zip(
            progress(videos, "among rivals"), pool.map(work, videos), strict=True
        ):
            for name, found in boxes.items():
                results[name].append(Followed(found, video))
    for name, alike in IDEALS.items():
        results[name] = [Followed(observe(video, alike), video) for video in videos]
    figures = {name: figures_of(Result(followed)) for name, followed in results.items()}
    lasting = by_stay([stay for f in results["the procedure"] for stay in stays(f)])
    Console(width=110).print(_table(figures), _stay_table(lasting))
    if options.output:
        about = {"videos": options.videos, "frames": options.frames, "runtime": options.runtime}
        document = {**about, "changes": figures, "stays": lasting}
        options.output.write_text(json.dumps(document, indent=1))
    if options.picture:
        draw(figures, lasting, options.picture)


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__ or "", videos=200)
    parser.add_argument("--weights", type=Path, default=default_weights())
    return parser.parse_args()


def _follow_all(weights: Path, runtime: str, video: SimulatedVideo) -> dict[str, Boxes]:
    """Return the boxes of each way to follow; frames are rendered once."""
    made, shown, truth = _runtime(weights, runtime), RenderedVideo.of(video), video.track.boxes
    return {name: follow(made, shown, truth, change) for name, change in CHANGES.items()}


@cache
def _runtime(weights: Path, name: str) -> Runtime:
    return make_runtime(load(weights), name, "cpu", 1)


def _table(figures: dict[str, dict[str, Any]]) -> Table:
    names = [name for name, *_ in SEEN]
    table = Table("way to follow", "IoU", "on a rival", *names, title="Percent on a rival")
    for name, row in figures.items():
        shares = (row["on_rival"], *row["seen"].values())
        table.add_row(name, f"{row['iou']:.3f}", *(f"{100 * share:.1f}" for share in shares))
    return table


def _stay_table(rows: dict[str, dict[str, float]]) -> Table:
    names = [name for name, *_ in SEEN]
    title = "Percent of the frames on a rival, by what was seen before the stay"
    table = Table("frames of a stay", "stays", *names, title=title)
    for length, row in rows.items():
        table.add_row(length, f"{row['stays']:.0f}", *(f"{100 * row[n]:.0f}" for n in names))
    return table


def draw(
    figures: dict[str, dict[str, Any]], lasting: dict[str, dict[str, float]], path: Path
) -> None:
    """Draw the shares of each way to follow, and the stays of the plain one."""
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    places = np.arange(len(figures))[::-1]
    left.barh(places, [100 * row["on_rival"] for row in figures.values()])
    left.set_yticks(places, list(figures))
    left.set_xlabel("% of frames on a rival")
    start = np.zeros(len(lasting))
    for name, *_ in SEEN:
        share = np.array([100 * row[name] for row in lasting.values()])
        right.bar(list(lasting), share, bottom=start, label=f"{name} before")
        start += share
    right.set_xlabel("frames of a stay on a rival")
    right.set_ylabel("% of all frames on a rival")
    right.legend(title="target", fontsize=8)
    for panel in (left, right):
        panel.grid(alpha=0.3)
        panel.set_axisbelow(True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
