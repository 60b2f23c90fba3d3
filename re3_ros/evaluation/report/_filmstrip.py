# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Filmstrips: a tracker's worst failures, with the boxes of all trackers on them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, intersection, to_xywh
from re3_ros.datasets import Sequence
from re3_ros.evaluation import Curve, SequenceResult
from re3_ros.images import Image

LOST_BELOW = 0.1
"""IoU below which a frame counts as lost."""
TILES = 8
TILE_WIDTH = 320
"""Pixels; a strip stays below about 150 kB."""
CONTEXT = 5.0
"""Least side of what a tile shows, in sides of the true box."""
POINTS = 300
"""Most points of a timeline."""

Flags = NDArray[np.bool_]


class Failure(NamedTuple):
    """The longest stretch of a sequence in which the tracker was off the target."""

    sequence: str
    first: int
    last: int
    share: float
    """Share of all frames of the sequence that are lost."""


class Mark(NamedTuple):
    """A box on a tile: left, top, width, height in pixels of the frame; tracker None: the truth."""

    tracker: str | None
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tile:
    """One frame, cut to where things happen."""

    frame: int
    """From 1, as files are numbered."""
    window: tuple[int, int, int, int]
    """Left, top, width, height of what is shown, in pixels of the frame."""
    image: str
    """Data URI of a JPEG."""
    marks: tuple[Mark, ...]
    alt: str


class Trace(NamedTuple):
    """One tracker's IoU over a sequence, as polylines in a box of (frames, 1) with 1 below."""

    tracker: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Filmstrip:
    """Some frames around a failure, and the IoU over the whole sequence."""

    sequence: str
    text: str
    frames: int
    tiles: tuple[Tile, ...]
    traces: tuple[Trace, ...]
    """The main tracker and the best other one."""
    spans: tuple[tuple[int, int], ...]
    """First frame and length of each occlusion."""
    alt: str


def worst_failures(results: Iterable[SequenceResult], most: int = 6) -> list[Failure]:
    """Return a tracker's failures, one a sequence, the greatest share of lost frames first.

    Sequences that it did not track to their end for another reason are left out.
    """
    found = (_failure(r) for r in results if r.trajectory.failure is None)
    return sorted((f for f in found if f), key=lambda f: -f.share)[:most]


def filmstrip(
    failure: Failure,
    sequence: Sequence,
    results: Mapping[str, SequenceResult],
    main: str,
    occluded: Flags | None = None,
) -> Filmstrip:
    """Return the filmstrip of a failure of ``main``; ``results`` are those of this sequence.

    Raises SourceError for a frame that cannot be read.
    """
    shown = frames_to_show(failure, len(sequence))
    tiles = tuple(_tile(sequence, results, main, index) for index in shown)
    traces = tuple(
        Trace(name, _polylines(results[name].overlaps)) for name in _rivals(results, main)
    )
    return Filmstrip(
        sequence=sequence.name,
        text=_text(failure, results, main),
        frames=len(sequence),
        tiles=tiles,
        traces=traces,
        spans=() if occluded is None else tuple(_runs(occluded)),
        alt=f"IoU over the {len(sequence)} frames of {sequence.name}: "
        + ", ".join(f"{t.tracker} {results[t.tracker].mean_iou:.2f} on average" for t in traces),
    )


