# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What runs a network while it tracks: the interface, and torch itself behind it.

A tracker cuts crops, remembers them between images, and runs one step on the next image; a
runtime is whatever does that. Tensors at its boundary are float32 (float64 where a network of
float64 is run by torch), on ``device``; what lies between, and in which precision, is the runtime's
own business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from re3_ros.boxes import Boxes
from re3_ros.crops import crop_many
from re3_ros.images import Image
from re3_ros.network import Output, Re3Network, pick_device


class PreviousCrops(NamedTuple):
    """What is kept of the previous crops, embedded ahead of a step; a row for each target."""

    remembered: Tensor
    """(N, A) for the fusion with the next crop."""
    source: Tensor
    """(N, ...) what `Runtime.initial_step` needs of the same crops."""


class View(NamedTuple):
    """Where to look in the image of one camera."""

    image: Image
    boxes: Boxes
    """(n, 4), at least one; around each a crop is cut."""
    feed: Any
    """What `Runtime.feed` gave for the camera, None for one that is looked at only now."""


class Looked(NamedTuple):
    """What a look found; a row for each target, in the order of views and their boxes."""

    corners: Boxes
    """(N, 4) in crop coordinates, on the host."""
    logits: Boxes
    """(N,) of the object being seen, on the host; infinite where the network has none."""
    finite: NDArray[np.bool_]
    """(N,) whether corners, logits and new state are numbers."""
    state: Tensor
    """(N, R, H) the new one, on the device."""
    frames: list[Any]
    """The image of each view, as `Runtime.cut` takes it: until the next look with the same feed, it
    need not travel to the device again."""


class Runtime(ABC):
    """Runs one network; a tracker's view of it. Used by one thread at a time."""

    name: str
    """As in `RUNTIMES`."""
    precision: str
    """Of the arithmetic: ``float32``, ``bfloat16``, ``int8`` (weights)."""
    device: torch.device
    crop_size: int
    context: float
    state_shape: tuple[int, int]
    own_threads = False
    """Whether it works with threads of its own instead of torch's."""

    def __str__(self) -> str:
        """Return name and precision, as the status reports them."""
        return f"{self.name} {self.precision}"

    def feed(self) -> Any:
        """Return what `look` takes for the images of one camera."""
        return None

    def cut(self, image: Any, boxes: ArrayLike) -> Tensor:
        """Return the crops uint8 (N, S, S, 3) around boxes (N, 4) of an image, as it is or as
        `look` gave it back."""
        crops = torch.from_numpy(crop_many(image, boxes, self.crop_size, self.context))
        return crops.to(self.device)

    def look(
        self, views: Sequence[View], remembered: Tensor, template: Tensor, state: Tensor
    ) -> Looked:
        """Cut the crops of all views, and run a step on them; nothing is modified."""
        crops = [self.cut(view.image, view.boxes) for view in views]
        output, new = self.step(
            crops[0] if len(crops) == 1 else torch.cat(crops), remembered, template, state
        )
        corners = output.corners.cpu().numpy().astype(np.float64)
        seen = output.visibility
        logits = np.full(len(corners), np.inf) if seen is None else seen.cpu().numpy()
        healthy = np.isfinite(new.cpu().numpy()).reshape(len(corners), -1).all(1)
        finite = healthy & np.isfinite(corners).all(1) & ~np.isnan(logits)
        frames = [view.image for view in views]
        return Looked(corners, logits.astype(np.float64), finite, new, frames)

    def initial_state(self, targets: int) -> Tensor:
        """Return zeros (targets, R, H), the state before the first frame."""
        return torch.zeros(targets, *self.state_shape, device=self.device)

    @abstractmethod
    def remember(self, crops: Tensor) -> PreviousCrops:
        """Return what the next step needs of the crops (N, S, S, 3) around the boxes just found."""

    @abstractmethod
    def template(self, previous: PreviousCrops, crops: Tensor) -> Tensor:
        """Return (N, T), what is kept for the target's life of template crops (N, S, S, 3), which
        are remembered as ``previous``."""

    @abstractmethod
    def step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Return output and new state for the current crops (N, S, S, 3); nothing is modified."""

    @abstractmethod
    def initial_step(self, previous: PreviousCrops, template: Tensor, state: Tensor) -> Tensor:
        """Return the new state of a step whose previous and current crops are the same ones.

        The first step and resets are such steps, see `re3_ros.tracking`.
        """


class TorchRuntime(Runtime):
    """The network's own modules, run as they are: exact, on every device, nothing prepared.

    The network is moved to the device, and otherwise shared: a change of its weights shows. Raises
    ConfigError for a device that there is not.
    """

    name = "torch"

    def __init__(self, network: Re3Network, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(pick_device(device))
        self.network = network.to(self.device).eval()
        self.crop_size, self.context = network.crop_size, network.context
        self.state_shape = network.state_shape
        self.precision = str(next(network.parameters()).dtype).removeprefix("torch.")

    def initial_state(self, targets: int) -> Tensor:
        """Return zeros of the network's own dtype."""
        return self.network.initial_state(targets)

    @torch.inference_mode()
    def remember(self, crops: Tensor) -> PreviousCrops:
        """Embed the crops; ``source`` are their features."""
        features = self._embed(crops)
        return PreviousCrops(self.network.remember(features), features)

    @torch.inference_mode()
    def template(self, previous: PreviousCrops, crops: Tensor) -> Tensor:
        """Keep of features and pixels what the network wants."""
        return self.network.template(previous.source, crops.permute(0, 3, 1, 2))

    @torch.inference_mode()
    def step(
        self, crops: Tensor, remembered: Tensor, template: Tensor, state: Tensor
    ) -> tuple[Output, Tensor]:
        """Embed the crops and advance."""
        return self.network.advance(remembered, self._embed(crops), template, state)

    @torch.inference_mode()
    def initial_step(self, previous: PreviousCrops, template: Tensor, state: Tensor) -> Tensor:
        """Advance on features already there: no further crop is embedded."""
        _, new = self.network.advance(previous.remembered, previous.source, template, state)
        return new

    def _embed(self, crops: Tensor) -> Tensor:
        return self.network.embed(crops.permute(0, 3, 1, 2))
