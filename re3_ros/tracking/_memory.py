# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one target between two frames, and how rows become batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from re3_ros.boxes import Boxes

from ._sizes import Size, rescaled


@dataclass(frozen=True)
class Estimate:
    """What one step said of one target."""

    box: Boxes
    """(4,) x1, y1, x2, y2 in pixels, not clipped. Where not ``valid``, the last good box."""
    score: float
    """In [0, 1]: sigmoid of the visibility output; 1 where the network has none; 0 if not valid."""
    valid: bool
    """The output was finite, upright, at least 2 pixels wide and high, and met the image."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that is remembered of one target, between frames.

    Snapshots share tensors with the tracker and with each other; nobody writes to them.
    Rows (R, H), A and T are those of the network, see `re3_ros.network.Re3Network`.
    """

    box: Boxes
    """(4,) the last good box, read-only."""
    steps: int
    """Steps since the first one, which is number 0 (resets are not counted)."""
    state: Tensor
    """(R, H) the recurrent state."""
    first_state: Tensor
    """(R, H) the state after the first step, to which resets return."""
    remembered: Tensor
    """(A,) what the fusion needs of the last frame's crop around ``box``."""
    template: Tensor
    """(T,) what is kept of the template crop."""
    frame_size: Size
    """Width and height of the image that ``box`` is in pixels of."""

    def in_frame(self, frame_size: Size) -> Snapshot:
        """Return the same in the pixels of an image of another size; nothing else is in pixels."""
        if frame_size == self.frame_size:
            return self
        box = read_only(rescaled(self.box, self.frame_size, frame_size))
        return replace(self, box=box, frame_size=frame_size)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors held."""
        return self.state, self.first_state, self.remembered, self.template

    @property
    def nbytes(self) -> int:
        """Bytes of memory held, a tensor shared with another snapshot counted in full."""
        return held(self.tensors) + self.box.nbytes


def held(tensors: Sequence[Tensor]) -> int:
    """Return the bytes of the storages behind tensors, each storage counted once."""
    # torch before 2.0 knows the other name only.
    storages = [getattr(t, "untyped_storage", t.storage)() for t in tensors]
    return sum({s.data_ptr(): s.nbytes() for s in storages}.values())


def rows(batch: Tensor) -> list[Tensor]:
    """Return copies of the rows of a batch: a view would keep the whole batch in memory."""
    return [row.clone() for row in batch]


def read_only(box: ArrayLike) -> Boxes:
    """Return a copy of ``box`` (4,) that cannot be written to."""
    copy = np.array(box, np.float64)
    copy.setflags(write=False)
    return copy


def stack(snapshots: Sequence[Snapshot], name: str) -> Tensor:
    """Return the batch of the tensors called ``name`` of several snapshots; of one, a view."""
    tensors = [getattr(s, name) for s in snapshots]
    return tensors[0][None] if len(tensors) == 1 else torch.stack(tensors)
