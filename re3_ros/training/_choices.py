# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is left to chance in a batch, drawn before the batch is run.

Drawn apart from the run, the same choices can be dealt out to several processes, and crops whose
position does not depend on the network can be cut ahead of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, area, centre, intersection, size
from re3_ros.crops import CONTEXT, search_window

Noise = Literal["goturn", "paper", "none"]
_TRIES = 10
_REAL_MOTION = 1 / 8
_PUSH_SIZE = 0.3
"""Of the logarithm of the change of a side."""
_PUSH_SHIFT = 0.1
"""In sizes of the box."""


@dataclass(frozen=True)
class UnrollPlan:
    """How tracks are followed in training."""

    self_training: float
    """Share of tracks whose windows follow the network's own boxes."""
    noise: Noise = "goturn"
    """What moves the windows of the other tracks.

    ``goturn``: both crops of a pair are cut at the earlier true box, moved. ``paper``: the first
    crop is cut at the earlier true box, the second at the present one, moved; simulated tracks and
    an eighth of the others keep their real motion. ``none``: all keep it.
    """
    cover: float = 0.25
    """Least share of the object that a search window must hold; below it is moved to the truth."""
    uncovered: float = 0.1
    """Share of self-trained tracks for which ``cover`` does not hold, so that losses are seen."""
    mirror: float = 0.0
    """Share of tracks that are mirrored."""
    visibility_weight: float = 2.0
    """Weight of the visibility loss against that of the corners."""
    hidden_weight: float = 0.2
    """Weight of the corners of an object of which less than 0.3 is seen."""
    first_frame: bool = False
    """Whether the pass over the initial frame, whose box is given, counts as a step too."""
    reset_interval: int | None = 32
    """Frames between resets of the recurrent state, in tracks that go on from step to step."""
    push: float = 0.0
    """Share of self-trained tracks whose last box is moved and resized before a step.

    Both crops then show the object beside the middle and in a wrong size, and only the template
    tells what is right: what keeps boxes from growing or shrinking little by little.
    """
    rescue: float = 0.0
    """Share of tracks that lost their object before a step and are set back on it."""
    rescue_at_once: bool = False
    """Whether those are set back in the frame in which they lost it, too."""
    forget: float = 0.0
    """Share of tracks whose previous crop is withheld during a step: zeros stand for it.

    What the object looked like at first is then all there is to find it by.
    """


@dataclass(frozen=True)
class Choices:
    """What was drawn for N tracks of T frames."""

    self_training: NDArray[np.bool_]
    """(N,) whether a track follows the network's own boxes."""
    cover: NDArray[np.float64]
    """(N,) least share of the object in a window."""
    noisy: NDArray[np.bool_]
    """(N,) whether noise moves the windows of a track that is not self-trained."""
    mirrored: NDArray[np.bool_]
    """(N,) whether the track is mirrored."""
    shift: NDArray[np.float64]
    """(T - 1, N, 2) movement of each later frame's window, in sizes of the box."""
    stretch: NDArray[np.float64]
    """(T - 1, N, 2) its change of size."""
    pushed: NDArray[np.bool_]
    """(N,) whether the last box before the step, if it is followed, is moved and resized."""
    push_shift: NDArray[np.float64]
    """(N, 2) by so many of its sizes."""
    push_stretch: NDArray[np.float64]
    """(N, 2) by such factors."""
    rescued: NDArray[np.bool_]
    """(N,) whether the track is set back on its object, if that was lost."""
    forgotten: NDArray[np.bool_]
    """(N,) whether the previous crops are withheld."""

    def part(self, which: slice) -> Choices:
        """Return the choices of some of the tracks."""
        return Choices(
            self.self_training[which],
            self.cover[which],
            self.noisy[which],
            self.mirrored[which],
            self.shift[:, which],
            self.stretch[:, which],
            self.pushed[which],
            self.push_shift[which],
            self.push_stretch[which],
            self.rescued[which],
            self.forgotten[which],
        )


