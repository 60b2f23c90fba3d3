# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Steps that run on batches of a few sizes, each captured as a CUDA graph.

Replaying a graph costs one launch, however many kernels it holds. On a CPU the same steps run as
they are: only the graph is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Batches are padded to these; larger ones are run as they are, without a graph."""
WARM_UPS = 3
"""Runs before a capture, in which libraries allocate what they need and choose algorithms."""

StepFunction = Callable[..., tuple[Tensor, ...]]
"""Takes a number of targets, then tensors with a row for each; gives such tensors."""


def padded_size(targets: int) -> int:
    """Return the size that a batch is padded to, 0 for one that is run as it is."""
    return next((size for size in SIZES if size >= targets), 0)


class Padded:
    """A step that runs on padded batches, each size captured when it is first met."""

    def __init__(self, step: StepFunction, device: torch.device) -> None:
        self._step, self._device = step, device
        self._captured: dict[int, _Captured] = {}

    def __call__(self, targets: int, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the step's outputs, fresh tensors."""
        size = padded_size(targets)
        if not size:
            return self._step(targets, *inputs)
        if size not in self._captured:
            stand_ins = [t.new_zeros(size, *t.shape[1:]) for t in inputs]
            captures = self._device.type == "cuda"
            self._captured[size] = _Captured(partial(self._step, size), stand_ins, captures)
        captured = self._captured[size]
        for kept, given in zip(captured.inputs, inputs, strict=True):
            kept[:targets].copy_(given)
        return tuple(output[:targets].clone() for output in captured())


class _Captured:
    """A step on inputs that stay where they are, as a CUDA graph or as it is."""

    def __init__(self, step: StepFunction, inputs: Sequence[Tensor], captures: bool) -> None:
        self.inputs = inputs
        self._step = step
        self._graph: torch.cuda.CUDAGraph | None = None
        self._outputs: tuple[Tensor, ...] = ()
        if captures:
            self._capture()

    def __call__(self) -> tuple[Tensor, ...]:
        """Return the outputs; those of a graph are overwritten by the next call."""
        if self._graph is None:
            return self._step(*self.inputs)
        self._graph.replay()
        return self._outputs

    def _capture(self) -> None:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                outputs = self._step(*self.inputs)
        torch.cuda.current_stream().wait_stream(stream)
        if not any(output.numel() for output in outputs):
            return  # there is no kernel to capture
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._outputs = self._step(*self.inputs)
        self._graph = graph
