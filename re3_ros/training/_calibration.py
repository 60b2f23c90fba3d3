# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the visibility output a probability, and finds what int8 needs to know.

The probability is that the box overlaps the object by half.

Platt scaling (1999): the logit x is replaced by ``scale * x + offset``, the two numbers being
those that make the observed hits and misses most likely. As the output is a linear layer's, both go
into its weights exactly, and nothing is added to the network. The order of scores stays, hence also
the area under their ROC curve.

It is fitted on videos that the run held out, tracked as a session tracks them: the scores of a
network that follows its own boxes, loses its object, and looks for it. What convolutions are given
meanwhile is what int8 has to represent; those that it would harm are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from re3_ros.boxes import iou
from re3_ros.crops import crop_many
from re3_ros.errors import ConfigError
from re3_ros.network import (
    Re3Network,
    corner_change,
    describe,
    harmless,
    read_free_metadata,
    recorded_ranges,
    save,
)
from re3_ros.tracking import Tracker

from ._held_out import Video

HIT_IOU = 0.5
"""IoU from which a box overlaps the object by half."""
_LARGEST = 17.0
_STEPS = 100


@dataclass(frozen=True)
class Platt:
    """``calibrated logit = scale * logit + offset``."""

    scale: float
    offset: float


@dataclass(frozen=True)
class Calibration:
    """What was done to a network, and on what grounds."""

    platt: Platt
    frames: int
    hits: float
    """Share of these frames whose box overlapped the object by half."""
    rounded: tuple[int, int] = (0, 0)
    """Convolutions that int8 serves well, of how many."""
    change: float = 0.0
    """Mean change of a corner, the crop's side being 10, by all of them in int8."""

    def __str__(self) -> str:
        """Return it in a line."""
        well, all_of_them = self.rounded
        return (
            f"visibility logit x {self.platt.scale:.6g} + {self.platt.offset:.6g}, fitted on "
            f"{self.frames} frames held back from training, {self.hits:.1%} of them hits; int8 "
            f"for {well} of {all_of_them} convolutions, which moves a corner by "
            f"{self.change / 10:.2%} of a crop's side"
        )


class LabelledLogits(NamedTuple):
    """Logits of the visibility output (n,), and whether the box was a hit (n,)."""

    logits: NDArray[np.float64]
    hits: NDArray[np.bool_]


def collect_logits(
    network: Re3Network, videos: Iterable[Video], device: str | torch.device = "cpu"
) -> LabelledLogits:
    """Track videos from their first box; return the visibility logit of each box and its label.

    The bare procedure of the paper is run, without states and search, so that no threshold has a
    say. Boxes that are degenerate are left out: they score 0 whatever the network says.
    """
    logits: list[float] = []
    hits: list[bool] = []
    for video in videos:
        truth = video.boxes
        tracker = Tracker(network, device)
        tracker.start(video.image(0), {"target": truth[0]})
        for frame in range(1, len(truth)):
            estimate = tracker.track(video.image(frame))["target"]
            if estimate.valid:
                logits.append(_logit(estimate.score))
                hits.append(bool(iou(estimate.box, truth[frame]) >= HIT_IOU))  # False where NaN
    return LabelledLogits(np.array(logits), np.array(hits, np.bool_))


def fit_platt(labelled: LabelledLogits) -> Platt:
    """Return the most likely scale and offset, found by Newton's method.

    Targets are Platt's (n + 1) / (n + 2) and 1 / (m + 2) for n hits and m misses, which keeps the
    numbers finite. Raises ConfigError where there are only hits, only misses, or where the logit
    does not rise from misses to hits.
    """
    x, hits = labelled
    n, m = int(hits.sum()), int((~hits).sum())
    if not n or not m:
        raise ConfigError(
            f"{n} hits and {m} misses were observed; calibration needs both, from more videos"
        )
    target = np.where(hits, (n + 1) / (n + 2), 1 / (m + 2))
    columns = np.stack([x, np.ones_like(x)], axis=1)
    beta = np.array([0.0, np.log((n + 1) / (m + 1))])
    for _ in range(_STEPS):
        p = _sigmoid(columns @ beta)
        weights = np.maximum(p * (1 - p), 1e-12)
        hessian = columns.T @ (columns * weights[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, columns.T @ (target - p))
        beta += np.clip(step, -2, 2)  # far from the optimum the curvature promises too much
        if np.abs(step).max() < 1e-10:
            break
    if beta[0] <= 0:
        raise ConfigError(
            f"the visibility output does not tell hits from misses (scale {beta[0]:.3g}); "
            "train it before it is calibrated"
        )
    return Platt(float(beta[0]), float(beta[1]))


def calibrate(
    network: Re3Network, videos: Iterable[Video], device: str | torch.device = "cpu"
) -> Calibration:
    """Fit on videos, put the result into ``network``, and say what it is.

    `Re3Network.activation_ranges` are set beside. Raises ConfigError where that cannot be done, see
    `fit_platt` and `rescale_visibility`.
    """
    network.rescale_visibility(1.0, 0.0)  # refuses what has no such output before the long work
    pairs = _Pairs(network)
    with recorded_ranges(network) as ranges:
        labelled = collect_logits(network, pairs.drawn_from(videos), device)
    platt = fit_platt(labelled)
    network.rescale_visibility(platt.scale, platt.offset)
    previous, current = pairs.stacked(device)
    network.activation_ranges = harmless(network, ranges, previous, current)
    return Calibration(
        platt,
        len(labelled.hits),
        float(labelled.hits.mean()),
        (len(network.activation_ranges), len(ranges)),
        corner_change(network, network.activation_ranges, previous, current),
    )


class _Pairs:
    """A pair of crops of each video, of a frame in its middle and the next, around one box."""

    def __init__(self, network: Re3Network) -> None:
        self._size, self._context = network.crop_size, network.context
        self._crops: list[NDArray[np.uint8]] = []

    def drawn_from(self, videos: Iterable[Video]) -> Iterator[Video]:
        """Yield the videos, drawing a pair from each before."""
        for video in videos:
            seen = np.flatnonzero(np.isfinite(video.boxes[:-1]).all(1))
            frame = int(seen[len(seen) // 2])
            box = video.boxes[None, frame]
            both = (video.image(frame), video.image(frame + 1))
            cut = [crop_many(image, box, self._size, self._context) for image in both]
            self._crops.append(np.concatenate(cut))
            yield video

    def stacked(self, device: str | torch.device) -> tuple[Tensor, Tensor]:
        """Return the earlier and the later crops, (N, 3, S, S)."""
        crops = torch.from_numpy(np.stack(self._crops, 1)).permute(0, 1, 4, 2, 3).to(device)
        return crops[0], crops[1]


def save_calibrated(
    network: Re3Network, calibration: Calibration, source: Path, output: Path
) -> None:
    """Write a calibrated network beside the weights it came from, in their precision.

    What the file says of itself stays, with a line about the calibration.
    """
    kept = read_free_metadata(source)
    before = f"; before: {kept['calibration']}" if "calibration" in kept else ""
    half = "F16" in describe(source).dtypes
    metadata = {**kept, "calibration": f"{calibration}{before}"}
    save(network, output, metadata, torch.float16 if half else torch.float32)


def _logit(score: float) -> float:
    """Return the logit of a score, within what can be told from a score in float32."""
    with np.errstate(divide="ignore"):
        return float(np.clip(np.log(score) - np.log1p(-score), -_LARGEST, _LARGEST))


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))
