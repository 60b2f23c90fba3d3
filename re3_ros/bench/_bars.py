# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What this project asks of its own speed: ratios within one run, and times on a GPU."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ._model import StageRow
from ._session import JOINT, LatencyRow

GPU_LIMITS = {"compact": {1: 0.25}, "paper": {1: 0.5, 64: 3.2}}
"""Milliseconds of a step on a GPU by preset and number of targets."""
CHOICE = 1.05
"""What the runtime that is chosen may cost of the best of the others."""


@dataclass(frozen=True)
class Bar:
    """What should not be exceeded: a ratio of medians, or a time."""

    text: str
    value: float
    limit: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is met."""
        return self.value <= self.limit

    def __str__(self) -> str:
        """Return the verdict in one line."""
        verdict = "holds" if self.holds else "MISSED"
        figures = f"{self.value:.2f}{self.unit} (at most {self.limit:.2f}{self.unit})"
        return f"{verdict}: {self.text}: {figures}"


def session_bars(rows: Sequence[LatencyRow], wide: bool = False) -> list[Bar]:
    """Return the bars that the rows can decide, of the fastest of our runtimes.

    ``wide``: the processor has AMX or VNNI, so that several targets ought to gain from each other.
    """
    table = {(r.tracker, r.targets): r for r in rows if r.cameras == 1}
    ours = {k: r.latency.median for k, r in table.items() if k[0].startswith("re3 ")}
    if not ours:
        return []
    fewest = min(n for _, n in ours)
    name = min((t, k[0]) for k, t in ours.items() if k[1] == fewest)[1]
    one, nano = table[name, fewest], table.get(("nano", fewest))
    bars = [
        Bar(f"{name}, latency over {peer}'s", one.latency.median / other.latency.median, limit)
        for peer, limit in (("nano", 0.5), (JOINT, 1 / 3))
        if (other := table.get((peer, fewest))) is not None
    ]
    if nano is not None and math.isfinite(one.work):
        bars.append(Bar(f"{name}, processor time over nano's", one.work / nano.work, 1))
    if fewest == 1 and (name, 16) in table:
        many = table[name, 16].latency.median / one.latency.median
        bars.append(Bar(f"{name}, 16 targets over one", many, 4 if wide else 6))
    return bars


def choice_bars(rows: Sequence[LatencyRow], beyond: Collection[str] = ()) -> list[Bar]:
    """Return whether the first of our runtimes, the one that ``auto`` chose, is the fastest.

    `CHOICE` leaves room for chance where two are alike. Runtimes ``beyond`` a limit of this process
    are not compared.
    """
    bars = []
    for count in dict.fromkeys(r.targets for r in rows):
        ours = [
            r
            for r in rows
            if r.targets == count
            and r.tracker.startswith("re3 ")
            and r.tracker.split()[1] not in beyond
        ]
        if len(ours) > 1:
            best = min(r.latency.median for r in ours[1:])
            text = f"{ours[0].tracker}, latency over the best other runtime's, targets: {count}"
            bars.append(Bar(text, ours[0].latency.median / best, CHOICE))
    return bars


def model_bars(rows: Sequence[StageRow]) -> list[Bar]:
    """Return whether image to box takes a third of the plain pass, by runtime, for one target."""
    medians = {(r.runtime, r.stage): r.time.median for r in rows if r.targets == 1}
    joint = next((t for (_, stage), t in medians.items() if stage == "joint"), None)
    steps = {name: time for (name, stage), time in medians.items() if stage == "step"}
    if joint is None:
        return []
    return [
        Bar(f"{name}, image to box over the plain pass", time / joint, 1 / 3)
        for name, time in steps.items()
    ]


def gpu_bars(rows: Sequence[StageRow], preset: str) -> list[Bar]:
    """Return whether a GPU's fastest runtime is as fast as a GPU should be, for one of its presets.

    A step is all that the image waits for. 64 targets in 3.2 ms are 20,000 boxes a second.
    """
    steps = {(r.targets, r.runtime): r.time.median for r in rows if r.stage == "step"}
    bars = []
    for count, limit in GPU_LIMITS[preset].items():
        own = [(time, name) for (targets, name), time in steps.items() if targets == count]
        if own:
            time, name = min(own)
            bars.append(Bar(f"{preset} on {name}, a step of {count}", time, limit, " ms"))
    return bars
