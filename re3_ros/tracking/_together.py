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
from numpy.typing import NDArray
from torch import Tensor

from re3_ros.boxes import Boxes, is_valid
from re3_ros.crops import decode, search_window
from re3_ros.images import Image
from re3_ros.network import Output
from re3_ros.network.runtimes import PreviousCrops, Runtime

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
    frame: Any = None
    """The image as the runtime has it, see `Runtime.upload`."""

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
    runtime = busy[0].memory.runtime
    plans = [replace(p, frame=runtime.upload(p.image)) if p.names else p for p in plans]
    crops = _joined([runtime.cut(p.frame, np.stack(p.search_boxes)) for p in plans if p.names])
    outputs, state = _step(runtime, crops, [s for plan in busy for s in plan.before()])
    found: list[dict[str, Estimate]] = []
    moves = []
    row = 0
    for plan in plans:
        part = slice(row, row + len(plan.names))
        found.append(_estimates(runtime, plan, outputs, part) if plan.names else {})
        moves += [(plan, *pair) for pair in zip(found[-1].items(), state[part], strict=True)]
        row = part.stop
    for plan, (name, estimate), new in moves:  # from here on nothing can fail
        if estimate.valid:
            plan.memory.move(name, estimate.box, new, plan.frame)
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
    before, search_boxes = [snapshot for snapshot, _ in pairs], [box for _, box in pairs]
    outputs, _ = _step(runtime, runtime.cut(image, np.stack(search_boxes)), before)
    return _decode(runtime, image, outputs, before, search_boxes)


@dataclass(frozen=True)
class _Outputs:
    corners: Boxes  # (N, 4) crop coordinates
    scores: NDArray[np.float64]  # (N,)
    finite: NDArray[np.bool_]  # (N,) whether corners, visibility and new state are


def _step(runtime: Runtime, crops: Tensor, before: Sequence[Snapshot]) -> tuple[_Outputs, Tensor]:
    """Return what the memories ``before`` say of the crops (N, S, S, 3), and their new states."""
    memory = [stack(before, part) for part in ("remembered", "template", "state")]
    output, state = runtime.step(crops, *memory)
    return _to_numpy(output, state), state


def _estimates(
    runtime: Runtime, plan: StepPlan, outputs: _Outputs, part: slice
) -> dict[str, Estimate]:
    mine = _Outputs(outputs.corners[part], outputs.scores[part], outputs.finite[part])
    found = _decode(runtime, plan.image, mine, plan.before(), plan.search_boxes)
    return dict(zip(plan.names, found, strict=True))


def _decode(
    runtime: Runtime,
    image: Image,
    outputs: _Outputs,
    before: Sequence[Snapshot],
    search_boxes: Sequence[Boxes],
) -> list[Estimate]:
    """Turn outputs into boxes of the image; the last good one where an output is not valid."""
    height, width = image.shape[:2]
    boxes = decode(outputs.corners, search_window(np.stack(search_boxes), runtime.context))
    valid = is_valid(boxes, width, height) & outputs.finite
    return [
        Estimate(read_only(box), float(score), True) if fine else Estimate(old.box, 0.0, False)
        for box, score, fine, old in zip(boxes, outputs.scores, valid, before, strict=True)
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


def _joined(batches: Sequence[Tensor]) -> Tensor:
    return batches[0] if len(batches) == 1 else torch.cat(list(batches))


def _to_numpy(output: Output, state: Tensor) -> _Outputs:
    """Bring what the host must know from the device; on a CPU nothing is copied."""
    corners = output.corners.cpu().numpy().astype(np.float64)
    seen = output.visibility
    logits = np.full(len(corners), np.inf) if seen is None else seen.cpu().numpy()
    healthy = np.isfinite(state.cpu().numpy()).reshape(len(corners), -1).all(1)
    scores = 0.5 + 0.5 * np.tanh(logits.astype(np.float64) / 2)  # sigmoid, without overflow
    return _Outputs(corners, scores, healthy & ~np.isnan(logits))
