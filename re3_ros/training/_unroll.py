# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One batch of tracks through the network, frame after frame, as at test time.

Whole tracks either follow the truth, moved by noise, or the network's own boxes (self-training,
paper section IV-A): then the network meets the drift it causes. Where crops are cut is data; no
gradient passes through it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from re3_ros.boxes import Boxes, area, intersection, iou, size
from re3_ros.crops import CONTEXT, decode, encode, search_window
from re3_ros.network import Output, Re3Network
from re3_ros.simulation import Renderer, SimulatedTrack, Track

from ._carry import CarriedState, Key, next_key
from ._choices import Choices, UnrollPlan, draw_choices, keep_covered, mirror, move

LOST = 0.1
"""Overlap below which a track has lost its object."""
SEEN = 0.5
"""Visibility from which losing the object is the tracker's fault."""


@dataclass(frozen=True)
class UnrollResult:
    """What a batch gave: the loss to differentiate, and plain figures."""

    loss: Tensor
    corner_loss: float
    visibility_loss: float
    mean_iou: float


class Truth(NamedTuple):
    """What is true of a frame of N tracks."""

    boxes: Boxes
    """(N, 4), of mirrored tracks as mirrored."""
    visibility: NDArray[np.float64]
    """(N,)"""


@dataclass(frozen=True)
class Batch:
    """Tracks of equal length and how they are followed."""

    tracks: Sequence[Track]
    plan: UnrollPlan
    choices: Choices
    frames: int
    """Frames a step, the one included whose box is given or was found before."""
    starts: NDArray[np.int64]
    """(N,) frame of each track that the step starts at; 0 where the track is new."""
    key: Key = ()
    """Tells the batch that goes on where another one ended; empty if none does."""
    ahead: Mapping[int, Tensor] = field(default_factory=dict)
    """Crops that were cut ahead, by frame: those at frame 0 of all tracks; later, previous, then
    current crops of the tracks that are not self-trained."""

    @classmethod
    def draw(cls, tracks: Sequence[Track], plan: UnrollPlan, rng: np.random.Generator) -> Batch:
        """Return the tracks with choices from the generator."""
        choices = draw_choices(plan, rng, len(tracks), len(tracks[0]))
        return cls(tracks, plan, choices, len(tracks[0]), np.zeros(len(tracks), np.int64))

    def truth(self, t: int) -> Truth:
        """Return what is true of frame ``t`` of the step."""
        boxes, visibility = self._truth
        return Truth(boxes[:, t], visibility[:, t])

    @property
    def initial_truth(self) -> Truth:
        """What is true of the first frame of each track."""
        return self.truth(-1)

    @cached_property
    def _truth(self) -> tuple[Boxes, NDArray[np.float64]]:
        """Boxes (N, T + 1, 4) and visibility (N, T + 1) of the step's frames, then of the first."""
        boxes = np.empty((len(self.tracks), self.frames + 1, 4))
        visibility = np.empty((len(self.tracks), self.frames + 1))
        for i, (track, start) in enumerate(zip(self.tracks, self.starts.tolist(), strict=True)):
            part = slice(start, start + self.frames)
            boxes[i, :-1], boxes[i, -1] = track.boxes[part], track.boxes[0]
            visibility[i, :-1], visibility[i, -1] = track.visibility[part], track.visibility[0]
        return mirror(boxes, self.choices.mirrored), visibility


