# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The surfaces that a box shows: what is in front, the target, what is behind."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes

from ._depth import DepthImage

Values = NDArray[np.float64]

SAMPLES = 64
"""Most rows, and most columns, of a box that are looked at: the cost does not grow with it."""
BIN = 0.01
"""Width of a bin of the histogram, as a part of the distance: depth cameras err in proportion."""
KERNEL = np.exp(-0.5 * (np.arange(-4, 5) / 1.5) ** 2)
"""Blur of the histogram: a Gauss bell of 1.5 bins."""
EDGE = len(KERNEL) // 2
VALLEY = 0.6
"""Two peaks are of one surface if the histogram between them stays above this part of the lower."""
FOOT = 0.2
"""A surface ends where the histogram falls under this part of its peak: the ground that an object
stands on goes on to both sides, thinly."""
LEAST = 0.05
"""Smallest part of the box, counted by weight, that is a surface and not noise."""


class Surface(NamedTuple):
    """What lies at one distance, in metres along z."""

    distance: float
    """Median."""
    spread: float
    """Standard deviation, from the median deviation."""
    share: float
    """Part of the box that it fills, 0 to 1, where the middle counts more than the rim."""
    near: float
    far: float
    """Percentiles 5 and 95."""
    low: float = 0.0
    high: float = np.inf
    """Between which all of it lies."""


class Look(NamedTuple):
    """What a box shows, evenly thinned out."""

    x: NDArray[np.int64]
    """(w,) columns of the depth image."""
    y: NDArray[np.int64]
    """(h,) rows."""
    metres: Values
    """(h, w) distances, NaN where nothing was measured."""
    weights: Values
    """(h, w), 1 in the middle, 0 at the rim."""


def find_surfaces(depth: DepthImage, box: Boxes) -> list[Surface]:
    """Return the surfaces in a box (4,), nearest first; none if nothing was measured there.

    Pixels count by 1 - r^2, where r is 0 in the middle and 1 at the middle of each side: the rim
    of a box shows what is behind its target, the middle the target.
    """
    seen = look(depth, box)
    metres, weights = seen.metres, seen.weights
    known = np.isfinite(metres)
    whole = float(weights.sum())
    z, w = metres[known], weights[known]
    if not whole or not w.sum() > LEAST * whole:
        return []
    bins = np.floor(np.log(z) / BIN).astype(np.int64)
    bins -= bins.min() - EDGE
    histogram = np.convolve(np.bincount(bins, w, bins.max() + EDGE + 1), KERNEL, mode="same")
    inside = [(bins >= first) & (bins < last) for first, last in _segments(histogram)]
    found = [_surface(z[part], w[part], whole) for part in inside if w[part].sum() > LEAST * whole]
    return sorted(found)


def look(depth: DepthImage, box: Boxes) -> Look:
    """Return what a box (4,) shows, of no pixels if it lies outside the image."""
    x, u = _places(float(box[0]), float(box[2]), depth.width)
    y, v = _places(float(box[1]), float(box[3]), depth.height)
    if not (x.size and y.size):
        return Look(x[:0], y[:0], np.zeros((0, 0)), np.zeros((0, 0)))
    rows, columns = slice(y[0], y[-1] + 1, _pace(y)), slice(x[0], x[-1] + 1, _pace(x))
    weights = np.maximum(0.0, 1.0 - v[:, None] ** 2 - u[None, :] ** 2)
    return Look(x, y, depth.metres(rows, columns), weights)


def _places(low: float, high: float, end: int) -> tuple[NDArray[np.int64], Values]:
    """Return pixels from ``low`` to ``high`` and where each is between them, from -1 to 1."""
    first, last = max(0, int(np.floor(low))), min(end, int(np.ceil(high)))
    pace = max(1, -(-(last - first) // SAMPLES))
    pixels = np.arange(first, last, pace, dtype=np.int64)
    relative = (2 * (pixels + 0.5) - low - high) / max(high - low, 1.0)
    return pixels, np.asarray(relative, np.float64)


def _pace(pixels: NDArray[np.int64]) -> int:
    return int(pixels[1] - pixels[0]) if pixels.size > 1 else 1


def _segments(histogram: Values) -> list[tuple[int, int]]:
    """Return first and last bin (exclusive) of each peak, without what is at its foot."""
    inner = histogram[1:-1]
    low = np.flatnonzero((inner <= histogram[:-2]) & (inner < histogram[2:])) + 1
    cuts = [0, *(int(c) for c in low), len(histogram)]
    done: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(cuts):
        done.append((first, last))
        while len(done) > 1 and _are_one(histogram, *done[-2:]):
            (first_of_both, _), (_, last_of_both) = done[-2:]
            done[-2:] = [(first_of_both, last_of_both)]
    return [_without_foot(histogram, *segment) for segment in done]


def _are_one(histogram: Values, left: tuple[int, int], right: tuple[int, int]) -> bool:
    peaks = min(histogram[slice(*left)].max(), histogram[slice(*right)].max())
    return bool(histogram[right[0]] >= VALLEY * peaks)


def _without_foot(histogram: Values, first: int, last: int) -> tuple[int, int]:
    part = histogram[first:last]
    high = np.flatnonzero(part >= FOOT * part.max())
    return first + int(high[0]), first + int(high[-1]) + 1


def _surface(z: Values, w: Values, whole: float) -> Surface:
    middle, near, far = _quantiles(z, w, (0.5, 0.05, 0.95))
    (deviation,) = _quantiles(np.abs(z - middle), w, (0.5,))
    share, ends = float(w.sum()) / whole, (float(z.min()), float(z.max()))
    return Surface(middle, 1.4826 * deviation, share, near, far, *ends)


def _quantiles(z: Values, w: Values, parts: tuple[float, ...]) -> tuple[float, ...]:
    """Return quantiles of weighted values."""
    order = np.argsort(z)
    below = np.cumsum(w[order])
    places = np.searchsorted(below, np.array(parts) * below[-1])
    return tuple(float(z[order[min(p, len(z) - 1)]]) for p in places)
