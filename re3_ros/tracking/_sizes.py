# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels belong to an image of one size: what becomes of boxes when a camera changes it."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from re3_ros.boxes import Boxes, area, size
from re3_ros.errors import BoxError
from re3_ros.images import Image

Size: TypeAlias = tuple[int, int]
"""Width and height of an image in pixels."""
SAME_ASPECT = 0.03
"""Relative difference up to which two aspects are one: the view is the same, at another scale."""

SAME_SIZE = 2.0
"""Ratio of areas up to which two boxes may be of one object that was lost for a moment."""


def size_of(image: Image) -> Size:
    """Return width and height of an image."""
    return image.shape[1], image.shape[0]


def keeps_aspect(old: Size, new: Size) -> bool:
    """Tell whether images of the two sizes may show the same view."""
    return abs(math.log(new[0] * old[1] / (new[1] * old[0]))) <= SAME_ASPECT


def rescaled(box: Boxes, old: Size, new: Size) -> Boxes:
    """Return a box (4,) of an image of one size in the pixels of another."""
    return np.asarray(box * np.array([new[0] / old[0], new[1] / old[1]] * 2), np.float64)


def similar(box: Boxes, other: Boxes) -> bool:
    """Tell whether the areas of two valid boxes (4,) are at most ``SAME_SIZE`` times each other."""
    return bool(1 / SAME_SIZE <= area(box) / area(other) <= SAME_SIZE)


def fits(box: Boxes, width: int, height: int, max_side: float) -> bool:
    """Tell whether no side of a box (4,) is longer than ``max_side`` sides of its image."""
    with np.errstate(over="ignore"):
        return bool((size(box) <= max_side * np.array([width, height])).all())


def check_sides(box: Boxes, width: int, height: int, max_side: float) -> None:
    """Raise BoxError for a box that does not `fits`: with it a target would be LOST at once."""
    if not fits(box, width, height, max_side):
        with np.errstate(over="ignore"):
            w, h = size(box)
        raise BoxError(
            f"box is {w:g} x {h:g} pixels on an image of {width} x {height}; expected at most "
            f"max_side = {max_side:g} times the image",
            setting="max_side",
        )
