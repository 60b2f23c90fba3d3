# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Times of the network alone, stage by stage, for several runtimes and numbers of targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from re3_ros.boxes import Boxes
from re3_ros.crops import decode, search_window
from re3_ros.images import Image
from re3_ros.network import Re3Network
from re3_ros.network.runtimes import Runtime, View, make_runtime

from ._timing import TimingStats, take_turns

Task = Callable[[], object]


@dataclass(frozen=True)
class StageRow:
    """One stage in one runtime with one number of targets."""

    runtime: str
    stage: str
    """``step``, all from image to boxes, and of it ``crop``, ``look`` and ``decode`` alone;
    ``remember``, between images; of torch also ``joint``, the plain pass over both crops, and what
    it consists of."""
    targets: int
    time: TimingStats


@torch.inference_mode()
def bench_model(
    network: Re3Network,
    runtimes: Sequence[str],
    targets: Sequence[int] = (1, 4, 16),
    repeats: int = 100,
    device: str = "cpu",
    advance: Callable[[], object] = lambda: None,
) -> list[StageRow]:
    """Return the times of all stages; runtimes take turns. ``advance`` is called after each number.

    The plain pass of the same weights, eager float32 over both crops, is among them as ``joint``.
    """
    made = [make_runtime(network, name, device) for name in runtimes]
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    rows = []
    for count in targets:
        boxes = np.tile([200.0, 150.0, 300.0, 280.0], (count, 1))
        tasks = _network_stages(network.to(device).eval(), image, boxes, made[0])
        for runtime in made:
            stages = _runtime_stages(runtime, image, boxes)
            tasks |= {(str(runtime), stage): task for stage, task in stages.items()}
        times = take_turns(tasks, max(10, repeats // count))
        rows += [StageRow(*name, count, time) for name, time in times.items()]
        advance()
    return rows


def _runtime_stages(runtime: Runtime, image: Image, boxes: Boxes) -> dict[str, Task]:
    crops = runtime.cut(image, boxes)
    seen = runtime.remember(crops)
    template = runtime.template(seen, crops)
    state = runtime.initial_step(seen, template, runtime.initial_state(len(boxes)))
    corners = runtime.step(crops, seen.remembered, template, state)[0].corners.cpu().numpy()
    view, memory = View(image, boxes, runtime.feed()), (seen.remembered, template, state)
    return {
        "step": lambda: decode(
            runtime.look([view], *memory).corners, search_window(boxes, runtime.context)
        ),
        "crop": lambda: runtime.cut(image, boxes),
        "look": lambda: _done(runtime.step(crops, *memory)[1]),
        "decode": lambda: decode(corners, search_window(boxes, runtime.context)),
        "remember": lambda: _done(runtime.remember(crops).remembered),
    }


def _network_stages(
    network: Re3Network, image: Image, boxes: Boxes, runtime: Runtime
) -> dict[tuple[str, str], Task]:
    """Return torch's own stages, and the joint pass."""
    crops = runtime.cut(image, boxes).to(next(network.parameters()).device).permute(0, 3, 1, 2)
    features = network.embed(crops)
    kept, template = network.remember(features), network.template(features, crops)
    state = network.initial_state(len(boxes))
    embedding = network.fuse(kept, features, template)
    hidden, _ = network.recur(embedding, state)
    stages: dict[str, Task] = {
        "joint": lambda: _done(network(crops, crops, state, template)[1]),
        "embed": lambda: _done(network.embed(crops)),
        "fuse": lambda: _done(network.fuse(kept, features, template)),
        "recur": lambda: _done(network.recur(embedding, state)[1]),
        "read": lambda: _done(network.predict(hidden, embedding).corners),
    }
    return {("eager float32", stage): task for stage, task in stages.items()}


def _done(result: torch.Tensor) -> None:
    """Wait until a result is there: a GPU works while the host goes on."""
    if result.is_cuda:
        torch.cuda.synchronize(result.device)
