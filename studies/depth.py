# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How far off the distances of targets are, on rendered scenes whose truth is known.

    python studies/depth.py [--picture docs/images/depth.png]

Each scene is 3 s at 15 images a second: an object on its way from 1 m to 1.5 m; in the middle
second a board, 25 cm in front, covers a part of its width. Beside re3_ros, two usual ways: the
median of all depth in the box, and of the middle fifth of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from re3_ros.spatial import Locator
from re3_ros.worlds import DEPTH_CAMERA, DepthScene, DepthView

SHAPES = ("ball", "block", "bottle")
COVERS = (0.0, 0.4, 0.6, 1.5)
WAYS = ("re3_ros", "median of the box", "middle of the box")
DRAWN = "block", 0.6
Array = NDArray[np.float64]


class Run(NamedTuple):
    """One scene: what it was, and what each way made of it, NaN where it said nothing."""

    views: list[DepthView]
    distances: dict[str, Array]

    def errors(self, way: str) -> Array:
        """Return the relative errors where the way gave a distance."""
        truth = np.array([view.distance for view in self.views])
        off = np.abs(self.distances[way] / truth - 1)
        return off[np.isfinite(off)]


def main() -> None:
    """Print the table, and draw the picture if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--picture", type=Path)
    picture = parser.parse_args().picture
    runs = {(shape, cover): run(shape, cover) for shape in SHAPES for cover in COVERS}
    print("\n".join(table(runs)))
    if picture is not None:
        draw(runs[DRAWN], picture)


def run(shape: str, cover: float) -> Run:
    """Go through one scene."""
    views = list(DepthScene(shape, cover, frames=45, rate=15.0))
    locator = Locator()
    positions = [
        locator.locate("it", view.box, view.depth, DEPTH_CAMERA, view.stamp, age=n)
        for n, view in enumerate(views)
    ]
    ours = [p.position[2] if p else np.nan for p in positions]
    found = ours, [middle(view, 1.0) for view in views], [middle(view, 0.2) for view in views]
    return Run(views, {way: np.array(z) for way, z in zip(WAYS, found, strict=True)})


def middle(view: DepthView, part: float) -> float:
    """Return the median of what was measured in the middle of the box."""
    centre, half = (view.box[:2] + view.box[2:]) / 2, (view.box[2:] - view.box[:2]) / 2 * part
    (x1, y1), (x2, y2) = np.maximum(centre - half, 0).astype(int), (centre + half + 1).astype(int)
    metres = view.depth.metres(slice(y1, y2), slice(x1, x2))
    return float(np.nanmedian(metres)) if np.isfinite(metres).any() else np.nan


def table(runs: dict[tuple[str, float], Run]) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    yield "| object | hidden | " + " | ".join(WAYS) + " | images without |"
    yield "|---" * (len(WAYS) + 3) + "|"
    for (shape, _), one in runs.items():
        hidden = max(view.hidden for view in one.views)
        cells = [
            f"{100 * np.median(off):.1f} / {100 * off.max():.1f}"
            for off in (one.errors(way) for way in WAYS)
        ]
        silent = int(np.isnan(one.distances[WAYS[0]]).sum())
        yield f"| {shape} | {100 * hidden:.0f} % | {' | '.join(cells)} | {silent} |"


def draw(one: Run, path: Path) -> None:
    """Draw distances over time."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    time = np.array([view.stamp for view in one.views]) / 1e9 - 1
    figure, axes = plt.subplots(figsize=(7.2, 3.2), layout="constrained")
    hidden = np.array([view.hidden > 0.1 for view in one.views])
    begin, end = time[hidden][[0, -1]]
    most = max(view.hidden for view in one.views)
    axes.axvspan(begin, end, color="0.92", label=f"{100 * most:.0f} % hidden")
    axes.plot(time, [v.distance for v in one.views], color="0.6", lw=5, label="truth")
    for way, colour, line in zip(WAYS, ("C0", "C1", "C3"), ("-", "--", ":"), strict=True):
        axes.plot(time, one.distances[way], line, color=colour, label=way)
    axes.set(xlabel="time in s", ylabel="distance in m", xlim=(time[0], time[-1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
