# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which boxes can be tracked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from re3_ros.errors import BoxError

from ._geometry import Boxes, clip, size

MIN_SIZE = 2.0


def is_valid(
    boxes: ArrayLike, width: float, height: float, min_size: float = MIN_SIZE
) -> NDArray[np.bool_]:
    """Return ``(...)`` True for boxes ``(..., 4)`` that are finite, upright, at least ``min_size``
    pixels wide and high, and that overlap the image ``[0, width] x [0, height]``."""
    b = np.asarray(boxes, np.float64)
    with np.errstate(invalid="ignore"):
        large = (size(b) >= min_size).all(axis=-1)
        inside = (size(clip(b, width, height)) > 0).all(axis=-1)
    return np.asarray(np.isfinite(b).all(axis=-1) & large & inside)


def check_box(
    box: ArrayLike,
    width: float | None = None,
    height: float | None = None,
    min_size: float = MIN_SIZE,
) -> Boxes:
    """Return ``box`` as float64 ``(4,)`` x1, y1, x2, y2.

    Raises BoxError, naming the box and the reason, if it is not four finite numbers, is inverted,
    has a side under ``min_size`` pixels or, where the image size is given, lies outside of it.
    """
    try:
        b = np.asarray(box, np.float64)
    except (TypeError, ValueError) as error:
        raise BoxError(f"box {box!r} is not four numbers x1, y1, x2, y2") from error
    if b.shape != (4,):
        raise BoxError(f"box {box!r} is not four numbers x1, y1, x2, y2 but has shape {b.shape}")
    shown = ", ".join(f"{v:g}" for v in b)
    if not np.isfinite(b).all():
        raise BoxError(f"box ({shown}) is not finite; give four finite pixel coordinates")
    if (size(b) < min_size).any():
        w, h = size(b)
        raise BoxError(
            f"box ({shown}) is {w:g} x {h:g} pixels; both sides must be {min_size:g} or more"
        )
    if width is not None and height is not None and not is_valid(b, width, height, min_size):
        raise BoxError(
            f"box ({shown}) lies outside the {width:g} x {height:g} image; "
            "give it in pixels of the image it was drawn on"
        )
    return b.copy()
