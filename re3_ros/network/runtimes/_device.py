# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Torch on a GPU with everything on the device, captured in CUDA graphs.

For a step, one piece goes up (the image and the places of its crops), one graph is replayed that
cuts the crops and looks at them, and one small piece comes down. Each step runs on batches padded
to one of a few sizes, and is captured when a size is first met.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from re3_ros.crops import crop_rois
from re3_ros.images import Image
from re3_ros.network import Output, Re3Network

from ._capture import Padded, StepFunction
from ._device_crops import cut_rois, roi_table
from ._feed import Feed, Link
from ._steps import make_steps
from ._torch import Looked, PreviousCrops, Runtime, View

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
LAYOUTS = 4
"""Sizes of a camera's images up to which steps on them are captured; then they run as they are."""
_log = logging.getLogger(__name__)


class CameraFeed(Feed):
    """A feed and what is captured of it: graphs that read its image where it is."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._graphs: dict[str, Padded] = {}
        self._graphs_of = 0

    def captured(
        self, name: str, capture: Callable[[StepFunction], Padded], step: StepFunction
    ) -> StepFunction:
        """Return a step on this feed's image, captured once; ``name`` is what it is known by."""
        if self.layout > LAYOUTS:
            return step
        if self._graphs_of != self.layout:
            self._graphs, self._graphs_of = {}, self.layout
        if name not in self._graphs:
            self._graphs[name] = capture(step)
        return self._graphs[name]


@dataclass(frozen=True)
class Frame:
    """An image that is on the device."""

    feed: CameraFeed
    number: int
    size: tuple[int, int]
    """Height and width."""


