# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Masks: label maps, polygons, and the run-length encoding (RLE) of COCO."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage
from PIL import UnidentifiedImageError

from re3_ros.boxes import Boxes
from re3_ros.errors import SourceError

Mask = NDArray[np.uint8]
"""HxW, 255 where the object is."""


def read_label_map(path: Path) -> NDArray[np.uint8]:
    """Return a label map (H, W), whose pixels are the numbers of objects, by palette or as grey.

    Raises SourceError naming a file that cannot be read or that is an image in colour.
    """
    try:
        with PILImage.open(path) as image:
            if image.mode not in {"P", "L", "1"}:
                raise SourceError(f"{path} is a picture in colour; expected one with a palette")
            return np.asarray(image.convert("L") if image.mode == "1" else image, np.uint8)
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise SourceError(f"{path} is not a readable mask ({error}); replace it") from error


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height of an image, read from its head alone."""
    try:
        with PILImage.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise SourceError(f"{path} is not a readable image ({error}); replace it") from error


def mask_to_box(mask: NDArray[np.bool_]) -> Boxes:
    """Return the box (4,) around the true pixels of (H, W), NaN where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.full(4, np.nan)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def rle_to_box(width: int, height: int, runs: Sequence[int]) -> Boxes:
    """Return the box (4,) around run lengths in a window of ``width`` x ``height`` pixels.

    They go row after row, outside first, as in VOT and TraX; NaN where none is inside. Raises
    ValueError where they do not fit the window.
    """
    if min(width, height, *runs, 0) < 0 or sum(runs) > width * height:
        raise ValueError(f"the runs of the mask do not fit {width} x {height} pixels")
    ends = list(accumulate(runs))
    spans = [(s, e - 1) for s, e in zip(ends[:-1:2], ends[1::2], strict=True) if e > s]
    if not spans:
        return np.full(4, np.nan)
    parted = [(divmod(s, width), divmod(e, width)) for s, e in spans]
    columns = [(0, width - 1) if top != end else (x, to) for (top, x), (end, to) in parted]
    left, right = min(x for x, _ in columns), max(x for _, x in columns)
    top, bottom = parted[0][0][0], parted[-1][1][0]
    return np.array([left, top, right + 1, bottom + 1], np.float64)


def polygons_to_mask(polygons: Sequence[Sequence[float]], width: int, height: int) -> Mask:
    """Return the mask of polygons, each x, y, x, y, ... in pixels: pixels half inside or more.

    Raises ValueError for points that are not finite or not in pairs.
    """
    # Drawn four times as fine, because fillPoly takes every pixel that the outline touches.
    if not all(np.isfinite(polygon).all() for polygon in polygons):
        raise ValueError("a polygon with a point that is not finite")
    fine = np.zeros((4 * height, 4 * width), np.uint8)
    for polygon in polygons:
        points = np.rint((np.reshape(polygon, (-1, 2)) * 4 - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(fine, [points], 255, shift=4)
    coarse = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray((coarse > 127) * 255, np.uint8)


def decode_rle(counts: str | Sequence[int], width: int, height: int) -> Mask:
    """Return the mask of COCO's run lengths: outside first, column after column.

    ``counts`` is a list, or COCO's text: 5 bits a character from "0" on, the sixth says that more
    follow, signed, and from the fourth number on the difference to the one two before.

    Raises ValueError where they do not fill the image.
    """
    runs = _parse_rle(counts) if isinstance(counts, str) else list(counts)
    if min(runs, default=-1) < 0 or sum(runs) != width * height:
        raise ValueError(f"run lengths sum up to {sum(runs)}, not to {width} x {height} pixels")
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(inside.reshape(width, height).T * 255, np.uint8)


def _parse_rle(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
