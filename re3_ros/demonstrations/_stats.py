# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of features, as a policy needs them to scale its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.images import Image

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
SIDE = 160
"""Pixels of an image that are counted at most, across and down."""
Stats = dict[str, NDArray[Any]]
"""min, max, mean, std, count and QUANTILES; of a video (3, 1, 1) of values 0 to 1."""


def column_stats(values: NDArray[Any]) -> Stats:
    """Return the statistics (n,) of values (T, n)."""
    rows = values.astype(np.float64)
    found: Stats = {"min": values.min(0), "max": values.max(0)}  # whole, where these are
    found |= {"mean": rows.mean(0), "std": rows.std(0)}
    found |= {name: np.quantile(rows, q, axis=0) for name, q in QUANTILES.items()}
    return {**found, "count": np.array([len(rows)], np.int64)}


class VideoStats:
    """Counts the values of images, each channel apart."""

    def __init__(self) -> None:
        self.images = 0
        self._counts = np.zeros((3, 256), np.int64)

    def add(self, image: Image) -> None:
        """Count an image uint8 (H, W, 3), a grid of its pixels."""
        step = max(1, -(-max(image.shape[:2]) // SIDE))
        grid = image[::step, ::step]
        for channel in range(3):
            self._counts[channel] += np.bincount(grid[..., channel].ravel(), minlength=256)
        self.images += 1

    def result(self) -> Stats:
        """Return the statistics of all images so far."""
        values, whole = np.arange(256) / 255, self._counts.sum(1)
        mean = self._counts @ values / whole
        variance = np.maximum(self._counts @ values**2 / whole - mean**2, 0)
        share = self._counts.cumsum(1) / whole[:, None]
        there = self._counts > 0
        found = {
            "min": values[there.argmax(1)],
            "max": values[255 - there[:, ::-1].argmax(1)],
            "mean": mean,
            "std": np.sqrt(variance),
            **{name: values[(share >= q).argmax(1)] for name, q in QUANTILES.items()},
        }
        shaped: Stats = {name: value.reshape(3, 1, 1) for name, value in found.items()}
        return {**shaped, "count": np.array([self.images], np.int64)}


def merge_stats(one: Mapping[str, Any], other: Mapping[str, Any]) -> Stats:
    """Return the statistics of both parts of a feature; quantiles are weighted means."""
    a, b = ({k: np.asarray(v, np.float64) for k, v in s.items()} for s in (one, other))
    n, m = a["count"].sum(), b["count"].sum()

    def mean(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((n * left + m * right) / (n + m))

    middle = mean(a["mean"], b["mean"])
    spread = mean(
        a["std"] ** 2 + (a["mean"] - middle) ** 2, b["std"] ** 2 + (b["mean"] - middle) ** 2
    )
    found = {name: mean(a[name], b[name]) for name in QUANTILES if name in a and name in b}
    return {
        "min": np.minimum(a["min"], b["min"]),
        "max": np.maximum(a["max"], b["max"]),
        "mean": middle,
        "std": np.sqrt(spread),
        **found,
        "count": np.array([n + m], np.int64),
    }