class DeviceRuntime(Runtime):
    """A copy of the network on a device; see the module."""

    name = "cuda"

    def __init__(
        self,
        network: Re3Network,
        device: str | torch.device,
        precision: str = "bfloat16",
        compiled: bool = False,
        link: Link | None = None,
    ) -> None:
        """``compiled``: chains of small operations become one kernel each, now, which takes time.

        ``link`` is the way to the device. Raises ConfigError if the network cannot be compiled.
        """
        self.device = torch.device(device)
        self.precision = f"{precision} compiled" if compiled else precision
        self.crop_size, self.context = network.crop_size, network.context
        self.state_shape = network.state_shape
        self._kind = PRECISIONS[precision]
        self._link = link or Link(self.device)
        self._steps = make_steps(network, self.device, self._kind, compiled)
        self._cut_rois = torch.compile(cut_rois) if compiled else cut_rois
        self._step = self._padded(self._run_look)
        self._remember = self._padded(lambda _, *given: self._steps.remember(*given))
        self._template = self._padded(lambda _, *given: (self._steps.template(*given),))
        self._initial_step = self._padded(lambda _, *given: (self._steps.look_again(*given),))
        self._passing = CameraFeed(self._link)
        if compiled:
            self._compile()

    def feed(self) -> CameraFeed:
        """Return the way of one camera's images to the device."""
        return CameraFeed(self._link)

    @torch.inference_mode()
    def cut(self, image: Image | Frame, boxes: ArrayLike) -> Tensor:
        """Return crops; of an image that is on the device, only places are sent."""
        feed = image.feed if isinstance(image, Frame) else self._passing
        if isinstance(image, Frame):
            if image.number != feed.number:
                raise ValueError("the image has been replaced by a later one of its camera")
            table = self._table(image.size, boxes)
            feed.send_table(table)
        else:
            table = self._table(image.shape, boxes)
            feed.send(image, table)
        return self._cut(feed, len(table))

    @torch.inference_mode()
    def look(
        self, views: Sequence[View], remembered: Tensor, template: Tensor, state: Tensor
    ) -> Looked:
        """Cut and step in one graph, if there is one view."""
        memory = remembered, template, state
        only = len(views) == 1
        frames = [self._send(v, v.feed or (self._passing if only else self.feed())) for v in views]
        counts = [len(view.boxes) for view in views]
        if only:
            feed = frames[0].feed
            step = feed.captured("look", self._padded, partial(self._run_cut_and_look, feed))
            packed, new = step(counts[0], *memory)
        else:
            crops = [self._cut(frame.feed, n) for frame, n in zip(frames, counts, strict=True)]
            packed, new = self._step(sum(counts), torch.cat(crops), *memory)
        found = self._link.down(packed).astype(np.float64)
        logits = found[:, 5] if found.shape[1] > 5 else np.full(len(found), np.inf)
        finite = np.isfinite(found[:, :5]).all(1) & ~np.isnan(logits)
        return Looked(found[:, :4], logits, finite, new, frames)

    @torch.inference_mode()
    def remember(self, crops: Tensor) -> PreviousCrops:
        """Embed the crops; ``source`` are their features."""
        return PreviousCrops(*self._remember(len(crops), crops))

    @torch.inference_mode()
    def template(self, previous: PreviousCrops, crops: Tensor) -> Tensor:
        """Keep of features and pixels what the network wants."""
        return self._template(len(crops), previous.source, crops)[0]

    @torch.inference_mode()
    def step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Embed the crops and advance."""
        packed, new = self._step(len(crops), crops, remembered, template, state)
        return Output(packed[:, :4], packed[:, 5] if packed.shape[1] > 5 else None), new

    @torch.inference_mode()
    def initial_step(self, previous: PreviousCrops, template: Tensor, state: Tensor) -> Tensor:
        """Advance on features already there."""
        return self._initial_step(
            len(state), previous.remembered, previous.source, template, state
        )[0]

    def _send(self, view: View, feed: CameraFeed) -> Frame:
        feed.send(view.image, self._table(view.image.shape, view.boxes))
        height, width = view.image.shape[:2]
        return Frame(feed, feed.number, (height, width))

    def _table(self, size: tuple[int, ...], boxes: ArrayLike) -> NDArray[np.float32]:
        return roi_table(crop_rois(boxes, size[1], size[0], self.crop_size, self.context))

    def _cut(self, feed: CameraFeed, count: int) -> Tensor:
        """Return the crops at the first so many places of a feed's table."""
        step = feed.captured("cut", self._padded, partial(self._run_cut, feed))
        crops: Tensor = step(count)[0]
        return crops

    def _run_cut(self, feed: CameraFeed, count: int) -> tuple[Tensor, ...]:
        return (self._cut_rois(feed.frame, feed.table[:count], self.crop_size, torch.uint8),)

    def _run_cut_and_look(
        self, feed: CameraFeed, count: int, *memory: Tensor
    ) -> tuple[Tensor, ...]:
        crops = self._cut_rois(feed.frame, feed.table[:count], self.crop_size, self._kind)
        return self._run_look(count, crops, *memory)

    def _run_look(self, _: int, crops: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        """Return what the host must know as one tensor, and the new state.

        Corners, a number that is finite if the new state is, and the logits if there are any.
        """
        corners, logits, new = self._steps.look(crops, *memory)
        parts = [corners, new.flatten(1).sum(1, keepdim=True)]
        if logits is not None:
            parts.append(logits[:, None])
        return torch.cat(parts, 1), new

    def _padded(self, step: StepFunction) -> Padded:
        return Padded(_exact(step) if self._kind == torch.float32 else step, self.device)

    def _compile(self) -> None:
        """Run everything once for one target, and once for several."""
        begin = time.monotonic()
        _log.info("compiling for %s; this is done once for these versions", self.device)
        side = 2 * self.crop_size
        image = np.zeros((side, side, 3), np.uint8)
        for count in (1, 2):
            boxes = np.tile([side / 4, side / 4, side / 2, side / 2], (count, 1))
            crops = self.cut(image, boxes)
            seen = self.remember(crops)
            template = self.template(seen, crops)
            state = self.initial_step(seen, template, self.initial_state(count))
            self.look([View(image, boxes, None)], seen.remembered, template, state)
        _log.info("compiled in %.0f s", time.monotonic() - begin)


def _exact(step: StepFunction) -> StepFunction:
    """Return a step that multiplies float32 as float32, not as TF32 with a mantissa of 10 bits."""

    def run(*given: Any) -> tuple[Tensor, ...]:
        matmul = torch.backends.cuda.matmul
        before, matmul.allow_tf32 = matmul.allow_tf32, False
        try:
            with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
                return step(*given)
        finally:
            matmul.allow_tf32 = before

    return run
