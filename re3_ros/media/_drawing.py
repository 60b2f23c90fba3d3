# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Results drawn over images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes
from re3_ros.images import Image
from re3_ros.tracking import TargetResult, TargetState

Colour = tuple[int, int, int]

STATE_COLOURS: dict[TargetState, Colour] = {
    TargetState.NEW: (90, 170, 255),
    TargetState.TRACKING: (70, 220, 90),
    TargetState.UNCERTAIN: (255, 190, 40),
    TargetState.LOST: (255, 80, 70),
}
"""RGB of a box by state; close in lightness, so that each reads on dark and light images."""

WHITE: Colour = (255, 255, 255)
_DARK: Colour = (20, 20, 20)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHIFT = 4
"""Fractional bits of coordinates: boxes are drawn where they are, not at the next pixel."""


def draw_results(image: Image, targets: Iterable[TargetResult], status: str = "") -> Image:
    """Return a copy of ``image`` with each target's box, id, score and state, and a status line.

    Line width and text grow with the image. The box of a LOST target, which is where it was last
    seen, is dashed.
    """
    out = image.copy()
    for target in targets:
        colour = STATE_COLOURS[target.state]
        lost = target.state == TargetState.LOST
        draw_box(out, target.box, colour, dashed=lost)
        draw_label(out, label_of(target), target.box, colour)
    if status:
        draw_status(out, status)
    return out


def label_of(target: TargetResult) -> str:
    """Return what is written at a target: id and score, and its state unless that is TRACKING."""
    word = "" if target.state == TargetState.TRACKING else f" {target.state.name.lower()}"
    return f"{target.id} {target.score:.2f}{word}"


def draw_box(image: Image, box: ArrayLike, colour: Colour, dashed: bool = False) -> None:
    """Draw a box x1, y1, x2, y2 into ``image``, anti-aliased, with a dark rim."""
    corners = np.asarray(box, np.float64)
    if not np.isfinite(corners).all():
        return
    unit = line_width(image)
    for width, shade in ((unit + 2, _DARK), (unit, colour)):
        for start, stop in _sides(image, corners, dashed):
            _line(image, start, stop, shade, width)


def draw_label(image: Image, text: str, box: ArrayLike, colour: Colour) -> None:
    """Write ``text`` on a plate above a box, or inside it at the upper edge of the image."""
    corners = np.asarray(box, np.float64)
    if not np.isfinite(corners).all():
        return
    text = _printable(text)
    width, height = _plate(image, text)
    left = np.clip(corners[0] - 1, 0, max(0, image.shape[1] - width))
    above = corners[1] - height - line_width(image)
    top = above if above >= 0 else corners[1] + line_width(image)
    top = np.clip(top, 0, max(0, image.shape[0] - height))
    _write(image, text, int(left), int(top), colour)


def draw_status(image: Image, text: str) -> None:
    """Write one line of ``text`` on a plate at the lower left."""
    text = _printable(text)
    _, height = _plate(image, text)
    _write(image, text, 0, max(0, image.shape[0] - height), WHITE)


def line_width(image: Image) -> int:
    """Return the width in pixels of lines that read well on ``image``."""
    return max(1, round(_short_side(image) / 240))


def _short_side(image: Image) -> int:
    return int(min(image.shape[:2]))


def _text_scale(image: Image) -> float:
    return max(0.32, _short_side(image) / 950)


def _printable(text: str) -> str:
    """Return ``text`` in letters that OpenCV's fonts have."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _plate(image: Image, text: str) -> tuple[int, int]:
    scale = _text_scale(image)
    (width, height), base = cv2.getTextSize(text, _FONT, scale, _text_width(image))
    return width + height, height + 2 * base


def _text_width(image: Image) -> int:
    return max(1, round(_text_scale(image) * 1.6))


def _write(image: Image, text: str, left: int, top: int, colour: Colour) -> None:
    width, height = _plate(image, text)
    plate = image[top : top + height, left : left + width]
    plate[:] = plate // 4 + np.asarray(_DARK, np.uint8) // 2
    (_, letters), base = cv2.getTextSize(text, _FONT, _text_scale(image), 1)
    place = (left + letters // 2, top + base // 2 + letters + base // 2)
    scale, width = _text_scale(image), _text_width(image)
    cv2.putText(image, text, place, _FONT, scale, colour, width, cv2.LINE_AA)


def _sides(image: Image, box: Boxes, dashed: bool) -> Iterator[tuple[Boxes, Boxes]]:
    """Yield the pieces of the four sides as pairs of points, in coordinates of pixel centres."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(box, -10 * max(width, height), 10 * max(width, height)) - 0.5
    ring = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)])
    for start, stop in pairwise(ring):
        length = float(np.abs(stop - start).max())
        pieces = max(1, round(length / (6 * line_width(image)))) | 1 if dashed else 1
        for i in range(0, pieces, 2):
            step = (stop - start) / pieces
            yield start + i * step, start + (i + 1) * step


def _line(image: Image, start: Boxes, stop: Boxes, colour: Colour, width: int) -> None:
    first, last = (tuple(int(v) for v in np.rint(p * 2**_SHIFT)) for p in (start, stop))
    cv2.line(image, first, last, colour, width, cv2.LINE_AA, _SHIFT)
