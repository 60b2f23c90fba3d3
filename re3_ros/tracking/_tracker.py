# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tracking procedure of Re3: one call a frame, any number of targets in one batch.

====================  ==================================  =============  ========================
step n of a target    crops                               LSTM starts    afterwards
====================  ==================================  =============  ========================
0, initial            this image at the given box, twice  from zeros     first state := state
1, 2, 3, ...          last image at the last box; this    from state     box := decoded output,
                      image at the last box                              not clipped
also, after step 32,  this image at the new box, twice    from first     output ignored,
64, 96, ...                                               state          state := result
====================  ==================================  =============  ========================

(Paper, on tracking at test time, and the published code; each target counts its own steps.)

**Ahead of time.** The first crop of the next frame is *this* image at the *new* box, known as soon
as the new box is. `Tracker.prepare` embeds it between two frames, and only the second crop waits
for the next image. The extra step of a reset needs that same crop, so it happens there as well.
The results are those of embedding both crops together, and no image has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from re3_ros.boxes import Boxes, check_box
from re3_ros.errors import ConfigError, TargetError
from re3_ros.images import Image, check_image
from re3_ros.network import Re3Network
from re3_ros.network.runtimes import Runtime, TorchRuntime

from ._memory import Estimate, Snapshot, read_only, rows
from ._sizes import Size, size_of
from ._together import Memory, StepPlan, match, prepare_together, track_together

RESET_INTERVAL = 32
"""Passes between two resets of the recurrent state (paper, on tracking at test time)."""


