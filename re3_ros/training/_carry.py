# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""State carried from step to step: each step trains on the next part of long tracks.

A tracker drifts over hundreds of frames; gradients need not reach back as far. Each slot of a
batch holds one long track after another, and a step unrolls the next few frames of each from the
box and the recurrent state that the step before left there (truncated backpropagation through
time). Which part of which track a slot is at follows from the seed and the step alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes

Key = tuple[int, ...]


@dataclass(frozen=True)
class TrackPart:
    """The part of a track that a slot of a batch trains on in a step."""

    track: int
    """Tracks that the slot held before this one."""
    part: int
    """Steps that were trained on this track before."""
    parts: int
    """Steps in all that will be trained on this track."""


@dataclass
class CarrySchedule:
    """The part that each slot is at; tracks last 1 to ``longest`` steps, equally often."""

    seed: int
    longest: int
    _reached: dict[int, tuple[int, int]] = field(default_factory=dict)

    def at(self, slot: int, step: int) -> TrackPart:
        """Return what ``slot`` is at in ``step``, both from 0."""
        track, begin = self._reached.get(slot, (0, 0))
        if begin > step:
            track, begin = 0, 0
        while step >= begin + (parts := self._parts(slot, track)):
            track, begin = track + 1, begin + parts
        self._reached[slot] = track, begin
        return TrackPart(track, step - begin, parts)

    def _parts(self, slot: int, track: int) -> int:
        rng = np.random.default_rng([self.seed, slot, track, 4])
        return int(rng.integers(1, self.longest + 1))


def next_key(key: Key) -> Key:
    """Return the key of the batch after the one of ``key``, (step, *what must not change)."""
    return (key[0] + 1, *key[1:])


@dataclass(frozen=True)
class CarriedState:
    """What a step hands on to the next one: the network's last boxes and recurrent state."""

    key: Key
    """Step and batch that it is for."""
    boxes: Boxes
    """(N, 4) the network's last boxes."""
    state: Tensor
    """(N, R, H) recurrent state, detached."""

    def cpu(self) -> CarriedState:
        """Return it with the state in the host's memory."""
        return CarriedState(self.key, self.boxes, self.state.cpu())

    def part(self, which: slice) -> CarriedState:
        """Return it for some of the tracks."""
        return CarriedState(self.key, self.boxes[which], self.state[which])


def join(parts: Sequence[CarriedState]) -> CarriedState:
    """Return the whole of which process r of n holds the tracks r, r + n, r + 2 n, ..."""
    boxes = np.stack([p.boxes for p in parts], axis=1).reshape(-1, 4)
    state = torch.stack([p.state for p in parts], dim=1).flatten(0, 1)
    return CarriedState(parts[0].key, boxes, state)
