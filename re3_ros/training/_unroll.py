# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One batch of tracks through the network, frame after frame, as at test time.

Whole tracks either follow the truth, moved by noise, or the network's own boxes (self-training,
paper section IV-A): then the network meets the drift it causes. Where crops are cut is data; no
gradient passes through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from re3_ros.boxes import Boxes, area, centre, intersection, iou, size
from re3_ros.crops import Image, decode, encode, search_window
from re3_ros.network import Output, Re3Network


class Track(Protocol):
    """A target over T frames; simulated or from a video."""

    @property
    def boxes(self) -> Boxes:
        """The object's box in each frame, (T, 4) pixels."""

    @property
    def visible(self) -> NDArray[np.float64]:
        """The share of the object that is seen in each frame, (T,)."""

    def __len__(self) -> int: ...

    def crop(self, frame: int, box: ArrayLike, size: int, context: float) -> Image:
        """Return the crop of a frame around ``box``: uint8 (size, size, 3) RGB."""


@dataclass(frozen=True)
class Plan:
    """How tracks are followed in training."""

    self_training: float
    """Share of tracks that follow the network's own boxes."""
    cover: float = 0.25
    """Least share of the object that a search window must hold; below it is moved to the truth."""
    uncovered: float = 0.1
    """Share of self-trained tracks for which ``cover`` does not hold, so that losses are seen."""
    visibility_weight: float = 2.0


@dataclass(frozen=True)
class Result:
    """What a batch gave: the loss to differentiate, and plain figures."""

    loss: Tensor
    corner_loss: float
    visibility_loss: float
    mean_iou: float


class Unroll:
    """Runs batches of tracks of equal length through a network."""

    def __init__(self, network: Re3Network, device: torch.device, executor: Executor) -> None:
        self.network, self.device, self.executor = network, device, executor

    def __call__(self, tracks: Sequence[Track], plan: Plan, rng: np.random.Generator) -> Result:
        """Return the loss over all frames but the first, whose box is given."""
        follow = rng.random(len(tracks)) < plan.self_training
        cover = np.where(rng.random(len(tracks)) < plan.uncovered, 0.0, plan.cover)
        cover[~follow] = plan.cover
        network = self.network
        boxes = _truth(tracks, 0)
        features = network.embed(self._crops(tracks, [0] * len(tracks), boxes))
        template, remembered = network.template(features), network.remember(features)
        _, state = network.advance(
            remembered, features, template, network.initial_state(len(tracks))
        )
        terms = []
        for t in range(1, len(tracks[0])):
            truth, earlier = _truth(tracks, t), _truth(tracks, t - 1)
            guided = jitter(rng, earlier)
            look = keep_covered(np.where(follow[:, None], boxes, guided), truth, cover)
            frames = [t - 1] * len(tracks) + [t] * len(tracks)
            both = self._crops([*tracks, *tracks], frames, np.concatenate([look, look]))
            previous, current = network.embed(both).chunk(2)
            output, state = network.advance(network.remember(previous), current, template, state)
            windows = search_window(look, network.context)
            boxes = _usable(decode(output.corners.detach().float().cpu(), windows), look)
            terms.append(_terms(output, boxes, truth, windows, _visible(tracks, t)))
        return _sum(terms, plan)

    def _crops(self, tracks: Sequence[Track], frames: Sequence[int], boxes: Boxes) -> Tensor:
        size, context = self.network.crop_size, self.network.context
        jobs = [
            self.executor.submit(track.crop, frame, box, size, context)
            for track, frame, box in zip(tracks, frames, boxes, strict=True)
        ]
        crops = torch.from_numpy(np.stack([job.result() for job in jobs]))
        return crops.to(self.device).permute(0, 3, 1, 2)


def jitter(rng: np.random.Generator, boxes: Boxes) -> Boxes:
    """Return boxes (N, 4) moved and resized by Laplace noise, as GOTURN does; 1/8 stay exact."""
    n = len(boxes)
    shift = rng.laplace(0, 1 / 8, (n, 2)).clip(-0.6, 0.6)
    stretch = rng.laplace(1, 1 / 15, (n, 2)).clip(0.6, 1.4)
    exact = rng.random((n, 1)) < 1 / 8
    middle = centre(boxes) + size(boxes) * np.where(exact, 0, shift)
    half = size(boxes) * np.where(exact, 1, stretch) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def keep_covered(boxes: Boxes, truth: Boxes, cover: NDArray[np.float64]) -> Boxes:
    """Return boxes moved towards the truth by tenths until their windows hold enough of it."""
    boxes = boxes.copy()
    for _ in range(50):
        share = intersection(search_window(boxes), truth) / np.maximum(area(truth), 1e-9)
        short = share < cover
        if not short.any():
            break
        boxes[short] = 0.9 * boxes[short] + 0.1 * truth[short]
    return boxes


def _truth(tracks: Sequence[Track], frame: int) -> Boxes:
    return np.stack([track.boxes[frame] for track in tracks])


def _visible(tracks: Sequence[Track], frame: int) -> NDArray[np.float64]:
    return np.array([track.visible[frame] for track in tracks])


def _usable(boxes: Boxes, fallback: Boxes) -> Boxes:
    """Return boxes, or the fallback where they are not finite, tiny, or grew without measure."""
    growth = size(boxes) / size(fallback)
    good = np.isfinite(boxes) & (np.tile((growth > 0.4) & (growth < 2) & (size(boxes) > 2), 2))
    return np.where(good.all(axis=1, keepdims=True), boxes, fallback)


@dataclass(frozen=True)
class _Terms:
    corners: Tensor
    visibility: Tensor
    overlap: NDArray[np.float64]


def _terms(
    output: Output,
    boxes: Boxes,
    truth: Boxes,
    windows: Boxes,
    visible: NDArray[np.float64],
) -> _Terms:
    """Return corner loss, visibility loss and IoU of one frame.

    Corners of a hidden object count little: they can only be extrapolated. Those of an object
    that is not in the window count nothing.
    """
    held = intersection(windows, truth) / np.maximum(area(truth), 1e-9)
    weight = np.where(held < 0.1, 0.0, np.where(visible < 0.3, 0.2, 1.0))
    overlap = iou(boxes, truth)
    seen = (visible >= 0.3) & (overlap >= 0.5)
    device = output.corners.device
    label = torch.from_numpy(encode(truth, windows).clip(-5, 15)).to(device, torch.float32)
    distance = (output.corners.float() - label).abs().sum(1)
    corners = distance * torch.from_numpy(weight).to(device, torch.float32)
    visibility = torch.zeros_like(corners)
    if output.visibility is not None:
        target = torch.from_numpy(seen).to(device, torch.float32)
        visibility = functional.binary_cross_entropy_with_logits(
            output.visibility.float(), target, reduction="none"
        )
    return _Terms(corners, visibility, overlap[visible >= 0.3])


def _sum(terms: Sequence[_Terms], plan: Plan) -> Result:
    corners = torch.stack([t.corners for t in terms]).mean()
    visibility = torch.stack([t.visibility for t in terms]).mean()
    overlaps = np.concatenate([t.overlap for t in terms])
    return Result(
        loss=corners + plan.visibility_weight * visibility,
        corner_loss=corners.item(),
        visibility_loss=visibility.item(),
        mean_iou=float(overlaps.mean()) if len(overlaps) else 0.0,
    )