class Tracker:
    """Tracks targets by name through the images of one camera.

    ``network`` is a network, which is moved to ``device`` and run by torch, or a runtime that is
    where it is; either may be shared by several trackers. ``reset_interval`` is counted in passes,
    None or 0 for never. ``threads`` sets the number of threads of torch, which is a setting of the
    whole process.

    A tracker is used by one thread at a time. Whatever a call raises, every target is as it was
    before the call.
    """

    def __init__(
        self,
        network: Re3Network | Runtime,
        device: str | torch.device = "cpu",
        reset_interval: int | None = RESET_INTERVAL,
        threads: int | None = None,
    ) -> None:
        if reset_interval is not None and reset_interval < 0:
            raise ConfigError(f"reset_interval is {reset_interval}; expected passes, 0 for never")
        if threads:
            torch.set_num_threads(threads)
        self.runtime = network if isinstance(network, Runtime) else TorchRuntime(network, device)
        self.reset_interval = reset_interval or 0
        self.memory = Memory(self.runtime, self.reset_interval)

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the targets, in the order in which they were started."""
        return tuple(self.memory.targets)

    @torch.inference_mode()
    def start(self, image: Image, boxes: Mapping[str, ArrayLike]) -> None:
        """Start a target at each box (4,) of ``boxes`` on ``image``; a known name is restarted.

        Raises ImageError or BoxError, see `check_image` and `check_box`.
        """
        image = check_image(image)
        height, width = image.shape[:2]
        checked = {name: read_only(check_box(b, width, height)) for name, b in boxes.items()}
        if not checked:
            return
        crops = self.runtime.cut(image, np.stack(list(checked.values())))
        started = self._initial_pass(crops, checked, (width, height))
        for name, snapshot in started.items():
            self.memory.restore(name, snapshot)

    def track(
        self,
        image: Image,
        ids: Sequence[str] | None = None,
        at: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, Estimate]:
        """Track targets (all, if ``ids`` is None) in the next image and return their estimates.

        A target named in ``at`` is searched for around that box (4,), not around its last one.
        A target whose output is not valid keeps the memory that it had: nothing degenerate is ever
        fed back. Raises ImageError, BoxError, or TargetError for a name that is unknown or twice
        in ``ids``.
        """
        found = track_together([self.plan(image, ids, at)])[0]
        self.memory.cut()  # the caller may use the image for something else
        return found

    def plan(
        self,
        image: Image,
        ids: Sequence[str] | None = None,
        at: Mapping[str, ArrayLike] | None = None,
    ) -> StepPlan:
        """Return what `track` is to do, checked, for `track_together`."""
        image = check_image(image)
        names = self._known(self.memory.targets if ids is None else ids)
        given = self._checked(names, at or {})
        self.memory.fit(names, size_of(image))
        known = self.memory.targets
        return StepPlan(self.memory, image, names, [given.get(n, known[n].box) for n in names])

    def match(self, image: Image, pairs: Sequence[tuple[Snapshot, ArrayLike]]) -> list[Estimate]:
        """Return each snapshot's estimate at the box (4,) beside it; no target changes.

        Raises ImageError and BoxError.
        """
        image = check_image(image)
        checked = [(s.in_frame(size_of(image)), check_box(box)) for s, box in pairs]
        return match(self.runtime, image, checked)

    def prepare(self) -> None:
        """Do now what the next frame would otherwise wait for: embed first crops, do due resets.

        To be called once the result of `track` was handed out; `track` does it if nobody did.
        """
        prepare_together([self.memory])

    def drop(self, name: str) -> None:
        """Forget a target. Raises TargetError if it is unknown."""
        self._known([name])
        self.memory.drop(name)

    def clear(self) -> None:
        """Forget all targets."""
        self.memory.clear()

    def snapshot(self, name: str) -> Snapshot:
        """Return all that is remembered of a target, after `prepare` if that is still due."""
        self._known([name])
        if name in self.memory.ahead:
            self.prepare()
        return self.memory.targets[name]

    def restore(self, name: str, snapshot: Snapshot) -> None:
        """Put a target, known or new, back to what it was when the snapshot was taken."""
        self.memory.restore(name, snapshot)

    def box(self, name: str) -> Boxes:
        """Return the last good box (4,) of a target, read-only. Raises TargetError if unknown.

        In pixels of the last image that it was looked for in, good or not.
        """
        self._known([name])
        return self.memory.targets[name].box

    def state(self, name: str) -> Tensor:
        """Return a copy of the recurrent state (R, H), as `snapshot` sees it."""
        return self.snapshot(name).state.clone()

    def frames_since_reset(self, name: str) -> int:
        """Return the steps since the last reset or, before the first, since the first step."""
        self._known([name])
        steps = self.memory.targets[name].steps
        return steps % self.reset_interval if self.reset_interval else steps

    def nbytes(self, name: str) -> int:
        """Return the bytes held for a target: constant, plus one crop until `prepare` is done.

        They are the box and 2 R H + A + T numbers: state, first state, remembered, template.
        """
        self._known([name])
        crop = self.memory.ahead.get(name)
        return self.memory.targets[name].nbytes + (0 if crop is None else crop.nbytes)

    def _known(self, ids: Iterable[str]) -> list[str]:
        names, known = list(ids), self.memory.targets
        for name in names:
            if name not in known:
                raise TargetError(
                    f"no target {name!r}; known are {list(known)}; start() it with a box"
                )
        if len(set(names)) < len(names):
            raise TargetError(
                f"targets {names} name one twice; a target is looked for once a frame"
            )
        return names

    def _checked(self, names: list[str], at: Mapping[str, ArrayLike]) -> dict[str, Boxes]:
        """Return the boxes that are to be searched around instead of the last ones."""
        stray = [name for name in at if name not in names]
        if stray:
            raise TargetError(f"places are given for {stray}, but looked for are {names}")
        return {name: check_box(box) for name, box in at.items()}

    def _initial_pass(
        self, crops: Tensor, boxes: Mapping[str, Boxes], frame_size: Size
    ) -> dict[str, Snapshot]:
        """Both crops are the same one, so it is embedded once and also remembered."""
        seen = self.runtime.remember(crops)
        template = self.runtime.template(seen, crops)
        state = self.runtime.initial_step(seen, template, self.runtime.initial_state(len(boxes)))
        return {
            name: Snapshot(box, 0, s, s, r, t, frame_size)
            for (name, box), s, r, t in zip(
                boxes.items(), rows(state), rows(seen.remembered), rows(template), strict=True
            )
        }
