# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Coordinates of boxes inside a search window, as the network regresses them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes, size

OUTPUT_SCALE = 10.0
"""The side of a crop in network coordinates: a centred, unchanged object is at 2.5 ... 7.5."""


def encode(boxes: ArrayLike, windows: ArrayLike) -> Boxes:
    """Return ``boxes`` ``(..., 4)`` in pixels as coordinates 0 ... 10 inside ``windows``."""
    b, w = np.asarray(boxes, np.float64), np.asarray(windows, np.float64)
    return (b - _origin(w)) / _sides(w) * OUTPUT_SCALE


def decode(raw: ArrayLike, windows: ArrayLike) -> Boxes:
    """Return network output ``raw`` ``(..., 4)`` as boxes in pixels; the inverse of `encode`."""
    r, w = np.asarray(raw, np.float64), np.asarray(windows, np.float64)
    return r / OUTPUT_SCALE * _sides(w) + _origin(w)


def _origin(windows: Boxes) -> Boxes:
    return np.concatenate([windows[..., :2]] * 2, axis=-1)


def _sides(windows: Boxes) -> Boxes:
    return np.concatenate([size(windows)] * 2, axis=-1)
