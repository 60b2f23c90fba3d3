# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The network's part of tracking, for the targets of any number of trackers in one batch.

Trackers of several cameras share a runtime; whatever they have to do at the same time, it does at
once. Each has its `Memory`; nothing in it changes before everything that can fail has been done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from re3_ros.boxes import Boxes, is_valid
from re3_ros.crops import decode, search_window
from re3_ros.images import Image
from re3_ros.network.runtimes import Looked, PreviousCrops, Runtime, View

from ._memory import Estimate, Snapshot, read_only, rows, stack
from ._sizes import Size


@dataclass(eq=False)
class Memory:
    """What one tracker keeps of its targets."""

    runtime: Runtime
    reset_interval: int
    targets: dict[str, Snapshot] = field(default_factory=dict)
    ahead: dict[str, Tensor | None] = field(default_factory=dict)
    """First crops of the next frame, that `prepare_together` has yet to embed; None: to be cut."""
    frame: Any = None
    """The image, as the runtime has it, that they are to be cut from."""

    def __post_init__(self) -> None:
        self.feed = self.runtime.feed()

    def restore(self, name: str, snapshot: Snapshot) -> None:
        """Put a target, known or new, to a snapshot."""
        self.targets[name] = snapshot
        self.ahead.pop(name, None)

    def drop(self, name: str) -> None:
        """Forget a target."""
        del self.targets[name]
        self.ahead.pop(name, None)

    def clear(self) -> None:
        """Forget all targets."""
        self.targets.clear()
        self.ahead.clear()
        self.frame = None

    def is_due(self, snapshot: Snapshot) -> bool:
        """Tell whether the steps of a target call for a reset."""
        steps, interval = snapshot.steps, self.reset_interval
        return interval > 0 and steps > 0 and steps % interval == 0

    def move(self, name: str, box: Boxes, state: Tensor, frame: Any) -> None:
        """Take over what a step found in an image; the crop there comes first in the next step."""
        old = self.targets[name]
        self.targets[name] = replace(old, box=box, steps=old.steps + 1, state=state.clone())
        self.ahead[name], self.frame = None, frame

    def fit(self, names: Sequence[str], frame_size: Size) -> None:
        """Bring targets into the pixels of the next image, if that is of another size."""
        other = [name for name in names if self.targets[name].frame_size != frame_size]
        if other:
            self.cut()  # of the last image, whose pixels they are still in
        for name in other:
            self.targets[name] = self.targets[name].in_frame(frame_size)

    def cut(self) -> None:
        """Cut the first crops of the next frame: from now on the image is not needed."""
        due = [name for name, crop in self.ahead.items() if crop is None]
        if due:
            boxes = np.stack([self.targets[name].box for name in due])
            self.ahead.update(zip(due, rows(self.runtime.cut(self.frame, boxes)), strict=True))
        self.frame = None


@dataclass(frozen=True, eq=False)
class StepPlan:
    """Which targets of one tracker are tracked, in which image, around which boxes (4,)."""

    memory: Memory
    image: Image
    names: list[str]
    search_boxes: list[Boxes]

    def before(self) -> list[Snapshot]:
        """Return the targets as they are."""
        return [self.memory.targets[name] for name in self.names]


@torch.inference_mode()
def track_together(plans: Sequence[StepPlan]) -> list[dict[str, Estimate]]:
    """Do what `Tracker.track` does, for different trackers of one runtime, in one batch.

    The images have to stay as they are until `Memory.cut` or `prepare_together`.
    """
    busy = [plan for plan in plans if plan.names]
    if not busy:
        return [{} for _ in plans]
    prepare_together([plan.memory for plan in busy])
    views = [View(p.image, np.stack(p.search_boxes), p.memory.feed) for p in busy]
    before = [snapshot for plan in busy for snapshot in plan.before()]
    runtime = busy[0].memory.runtime
    looked = _look(runtime, views, before)
    estimates = iter(_decode(looked, views, before, runtime.context))
    states = iter(looked.state)
    frames = iter(looked.frames)
    found = []
    for plan in plans:  # from here on nothing can fail
        found.append({name: next(estimates) for name in plan.names})
        frame = next(frames) if plan.names else None
        for name, estimate in found[-1].items():
            new = next(states)
            if estimate.valid:
                plan.memory.move(name, estimate.box, new, frame)
    return found


@torch.inference_mode()
def prepare_together(memories: Sequence[Memory]) -> None:
    """Do what `Tracker.prepare` does, for different trackers of one runtime, in one batch."""
    for memory in memories:
        memory.cut()
    waiting = [(memory, name) for memory in memories for name in memory.ahead]
    if not waiting:
        return
    runtime = waiting[0][0].runtime
    crops = [crop for memory in memories for crop in memory.ahead.values() if crop is not None]
    seen = runtime.remember(torch.stack(crops))
    after = [
        replace(memory.targets[name], remembered=row)
        for (memory, name), row in zip(waiting, rows(seen.remembered), strict=True)
    ]
    due = [i for i, (memory, _) in enumerate(waiting) if memory.is_due(after[i])]
    for i, state in zip(due, _reset(runtime, seen, after, due), strict=True):
        after[i] = replace(after[i], state=state)
    for (memory, name), snapshot in zip(waiting, after, strict=True):
        memory.targets[name] = snapshot
    for memory in memories:
        memory.ahead.clear()


@torch.inference_mode()
def match(
    runtime: Runtime, image: Image, pairs: Sequence[tuple[Snapshot, Boxes]]
) -> list[Estimate]:
    """Return each snapshot's estimate at the box (4,) beside it."""
    if not pairs:
        return []
    before, boxes = [snapshot for snapshot, _ in pairs], [box for _, box in pairs]
    views = [View(image, np.stack(boxes), None)]
    return _decode(_look(runtime, views, before), views, before, runtime.context)


def _look(runtime: Runtime, views: Sequence[View], before: Sequence[Snapshot]) -> Looked:
    """Return what the memories ``before`` say of the views."""
    memory = [stack(before, part) for part in ("remembered", "template", "state")]
    return runtime.look(views, *memory)


def _decode(
    looked: Looked, views: Sequence[View], before: Sequence[Snapshot], context: float
) -> list[Estimate]:
    """Turn what was found into boxes of the images; the last good one where it is not valid."""
    searched = np.concatenate([view.boxes for view in views])
    boxes = decode(looked.corners, search_window(searched, context))
    valid, row = looked.finite.copy(), 0
    for view in views:
        part = slice(row, row := row + len(view.boxes))
        height, width = view.image.shape[:2]
        valid[part] &= is_valid(boxes[part], width, height)
    scores = 0.5 + 0.5 * np.tanh(looked.logits / 2)  # sigmoid, without overflow
    return [
        Estimate(read_only(box), float(score), True) if fine else Estimate(old.box, 0.0, False)
        for box, score, fine, old in zip(boxes, scores, valid, before, strict=True)
    ]


def _reset(
    runtime: Runtime, seen: PreviousCrops, snapshots: Sequence[Snapshot], due: list[int]
) -> list[Tensor]:
    """Return the states after the extra step, for the rows ``due`` of what was just seen."""
    if not due:
        return []
    again = PreviousCrops(*(part[due] for part in seen))
    before = [snapshots[i] for i in due]
    template, first = stack(before, "template"), stack(before, "first_state")
    return rows(runtime.initial_step(again, template, first))