class Unroll(nn.Module):
    """Runs batches of tracks of equal length through a network."""

    def __init__(self, network: Re3Network, renderer: Renderer, checkpoint: bool = False) -> None:
        """``checkpoint``: compute embeddings anew in the backward pass instead of keeping them."""
        super().__init__()
        self.network, self.renderer, self.checkpoint = network, renderer, checkpoint
        self.waited = 0.0
        """Seconds for which the network waited for crops, all calls together."""
        self.carried: CarriedState | None = None
        """What the last batch hands on."""
        self._taken: CarriedState | None = None
        self._record: dict[str, list[Tensor]] | None = None

    def cut_ahead(self, batch: Batch) -> Batch:
        """Return the batch with all crops whose position does not depend on the network."""
        frames = {}
        for t in range(batch.frames):
            truth = batch.truth(t) if t else batch.initial_truth
            previous_boxes, search_boxes = _crop_boxes(batch, t, truth.boxes, self.network.context)
            led = ~batch.choices.self_training if t else np.full(len(search_boxes), True)
            if led.any():
                frames[t] = self._cut(batch, t, previous_boxes, search_boxes, led)
        return replace(batch, ahead=frames)

    def forward(self, batch: Batch) -> UnrollResult:
        """Return the loss over all frames; over the first, whose box is given, if planned so."""
        network, plan = self.network, batch.plan
        truth = batch.initial_truth
        crops = self._crops(batch, 0, truth.boxes, truth.boxes)
        features = self._embed(crops)
        template, remembered = network.template(features, crops), network.remember(features)
        output, first = network.advance(
            remembered, features, template, network.initial_state(len(batch.tracks))
        )
        boxes, state = self._taken_up(batch, first)
        kept = _kept(batch.choices.forgotten, first)
        terms = []
        if plan.first_frame:
            terms.append(self._terms(output, truth.boxes, truth.boxes, truth, plan))
        for t in range(1, batch.frames):
            truth = batch.truth(t)
            previous_boxes, search_boxes = _crop_boxes(batch, t, boxes, network.context)
            both = self._crops(batch, t, previous_boxes, search_boxes)
            previous, current = self._embed(both).chunk(2)
            remembered = network.remember(previous)
            if kept is not None:
                remembered = remembered * kept
            output, state = network.advance(remembered, current, template, state)
            windows = search_window(search_boxes, network.context)
            boxes = _usable(decode(output.corners.detach().float().cpu(), windows), search_boxes)
            terms.append(self._terms(output, boxes, search_boxes, truth, plan))
            if plan.rescue_at_once:
                boxes, state = _set_back(batch, truth, boxes, state, first)
            state = self._reset(batch, t, boxes, state, (template, first))
        self._taken, self.carried = self.carried, None
        if batch.key:
            self.carried = CarriedState(next_key(batch.key), boxes, state.detach())
        return _sum(terms, plan)

    def _taken_up(self, batch: Batch, first: Tensor) -> tuple[Boxes, Tensor]:
        """Return boxes and state to start from: those handed on, for tracks that are not new.

        Where nothing fits, as on the first step of a stage, a track starts from the truth; so does
        one that is rescued. At last some are pushed.
        """
        truth, choices = batch.truth(0), batch.choices
        boxes, state, carried = truth.boxes, first, self.carried
        if carried is not None and batch.key and carried.key == batch.key:
            old = batch.starts > 0
            held = torch.from_numpy(old).to(first.device)[:, None, None]
            state = torch.where(held, carried.state.to(first.device, first.dtype), first)
            boxes = np.where(old[:, None], carried.boxes, boxes)
            boxes, state = _set_back(batch, truth, boxes, state, first)
        pushed = move(boxes, choices.push_shift, choices.push_stretch)
        return np.where((choices.pushed & choices.self_training)[:, None], pushed, boxes), state

    def _reset(
        self, batch: Batch, t: int, boxes: Boxes, state: Tensor, initial: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Return the state after the tracker's regular reset, for tracks where that is due."""
        interval = (batch.plan.reset_interval or 0) if batch.key else 0
        due = (batch.starts + t) % interval == 0 if interval else np.zeros(len(boxes), bool)
        if not due.any():
            return state
        template, first = (tensor[torch.from_numpy(due).to(tensor.device)] for tensor in initial)
        led = ~batch.choices.self_training[:, None]
        at = np.where(led, batch.truth(t).boxes, boxes)
        features = self._embed(self._cut_at(batch, [(batch.starts + t, at)], due))
        remembered = self.network.remember(features)
        _, fresh = self.network.advance(remembered, features, template, first)
        where = torch.from_numpy(np.flatnonzero(due)).to(state.device)
        return state.index_copy(0, where, fresh.to(state.dtype))

    @torch.no_grad()
    def recorded(self, batch: Batch) -> dict[str, Tensor]:
        """Run the last batch again; return its crops, boxes, labels and outputs, frame by frame.

        What was handed on to it is handed on still, as if it had not been run.

        ``crops.T`` are uint8 (2N, 3, S, S), previous, then current ones, at frame 0 (N, 3, S, S);
        ``boxes.T`` (N, 4) where the current ones were cut, ``labels.T`` and ``outputs.T`` (N, 4)
        in crop coordinates.
        """
        self._record, self.carried = {}, self._taken
        self(batch)
        self.carried = self._taken
        record, self._record = self._record, None
        return {
            f"{name}.{t}": tensor
            for name, tensors in record.items()
            for t, tensor in enumerate(tensors, batch.frames - len(tensors))
        }

    def _embed(self, crops: Tensor) -> Tensor:
        if not self.checkpoint:
            return self.network.embed(crops)
        features: Tensor = checkpoint(self.network.embed, crops, use_reentrant=False)
        return features

    def _terms(
        self, output: Output, boxes: Boxes, search_boxes: Boxes, truth: Truth, plan: UnrollPlan
    ) -> _Terms:
        windows = search_window(search_boxes, self.network.context)
        if self._record is not None:
            self._note("boxes", torch.from_numpy(search_boxes))
            self._note("labels", torch.from_numpy(encode(truth.boxes, windows)))
            self._note("outputs", output.corners)
        return _terms(output, boxes, truth, windows, plan, self.network.context)

    def _crops(self, batch: Batch, t: int, previous_boxes: Boxes, search_boxes: Boxes) -> Tensor:
        """Return the previous, then the current crops of a step; at frame 0 the only ones."""
        began = time.perf_counter()
        led = ~batch.choices.self_training if t else np.full(len(search_boxes), True)
        if t not in batch.ahead:
            crops = self._cut(
                batch, t, previous_boxes, search_boxes, np.full(len(search_boxes), True)
            )
        elif led.all():
            crops = batch.ahead[t]
        else:
            crops = self._merge(batch, t, previous_boxes, search_boxes)
        self.waited += time.perf_counter() - began
        if self._record is not None:
            self._note("crops", crops)
        return crops

    def _merge(self, batch: Batch, t: int, previous_boxes: Boxes, search_boxes: Boxes) -> Tensor:
        self_training = batch.choices.self_training
        now = self._cut(batch, t, previous_boxes, search_boxes, self_training)
        shape = (2 * len(self_training), *now.shape[1:])
        crops = torch.empty(
            shape, dtype=now.dtype, device=now.device, memory_format=torch.channels_last
        )
        twice = torch.from_numpy(np.tile(self_training, 2)).to(now.device)
        crops[twice], crops[~twice] = now, batch.ahead[t]
        return crops

    def _cut(
        self,
        batch: Batch,
        t: int,
        previous_boxes: Boxes,
        search_boxes: Boxes,
        which: NDArray[np.bool_],
    ) -> Tensor:
        """Return previous, then current crops of the chosen tracks; at frame 0 the initial ones."""
        if t == 0:
            return self._cut_at(batch, [(np.zeros_like(batch.starts), search_boxes)], which)
        now = batch.starts + t
        return self._cut_at(batch, [(now - 1, previous_boxes), (now, search_boxes)], which)

    def _cut_at(
        self,
        batch: Batch,
        pairs: Sequence[tuple[NDArray[np.int64], Boxes]],
        which: NDArray[np.bool_],
    ) -> Tensor:
        """Return the crops of the chosen tracks at frames (N,) and boxes (N, 4), pair by pair;
        those of mirrored tracks are flipped."""
        chosen = np.flatnonzero(which).tolist()
        tracks = [batch.tracks[i] for i in chosen] * len(pairs)
        mirrored = np.tile(batch.choices.mirrored[chosen], len(pairs))
        frames = np.concatenate([frames[chosen] for frames, _ in pairs]).tolist()
        boxes = np.concatenate([boxes[chosen] for _, boxes in pairs])
        size, context = self.network.crop_size, self.network.context
        crops = self.renderer.crops(tracks, frames, mirror(boxes, mirrored), size, context)
        if mirrored.any():
            turned = torch.from_numpy(mirrored).to(crops.device)
            crops[turned] = crops[turned].flip(-1)
        return crops

    def _note(self, name: str, values: Tensor) -> None:
        assert self._record is not None
        self._record.setdefault(name, []).append(values.detach().cpu())


def _set_back(
    batch: Batch, truth: Truth, boxes: Boxes, state: Tensor, first: Tensor
) -> tuple[Boxes, Tensor]:
    """Return boxes and states; the true box and the first state of tracks that lost their object
    while it is seen, and are rescued."""
    lost = (iou(boxes, truth.boxes) < LOST) & (truth.visibility > SEEN)
    rescued = batch.choices.rescued & lost
    begun_anew = torch.from_numpy(rescued).to(state.device)[:, None, None]
    boxes = np.where(rescued[:, None], truth.boxes, boxes)
    return boxes, torch.where(begun_anew, first.to(state.dtype), state)


def _kept(forgotten: NDArray[np.bool_], like: Tensor) -> Tensor | None:
    """Return (N, 1) 0 for tracks whose previous crops are withheld and 1 for others, if any are."""
    if not forgotten.any():
        return None
    return torch.from_numpy(~forgotten)[:, None].to(like.device, like.dtype)


def _crop_boxes(batch: Batch, t: int, boxes: Boxes, context: float) -> tuple[Boxes, Boxes]:
    """Return where the previous and the current crop are cut, given the network's last boxes."""
    if t == 0:
        return boxes, boxes
    plan, choices = batch.plan, batch.choices
    truth, earlier = batch.truth(t).boxes, batch.truth(t - 1).boxes
    shift, stretch = choices.shift[t - 1], choices.stretch[t - 1]
    self_training, noisy = choices.self_training[:, None], choices.noisy[:, None]
    if plan.noise == "paper":
        simulated = np.array([isinstance(track, SimulatedTrack) for track in batch.tracks])
        previous_boxes = np.where(self_training, boxes, earlier)
        moved = noisy & ~self_training & ~simulated[:, None]
        search_boxes = np.where(moved, move(truth, shift, stretch), previous_boxes)
        return previous_boxes, keep_covered(search_boxes, truth, choices.cover, context)
    guided = np.where(noisy, move(earlier, shift, stretch), earlier)
    search_boxes = np.where(self_training, boxes, guided)
    search_boxes = keep_covered(search_boxes, truth, choices.cover, context)
    return search_boxes, search_boxes


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
    truth: Truth,
    windows: Boxes,
    plan: UnrollPlan,
    context: float,
) -> _Terms:
    """Return corner loss, visibility loss and IoU of one frame.

    The corner loss counts in tenths of two boxes, however wide the windows are. Corners of a hidden
    object count little: they can only be extrapolated. Those of an object that is not in the window
    count nothing.
    """
    held = intersection(windows, truth.boxes) / np.maximum(area(truth.boxes), 1e-9)
    shown = truth.visibility >= 0.3
    weight = np.where(held < 0.1, 0.0, np.where(shown, 1.0, plan.hidden_weight))
    overlap = iou(boxes, truth.boxes)
    seen = shown & (overlap >= 0.5)
    device = output.corners.device
    label = torch.from_numpy(encode(truth.boxes, windows).clip(-5, 15)).to(device, torch.float32)
    distance = (output.corners.float() - label).abs().sum(1) * (context / CONTEXT)
    corners = distance * torch.from_numpy(weight).to(device, torch.float32)
    visibility = torch.zeros_like(corners)
    if output.visibility is not None:
        target = torch.from_numpy(seen).to(device, torch.float32)
        visibility = functional.binary_cross_entropy_with_logits(
            output.visibility.float(), target, reduction="none"
        )
    return _Terms(corners, visibility, overlap[shown])


def _sum(terms: Sequence[_Terms], plan: UnrollPlan) -> UnrollResult:
    corners = torch.stack([t.corners for t in terms]).mean()
    visibility = torch.stack([t.visibility for t in terms]).mean()
    overlaps = np.concatenate([t.overlap for t in terms])
    return UnrollResult(
        loss=corners + plan.visibility_weight * visibility,
        corner_loss=corners.item(),
        visibility_loss=visibility.item(),
        mean_iou=float(overlaps.mean()) if len(overlaps) else 0.0,
    )
