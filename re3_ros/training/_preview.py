# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A contact sheet of training tracks: what the network would see, and what it should answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.crops import CONTEXT, search_window
from re3_ros.errors import ConfigError, writing
from re3_ros.images import Image
from re3_ros.simulation import SimulatedTrack, Track

from ._choices import jitter, keep_covered
from ._config import TrainingConfig
from ._data import read_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROP = 128
"""Side of a crop on the sheet in pixels."""
_GAP, _CAPTION, _DPI = 6, 16, 100
_INK, _PAPER, _BOX = "#20242a", "#ffffff", "#2bd46a"


@dataclass(frozen=True)
class Cell:
    """One step of a track: two crops around one box, and the true boxes in them."""

    crops: tuple[Image, Image]
    boxes: Boxes
    """(2, 4) in pixels of the crops."""
    caption: str


def preview(config: TrainingConfig, root: Path, output: Path, tracks: int, frames: int) -> None:
    """Write a sheet of ``tracks`` rows, each of ``frames`` pairs of previous and current crop.

    The pairs are those of a track that follows the truth, moved by noise. Raises ConfigError for
    an ``output`` that does not end in .png, SourceError for unusable data.
    """
    if output.suffix.lower() != ".png":
        raise ConfigError(f"{output} cannot be written; give a file name that ends in .png")
    stage = config.stages[-1].model_copy(update={"unroll": frames + 1, "batch": tracks})
    drawn = read_data(config, root).batch(config, stage, step=0)
    rng = np.random.default_rng([config.seed, 0, 1])
    _draw([_row(track, rng) for track in drawn], output)


def _row(track: Track, rng: np.random.Generator) -> list[Cell]:
    return [_cell(track, t, rng) for t in range(1, len(track))]


def _cell(track: Track, t: int, rng: np.random.Generator) -> Cell:
    pair = track.boxes[[t - 1, t]]
    search_box = keep_covered(jitter(rng, pair[:1]), pair[1:], np.array([0.25]))
    crops = tuple(track.crop(frame, search_box[0], CROP, CONTEXT) for frame in (t - 1, t))
    window = search_window(search_box, CONTEXT)
    origin, sides = np.tile(window[:, :2], 2), np.tile(window[:, 2:] - window[:, :2], 2)
    return Cell((crops[0], crops[1]), (pair - origin) / sides * CROP, _caption(track, t))


def _caption(track: Track, t: int) -> str:
    words = [f"{t}", f"{track.visibility[t]:.0%} visible"]
    if isinstance(track, SimulatedTrack) and not track.in_frame[t]:
        words.append("out of frame")
    if t == 1:
        words.append("simulated" if isinstance(track, SimulatedTrack) else "video")
    return "  ".join(words)


def _draw(rows: list[list[Cell]], output: Path) -> None:
    from matplotlib.figure import Figure  # half a second, and only sheets need it

    step = np.array([2 * CROP + _GAP, CROP + _CAPTION + _GAP])
    width, height = (int(v) for v in step * [len(rows[0]), len(rows)] + _GAP)
    figure = Figure((width / _DPI, height / _DPI), dpi=_DPI, facecolor=_PAPER)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(_mosaic(rows, step, width, height), extent=(0, width, height, 0))
    axes.axis("off")
    for i, j in np.ndindex(len(rows), len(rows[0])):
        _annotate(axes, rows[i][j], *(step * [j, i] + _GAP))
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(output)


def _mosaic(rows: list[list[Cell]], step: NDArray[np.int64], width: int, height: int) -> Image:
    out = np.full((height, width, 3), 255, np.uint8)
    for i, j in np.ndindex(len(rows), len(rows[0])):
        x, y = step * [j, i] + _GAP
        out[y + _CAPTION : y + _CAPTION + CROP, x : x + 2 * CROP] = np.hstack(rows[i][j].crops)
    return out


def _annotate(axes: Axes, cell: Cell, x: int, y: int) -> None:
    from matplotlib.patches import Rectangle

    axes.text(x, y + _CAPTION - 4, cell.caption, fontsize=7.5, color=_INK)
    for k, (x1, y1, x2, y2) in enumerate(cell.boxes):
        left, top = x + k * CROP, y + _CAPTION
        frame = Rectangle((left, top), CROP, CROP, fill=False, edgecolor=_PAPER, linewidth=0.5)
        axes.add_patch(frame)
        for edge, thickness in ((_INK, 2.2), (_BOX, 1.2)):
            box = Rectangle(
                (left + x1, top + y1), x2 - x1, y2 - y1,
                fill=False, edgecolor=edge, linewidth=thickness,
            )  # fmt: skip
            axes.add_patch(box).set_clip_path(frame)