def draw_choices(plan: UnrollPlan, rng: np.random.Generator, tracks: int, frames: int) -> Choices:
    """Return the choices for a batch; the same generator state gives the same ones."""
    self_training = rng.random(tracks) < plan.self_training
    cover = np.where(rng.random(tracks) < plan.uncovered, 0.0, plan.cover)
    cover[~self_training] = plan.cover
    noisy = np.full(tracks, plan.noise != "none")
    draw = _paper_noise if plan.noise == "paper" else _goturn_noise
    moves = [draw(rng, tracks) for _ in range(frames - 1)]
    if plan.noise == "paper":
        noisy &= rng.random(tracks) >= _REAL_MOTION
    mirrored = rng.random(tracks) < plan.mirror
    shift, stretch = (np.stack(part) for part in zip(*moves, strict=True))
    push = _push(rng, tracks, plan.push)
    chosen = [_some(rng, tracks, share) for share in (plan.rescue, plan.forget)]
    return Choices(self_training, cover, noisy, mirrored, shift, stretch, *push, *chosen)


def _some(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    """Return which of n are chosen; at 0 without drawing a number."""
    return rng.random(n) < share if share > 0 else np.full(n, False)


def _push(rng: np.random.Generator, n: int, share: float) -> tuple[NDArray[np.bool_], Boxes, Boxes]:
    """Return which tracks are pushed, shift and stretch (n, 2); at 0 without drawing a number."""
    if share == 0:
        return np.full(n, False), np.zeros((n, 2)), np.ones((n, 2))
    pushed = rng.random(n) < share
    shift = rng.normal(0, _PUSH_SHIFT, (n, 2))
    grown = rng.normal(0, _PUSH_SIZE, (n, 1)) + rng.normal(0, _PUSH_SIZE / 3, (n, 2))
    return pushed, shift, np.exp(grown)


def _goturn_noise(rng: np.random.Generator, n: int) -> tuple[Boxes, Boxes]:
    """Return shift and stretch (n, 2), Laplace as in GOTURN; an eighth of the boxes stay exact."""
    shift = rng.laplace(0, 1 / 8, (n, 2)).clip(-0.6, 0.6)
    stretch = rng.laplace(1, 1 / 15, (n, 2)).clip(0.6, 1.4)
    exact = rng.random((n, 1)) < 1 / 8
    return np.where(exact, 0, shift), np.where(exact, 1, stretch)


def _paper_noise(rng: np.random.Generator, n: int) -> tuple[Boxes, Boxes]:
    """Return shift and stretch (n, 2) whose new centre lies in the box, after at most ten tries."""
    shift = rng.laplace(0, 1 / 5, (_TRIES, n, 2))
    stretch = rng.laplace(1, 1 / 15, (_TRIES, n, 2)).clip(0.6, 1.4)
    good = (np.abs(shift) <= 0.5).all(axis=2)
    first, each = good.argmax(axis=0), np.arange(n)
    some = np.any(good, axis=0, keepdims=True)[0][:, None]
    return np.where(some, shift[first, each], 0), np.where(some, stretch[first, each], 1)


def move(boxes: Boxes, shift: NDArray[np.float64], stretch: NDArray[np.float64]) -> Boxes:
    """Return boxes (N, 4) shifted by (N, 2) sizes of theirs and stretched about the new centre."""
    middle = centre(boxes) + size(boxes) * shift
    half = size(boxes) * stretch / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def keep_covered(
    boxes: Boxes, truth: Boxes, cover: NDArray[np.float64], context: float = CONTEXT
) -> Boxes:
    """Return boxes moved towards the truth by tenths until their windows hold enough of it."""
    boxes = boxes.copy()
    for _ in range(50):
        share = intersection(search_window(boxes, context), truth) / np.maximum(area(truth), 1e-9)
        short = share < cover
        if not short.any():
            break
        boxes[short] = 0.9 * boxes[short] + 0.1 * truth[short]
    return boxes


def mirror(boxes: Boxes, which: NDArray[np.bool_]) -> Boxes:
    """Return boxes (N, ..., 4), those of the chosen as in a mirror that stands at x = 0."""
    which = which.reshape(-1, *(1,) * (boxes.ndim - 1))
    return np.where(which, boxes[..., [2, 1, 0, 3]] * [-1, 1, -1, 1], boxes)


def jitter(rng: np.random.Generator, boxes: Boxes) -> Boxes:
    """Return boxes (N, 4) moved and resized by Laplace noise, as GOTURN does; 1/8 stay exact."""
    return move(boxes, *_goturn_noise(rng, len(boxes)))
