# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What came of tracking the demo scene: figures, a plot and an annotated video."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, iou
from re3_ros.errors import writing
from re3_ros.media import STATE_COLOURS, WHITE, VideoWriter, draw_box, draw_label, draw_status
from re3_ros.tracking import TargetState

from ._scene import DemoScene

VISIBLE = 0.5
"""Part of the object that must be seen for a frame to count in the mean IoU."""
HIDDEN = 0.02
"""Part of the object up to which it counts as hidden."""
FOUND = 0.5
"""IoU from which the object counts as found."""
VIDEO, PLOT, SUMMARY = "demo.mp4", "demo.png", "summary.json"


@dataclass(frozen=True, eq=False)
class DemoRecord:
    """What the tracker said of one frame of the scene."""

    frame: int
    box: Boxes | None
    """(4,) x1, y1, x2, y2; None where no detection was published."""
    score: float
    state: TargetState


@dataclass(frozen=True)
class DemoSummary:
    """The figures of a demo; IoU is that of the records after the first in which at least half of
    the object is seen. A frame without a detection counts 0, a frame never processed does not."""

    frames: int
    processed: int
    frames_per_second: float
    mean_iou: float
    mean_iou_before_hidden: float
    mean_iou_after_hidden: float
    hidden_frames: int
    lost_frames: int
    found_again_after: int | None
    """Frames from the first with half of the object seen again to the first with an IoU of 0.5."""

    def text(self) -> str:
        """Return the figures in three lines."""
        again = "never" if self.found_again_after is None else f"{self.found_again_after} frames"
        return (
            f"mean IoU {self.mean_iou:.3f} while visible "
            f"({self.mean_iou_before_hidden:.3f} before the object was hidden, "
            f"{self.mean_iou_after_hidden:.3f} after)\n"
            f"hidden for {self.hidden_frames} frames, reported lost for {self.lost_frames}, "
            f"found again after {again}\n"
            f"{self.frames_per_second:.1f} frames a second, {self.processed} of {self.frames} "
            "frames processed"
        )


def write_demo_report(
    folder: Path | str,
    scene: DemoScene,
    records: Sequence[DemoRecord],
    seconds: float,
    about: Mapping[str, Any] | None = None,
) -> DemoSummary:
    """Write demo.mp4, demo.png and summary.json into ``folder`` and return the figures.

    ``records`` hold one entry a processed frame, in order; ``seconds`` is the time that all of them
    took; ``about`` is added to the JSON. Ground truth and images come from the scene itself.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    truth = [scene.truth(i) for i in range(scene.frames)]
    summary = summarise(scene, records, seconds)
    _write_video(folder / VIDEO, scene, records)
    _write_plot(folder / PLOT, scene, records, summary)
    hidden = [i for i, (_, visibility) in enumerate(truth) if visibility <= HIDDEN]
    facts = {**asdict(summary), "seed": scene.seed, "hidden": hidden, **(about or {})}
    with writing(folder / SUMMARY):
        (folder / SUMMARY).write_text(json.dumps(facts, indent=2) + "\n")
    return summary


def summarise(scene: DemoScene, records: Sequence[DemoRecord], seconds: float) -> DemoSummary:
    """Return the figures of ``records``, which took ``seconds``."""
    seen = np.array([scene.truth(r.frame)[1] for r in records])
    overlap = overlaps(scene, records)
    index = np.array([r.frame for r in records])
    # On the first record the box was given, not found.
    counted = (seen >= VISIBLE) & (np.arange(len(records)) > 0)
    hidden = index[seen <= HIDDEN]
    first, last = (hidden[0], hidden[-1]) if len(hidden) else (scene.frames, scene.frames)
    back = counted & (index > last)
    found = np.flatnonzero(overlap[back] >= FOUND)
    return DemoSummary(
        frames=scene.frames,
        processed=len(records),
        frames_per_second=len(records) / seconds if seconds > 0 else 0.0,
        mean_iou=_mean(overlap[counted]),
        mean_iou_before_hidden=_mean(overlap[counted & (index < first)]),
        mean_iou_after_hidden=_mean(overlap[back]),
        hidden_frames=len(hidden),
        lost_frames=sum(r.state == TargetState.LOST for r in records),
        found_again_after=int(index[back][found[0]] - index[back][0]) if len(found) else None,
    )


def overlaps(scene: DemoScene, records: Sequence[DemoRecord]) -> NDArray[np.float64]:
    """Return the IoU (N,) of each record with the truth, 0 where there is no box."""
    return np.array(
        [0.0 if r.box is None else float(iou(r.box, scene.truth(r.frame)[0])) for r in records]
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _write_video(path: Path, scene: DemoScene, records: Sequence[DemoRecord]) -> None:
    with VideoWriter(path, scene.fps) as video:
        for record, overlap in zip(records, overlaps(scene, records), strict=True):
            image, truth, visibility = scene.frame(record.frame)
            draw_box(image, truth, WHITE, dashed=True)
            if record.box is not None:
                colour = STATE_COLOURS[record.state]
                draw_box(image, record.box, colour)
                draw_label(image, f"tortoise {record.score:.2f}", record.box, colour)
            verdict = "hidden" if visibility <= HIDDEN else f"IoU {overlap:.2f}"
            state = record.state.name.lower()
            draw_status(image, f"frame {record.frame}  {state}  {verdict}   (dashed: truth)")
            video.write(image)


def _write_plot(
    path: Path, scene: DemoScene, records: Sequence[DemoRecord], summary: DemoSummary
) -> None:
    """Draw IoU and score over time, frames in which the object is hidden shaded."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    frames = [r.frame for r in records]
    overlap = overlaps(scene, records)
    upper.plot(frames, overlap, color="#1f6fb4", lw=1.6)
    upper.set(ylabel="IoU with the truth", ylim=(0, 1.02))
    upper.set_title(
        f"Demo scene: mean IoU {summary.mean_iou:.3f} while visible, "
        f"{summary.frames_per_second:.1f} frames a second"
    )
    lower.plot(frames, [r.score for r in records], color="#777777", lw=1.0)
    _dot_states(lower, records)
    lower.set(ylabel="score", xlabel="frame", ylim=(-0.03, 1.05), xlim=(0, scene.frames - 1))
    for axes in (upper, lower):
        _shade_hidden(axes, scene)
        axes.grid(alpha=0.25)
    upper.legend(loc="lower left", fontsize=8)
    lower.legend(loc="lower left", fontsize=8, ncols=4)
    with writing(path):
        figure.savefig(path, dpi=110)


def _dot_states(axes: Any, records: Sequence[DemoRecord]) -> None:
    for state, colour in STATE_COLOURS.items():
        chosen = [r for r in records if r.state == state]
        if chosen:
            shade = tuple(0.8 * c / 255 for c in colour)
            points = [r.frame for r in chosen], [r.score for r in chosen]
            axes.plot(*points, ".", ms=5, color=shade, label=state.name)


def _shade_hidden(axes: Any, scene: DemoScene) -> None:
    visibility = np.array([scene.truth(i)[1] for i in range(scene.frames)])
    for limit, shade, label in ((VISIBLE, 0.15, "partly hidden"), (HIDDEN, 0.30, "fully hidden")):
        covered = np.flatnonzero(visibility <= limit)
        if len(covered):
            span = covered[0] - 0.5, covered[-1] + 0.5
            axes.axvspan(*span, color="k", alpha=shade, lw=0, label=label)