def frames_to_show(failure: Failure, frames: int) -> list[int]:
    """Return up to `TILES` frames: the given one, the way into the failure, and its end."""
    first, last = failure.first, failure.last
    step = int(np.clip((last - first) // 5, 2, 12))
    wanted = [0, first - 2 * step, first - step, first, first + step, first + 3 * step]
    wanted += [(first + last) // 2, last]
    return sorted({int(np.clip(i, 0, min(last, frames - 1))) for i in wanted})


def _failure(result: SequenceResult) -> Failure | None:
    lost = result.overlaps < LOST_BELOW  # False where the target is absent
    runs = list(_runs(lost | np.isnan(result.overlaps)))
    runs = [(start, n) for start, n in runs if lost[start : start + n].any()]
    if not runs:
        return None
    start, n = max(runs, key=lambda run: int(lost[run[0] : run[0] + run[1]].sum()))
    inside = start + np.flatnonzero(lost[start : start + n])
    return Failure(result.sequence, int(inside[0]), int(inside[-1]), float(lost.mean()))


def _runs(flags: Flags) -> Iterable[tuple[int, int]]:
    """Yield start and length of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b - a)) for a, b in edges.reshape(-1, 2)]


def _rivals(results: Mapping[str, SequenceResult], main: str) -> list[str]:
    others = [name for name in results if name != main]
    return [main, *sorted(others, key=lambda name: -results[name].auc)[:1]]


def _text(failure: Failure, results: Mapping[str, SequenceResult], main: str) -> str:
    n = len(results[main].truth)
    end = "to the end" if failure.last == n - 1 else f"to frame {failure.last + 1}"
    told = f"{main} is off the target from frame {failure.first + 1} {end} of {n}; AUC "
    return told + ", ".join(f"{name} {r.auc:.3f}" for name, r in results.items())


def _tile(sequence: Sequence, results: Mapping[str, SequenceResult], main: str, index: int) -> Tile:
    image = sequence.read(index, "bgr")
    boxes = {name: r.trajectory.boxes[index] for name, r in results.items()}
    window = _window(_last_seen(sequence.truth, index), boxes[main], image)
    ordered = [name for name in boxes if name != main] + [main]
    marks = [_mark(name, boxes[name]) for name in ordered if _visible(boxes[name], window)]
    truth = sequence.truth[index]
    if np.isfinite(truth).all():
        marks.append(_mark(None, truth))
    said = [f"{name} IoU {_iou_text(r.overlaps[index])}" for name, r in results.items()]
    return Tile(
        frame=index + 1,
        window=window,
        image=_encode(image, window),
        marks=tuple(marks),
        alt=f"Frame {index + 1} of {sequence.name}: {', '.join(said)}",
    )


def _iou_text(value: float) -> str:
    return "undefined, the target is absent" if np.isnan(value) else f"{value:.2f}"


def _last_seen(truth: Boxes, index: int) -> Boxes:
    """Return the true box, or the last one before an absence."""
    seen = np.flatnonzero(np.isfinite(truth[: index + 1]).all(axis=1))
    box: Boxes = truth[seen[-1]]
    return box


def _window(truth: Boxes, box: Boxes, image: Image) -> tuple[int, int, int, int]:
    """Return left, top, width, height that hold both boxes, in the image and of its shape."""
    height, width = image.shape[:2]
    both = np.stack([truth, box if np.isfinite(box).all() else truth])
    x1, y1 = np.clip(both[:, :2].min(axis=0), 0, (width, height))
    x2, y2 = np.clip(both[:, 2:].max(axis=0), 0, (width, height))
    least = CONTEXT * np.sqrt(np.prod(truth[2:] - truth[:2]))
    need = max(1.15 * (x2 - x1) / width, 1.15 * (y2 - y1) / height, least / max(width, height))
    share = float(np.clip(need, 0, 1))
    w, h = max(1, round(share * width)), max(1, round(share * height))
    left = int(np.clip((x1 + x2 - w) / 2, 0, width - w))
    top = int(np.clip((y1 + y2 - h) / 2, 0, height - h))
    return left, top, w, h


def _visible(box: Boxes, window: tuple[int, int, int, int]) -> bool:
    x, y, w, h = window
    return bool(np.isfinite(box).all() and intersection(box, [x, y, x + w, y + h]) > 0)


def _mark(tracker: str | None, box: Boxes) -> Mark:
    x, y, w, h = (round(float(v), 1) for v in to_xywh(box))
    return Mark(tracker, x, y, w, h)


def _encode(image: Image, window: tuple[int, int, int, int]) -> str:
    x, y, w, h = window
    size = TILE_WIDTH, max(1, round(TILE_WIDTH * h / w))
    method = cv2.INTER_AREA if w > TILE_WIDTH else cv2.INTER_LINEAR
    small = cv2.resize(image[y : y + h, x : x + w], size, interpolation=method)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def _polylines(overlaps: Curve) -> tuple[str, ...]:
    """Return the points of each stretch in which the target is present."""
    step = max(1, len(overlaps) // POINTS)
    kept = [(i, overlaps[i]) for i in range(0, len(overlaps), step)]
    cuts = [-1, *(k for k, (_, v) in enumerate(kept) if np.isnan(v)), len(kept)]
    pieces = [kept[a + 1 : b] for a, b in pairwise(cuts)]
    return tuple(" ".join(f"{i},{1 - v:.3f}" for i, v in piece) for piece in pieces if piece)
