# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What this project asks of its own speed, as ratios within one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ._model import StageRow
from ._session import JOINT, LatencyRow

WAITING = ("crop", "look", "decode")
"""The stages between image and boxes."""


@dataclass(frozen=True)
class Bar:
    """A ratio of medians that should not be exceeded."""

    text: str
    ratio: float
    limit: float

    @property
    def holds(self) -> bool:
        """Whether it is met."""
        return self.ratio <= self.limit

    def __str__(self) -> str:
        """Return the verdict in one line."""
        verdict = "holds" if self.holds else "MISSED"
        return f"{verdict}: {self.text}: {self.ratio:.2f} (at most {self.limit:.2f})"


def session_bars(rows: Sequence[LatencyRow]) -> list[Bar]:
    """Return the bars that the rows can decide, of the fastest of our runtimes."""
    times = {(r.tracker, r.targets): r.latency.median for r in rows if r.cameras == 1}
    ours = {k: t for k, t in times.items() if k[0].startswith("re3 ")}
    if not ours:
        return []
    fewest = min(n for _, n in ours)
    name = min((t, k[0]) for k, t in ours.items() if k[1] == fewest)[1]
    one = times[name, fewest]
    bars = [
        Bar(f"{name}, latency over {peer}'s", one / times[peer, fewest], limit)
        for peer, limit in (("nano", 0.5), (JOINT, 1 / 3))
        if (peer, fewest) in times
    ]
    if fewest == 1 and (name, 16) in times:
        bars.append(Bar(f"{name}, 16 targets over one", times[name, 16] / one, 4))
    return bars


def model_bars(rows: Sequence[StageRow]) -> list[Bar]:
    """Return whether image to box takes a third of the plain pass, by runtime, for one target."""
    medians = {(r.runtime, r.stage): r.time.median for r in rows if r.targets == 1}
    joint = next((t for (_, stage), t in medians.items() if stage == "joint"), None)
    names = dict.fromkeys(name for name, stage in medians if stage == "look")
    if joint is None:
        return []
    return [
        Bar(
            f"{name}, image to box over the plain pass",
            sum(medians[name, stage] for stage in WAITING) / joint,
            1 / 3,
        )
        for name in names
    ]
