# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Torch on a GPU with everything on the device, captured in CUDA graphs.

An image is uploaded once, from pinned memory, and all crops are cut from it there. Each step runs
on batches padded to one of a few sizes, and is captured as a CUDA graph when a size is first met;
replaying a graph costs one launch, however many kernels it holds. On a CPU the same steps run as
they are: only the graph is left out.

The weights before the recurrent layers, which are nearly all of them, are ``bfloat16`` or
``float16`` (half the memory traffic); recurrent layers, head and state stay float32, as errors
would add up in them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from re3_ros.crops import crop_rois
from re3_ros.network import Output, Re3Network

from ._device_crops import cut_rois, roi_table
from ._torch import PreviousCrops, Runtime

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Batches are padded to these; larger ones are run as they are, without a graph."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
SHAPES = 4
"""Sizes of images for which cutting is captured; of more, it is run as it is."""
WARM_UPS = 3
"""Runs before a capture, in which libraries allocate what they need and choose algorithms."""

StepFunction = Callable[..., tuple[Tensor, ...]]


class DeviceRuntime(Runtime):
    """A copy of the network on a device; see the module."""

    name = "cuda"

    def __init__(
        self, network: Re3Network, device: str | torch.device, precision: str = "bfloat16"
    ) -> None:
        self.device, self.precision = torch.device(device), precision
        self.crop_size, self.context = network.crop_size, network.context
        self.state_shape = network.state_shape
        self._dtype = PRECISIONS[precision]
        self._network = _cast(network, self.device, self._dtype)
        self._step = _Padded(self._run_step, self.device)
        self._remember = _Padded(self._run_remember, self.device)
        self._template = _Padded(self._run_template, self.device)
        self._initial_step = _Padded(self._run_initial_step, self.device)
        self._cuts: dict[tuple[int, ...], _Padded] = {}

    def upload(self, image: NDArray[np.uint8]) -> Tensor:
        """Return the image on the device."""
        host = torch.from_numpy(np.ascontiguousarray(image))
        if self.device.type == "cuda":
            return host.pin_memory().to(self.device, non_blocking=True)
        return host.clone()

    @torch.inference_mode()
    def cut(self, image: NDArray[np.uint8] | Tensor, boxes: ArrayLike) -> Tensor:
        """Return the crops of an image, uploaded or not."""
        frame = image if isinstance(image, Tensor) else self.upload(image)
        height, width = frame.shape[:2]
        rois = crop_rois(boxes, width, height, self.crop_size, self.context)
        table = roi_table(rois).to(self.device)
        shape = tuple(frame.shape)
        if shape not in self._cuts and len(self._cuts) < SHAPES:
            self._cuts[shape] = _Padded(self._run_cut, self.device, shared=1)
        if shape in self._cuts:
            return self._cuts[shape]([frame, table])[0]
        return cut_rois(frame, table, self.crop_size)

    @torch.inference_mode()
    def remember(self, crops: Tensor) -> PreviousCrops:
        """Embed the crops; ``source`` are their features."""
        return PreviousCrops(*self._remember([crops]))

    @torch.inference_mode()
    def template(self, previous: PreviousCrops, crops: Tensor) -> Tensor:
        """Keep of features and pixels what the network wants."""
        return self._template([previous.source, crops])[0]

    @torch.inference_mode()
    def step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Embed the crops and advance."""
        corners, new, *seen = self._step([crops, remembered, template, state])
        return Output(corners, seen[0] if seen else None), new

    @torch.inference_mode()
    def initial_step(self, previous: PreviousCrops, template: Tensor, state: Tensor) -> Tensor:
        """Advance on features already there."""
        return self._initial_step([previous.remembered, previous.source, template, state])[0]

    def _run_cut(self, frame: Tensor, table: Tensor) -> tuple[Tensor, ...]:
        return (cut_rois(frame, table, self.crop_size),)

    def _run_remember(self, crops: Tensor) -> tuple[Tensor, ...]:
        features = self._network.embed(crops.permute(0, 3, 1, 2))
        return self._network.remember(features).float(), features.float()

    def _run_template(self, features: Tensor, crops: Tensor) -> tuple[Tensor, ...]:
        pixels = crops.permute(0, 3, 1, 2)
        return (self._network.template(features.to(self._dtype), pixels).float(),)

    def _run_step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Tensor, ...]:
        features = self._network.embed(crops.permute(0, 3, 1, 2))
        output, new = self._advance(remembered, features, template, state)
        seen = () if output.visibility is None else (output.visibility,)
        return (output.corners, new, *seen)

    def _run_initial_step(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Tensor, ...]:
        return (self._advance(remembered, features.to(self._dtype), template, state)[1],)

    def _advance(
        self, remembered: Tensor, features: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        network, kind = self._network, self._dtype
        embedding = network.fuse(remembered.to(kind), features, template.to(kind)).float()
        hidden, new = network.recur(embedding, state)
        return network.predict(hidden, embedding), new


class _Padded:
    """A step that runs on batches padded to a few sizes, each captured when it is first met."""

    def __init__(self, step: StepFunction, device: torch.device, shared: int = 0) -> None:
        """The first ``shared`` inputs are the same for the whole batch."""
        self._step, self._device, self._shared = step, device, shared
        self._captured: dict[int, _Captured] = {}

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the step's outputs, fresh tensors."""
        targets = len(inputs[-1])
        size = next((s for s in SIZES if s >= targets), 0)
        if not size:
            return self._step(*inputs)
        if size not in self._captured:
            self._captured[size] = _Captured(self._step, self._stand_ins(inputs, size))
        captured = self._captured[size]
        for i, (kept, given) in enumerate(zip(captured.inputs, inputs, strict=True)):
            (kept if i < self._shared else kept[:targets]).copy_(given)
        return tuple(output[:targets].clone() for output in captured())

    def _stand_ins(self, inputs: Sequence[Tensor], size: int) -> list[Tensor]:
        return [
            torch.zeros_like(t) if i < self._shared else t.new_zeros(size, *t.shape[1:])
            for i, t in enumerate(inputs)
        ]


class _Captured:
    """A step on inputs that stay where they are; on a GPU a CUDA graph."""

    def __init__(self, step: StepFunction, inputs: list[Tensor]) -> None:
        self.inputs = inputs
        self._step = step
        self._graph: torch.cuda.CUDAGraph | None = None
        self._outputs: tuple[Tensor, ...] = ()
        if inputs[-1].is_cuda:
            self._capture()

    def __call__(self) -> tuple[Tensor, ...]:
        """Return the outputs; on a GPU they are overwritten by the next call."""
        if self._graph is None:
            return self._step(*self.inputs)
        self._graph.replay()
        return self._outputs

    def _capture(self) -> None:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                self._step(*self.inputs)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._outputs = self._step(*self.inputs)
        self._graph = graph


def _cast(network: Re3Network, device: torch.device, kind: torch.dtype) -> Re3Network:
    """Return a copy on the device, all but recurrent layers, heads and what resamples pixels of
    type ``kind``."""
    own = copy.deepcopy(network).to(device, torch.float32).eval()
    for name, module in own.named_children():
        if not name.startswith(("lstm", "head", "pyramid")):
            module.to(kind)
    if device.type == "cuda":
        own = own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return own
