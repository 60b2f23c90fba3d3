# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How far off the boxes around visible surfaces are, on a rendered table whose truth is known.

    python studies/extent.py

A carton of 85 x 55 x 50 mm stands on a table; the camera looks down at a slant from 0.6 m and comes
nearer, with the noise of a depth camera. Its top is what is to be found. The 2D boxes are exact, or
their sides are off by a part of the box (standard deviation).
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from re3_ros.spatial import Extent, Locator
from re3_ros.worlds import Table, TableView

ERRORS = (0.0, 0.04, 0.08)
SEEDS, STEPS = 8, 6
Array = NDArray[np.float64]


def main() -> None:
    """Print the table of errors, and what a target costs."""
    print("| box off by | long side, % | short side, % | long axis, deg | normal, deg | none |")
    print("|---|---|---|---|---|---|")
    for error in ERRORS:
        measured, missing = run(error)
        middle, worst = np.median(measured, 0), measured.max(0)
        cells = [f"{m:.1f} / {w:.1f}" for m, w in zip(middle, worst, strict=True)]
        print(f"| {100 * error:.0f} % | {' | '.join(cells)} | {missing} |")
    print(f"{cost():.2f} ms of one core for a target")


def run(error: float) -> tuple[Array, int]:
    """Return the errors (n, 4) in percent and degrees, and how often nothing was found."""
    measured, missing = [], 0
    for seed in range(SEEDS):
        table, rng = Table(seed), np.random.default_rng(seed)
        for _ in range(STEPS):
            view = table.view()
            off = rng.normal(0, error, 4) * np.tile(view.box[2:] - view.box[:2], 2)
            found = Locator().locate("it", view.box + off, view.depth, table.camera, 0)
            if found is None or found.extent is None:
                missing += 1
            else:
                measured.append(errors(found.extent, view, table.object_size[:2]))
            for _ in range(8):
                table.move([*(0.2 * view.position[:2]), 0.06, 0, 0, 0], 0.05)
    return np.array(measured), missing


def errors(found: Extent, view: TableView, sides: tuple[float, ...]) -> list[float]:
    """Return by how much two sides, in percent, and two axes, in degrees, are off."""
    angles = [found.axes[:, i] @ view.axes[:, i] for i in (0, 2)]
    turned = [float(np.degrees(np.arccos(min(1.0, abs(cosine))))) for cosine in angles]
    return [*(100 * np.abs(found.size[:2] / sides - 1)), *turned]


def cost() -> float:
    """Return the CPU time in ms of finding a target and its extent."""
    table = Table(0)
    view, repeats = table.view(), 200
    begin = time.process_time()
    for _ in range(repeats):
        Locator().locate("it", view.box, view.depth, table.camera, 0)
    return 1000 * (time.process_time() - begin) / repeats


if __name__ == "__main__":
    main()
