# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tracking procedure of Re3: one call a frame, any number of targets in one batch.

====================  ==================================  =============  ========================
pass n of a target    crops                               LSTM starts    afterwards
====================  ==================================  =============  ========================
0, initial            this image at the given box, twice  from zeros     first state := state
1, 2, 3, ...          last image at the last box; this    from state     box := decoded output,
                      image at the last box                              not clipped
also, after pass 32,  this image at the new box, twice    from first     output ignored,
64, 96, ...                                               state          state := result
====================  ==================================  =============  ========================

(Paper, on tracking at test time, and the published code; each target counts its own passes.)

**Ahead of time.** The first crop of the next frame is *this* image at the *new* box, known as soon
as the new box is. `Tracker.prepare` embeds it between two frames, and only the second crop waits
for the next image. The extra pass of a reset needs that same crop, so it happens there as well.
The results are those of embedding both crops together, and no image has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from re3_ros.boxes import Boxes, check_box, is_good
from re3_ros.crops import Image, check_image, decode, search_window
from re3_ros.errors import ConfigError, TargetError
from re3_ros.network import Output, Re3Network, Remembered, Runtime, TorchRuntime

from ._memory import Estimate, Snapshot, read_only, rows, stack

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
        self._memory: dict[str, Snapshot] = {}
        self._ahead: dict[str, Tensor] = {}  # crops that await prepare(), by target

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the targets, in the order in which they were started."""
        return tuple(self._memory)

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
        started = self._initial_pass(self._cut(image, list(checked.values())), checked)
        self._memory.update(started)
        for name in started:
            self._ahead.pop(name, None)

    @torch.inference_mode()
    def track(
        self,
        image: Image,
        ids: Sequence[str] | None = None,
        at: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, Estimate]:
        """Look for targets (all, if ``ids`` is None) in the next image and return their estimates.

        A target named in ``at`` is looked for around that box (4,) instead of around its last one.
        A target whose output is not good keeps the memory that it had: nothing degenerate is ever
        fed back. Raises ImageError, BoxError, or TargetError for a name that is unknown or twice
        in ``ids``.
        """
        image = check_image(image)
        names = self._known(self._memory if ids is None else ids)
        places = self._places(names, at or {})
        if not names:
            return {}
        self.prepare()
        before = [self._memory[name] for name in names]
        memory = [stack(before, part) for part in ("remembered", "template", "state")]
        output, state = self.runtime.look(self._cut(image, places), *memory)
        estimates = self._estimates(output, state, image, before, places)
        self._accept(names, image, estimates, state)
        return dict(zip(names, estimates, strict=True))

    @torch.inference_mode()
    def prepare(self) -> None:
        """Do now what the next frame would otherwise wait for: embed first crops, do due resets.

        To be called once the result of `track` was handed out; `track` does it if nobody did.
        """
        if not self._ahead:
            return
        before = {name: self._memory[name] for name in self._ahead}
        seen = self.runtime.remember(torch.stack(list(self._ahead.values())))
        after = {
            name: replace(snapshot, remembered=row)
            for (name, snapshot), row in zip(before.items(), rows(seen.remembered), strict=True)
        }
        after.update(self._resets(after, seen))
        self._memory.update(after)
        self._ahead.clear()

    def drop(self, name: str) -> None:
        """Forget a target. Raises TargetError if it is unknown."""
        self._known([name])
        del self._memory[name]
        self._ahead.pop(name, None)

    def clear(self) -> None:
        """Forget all targets."""
        self._memory.clear()
        self._ahead.clear()

    def snapshot(self, name: str) -> Snapshot:
        """Return all that is remembered of a target, after `prepare` if that is still due."""
        self._known([name])
        if name in self._ahead:
            self.prepare()
        return self._memory[name]

    def restore(self, name: str, snapshot: Snapshot) -> None:
        """Put a target, known or new, back to what it was when the snapshot was taken."""
        self._memory[name] = snapshot
        self._ahead.pop(name, None)

    def box(self, name: str) -> Boxes:
        """Return the last good box (4,) of a target, read-only. Raises TargetError if unknown."""
        self._known([name])
        return self._memory[name].box

    def state(self, name: str) -> Tensor:
        """Return a copy of the recurrent state (R, H), as `snapshot` sees it."""
        return self.snapshot(name).state.clone()

    def frames_since_reset(self, name: str) -> int:
        """Return the passes since the last reset or, before the first, since the initial pass."""
        self._known([name])
        calls = self._memory[name].calls
        return calls % self.reset_interval if self.reset_interval else calls

    def nbytes(self, name: str) -> int:
        """Return the bytes held for a target: constant, plus one crop until `prepare` is done.

        They are the box and 2 R H + A + T numbers: state, first state, remembered, template.
        """
        self._known([name])
        crop = self._ahead.get(name)
        return self._memory[name].nbytes + (0 if crop is None else crop.nbytes)

    def _known(self, ids: Iterable[str]) -> list[str]:
        names = list(ids)
        for name in names:
            if name not in self._memory:
                raise TargetError(
                    f"no target {name!r}; known are {list(self._memory)}; start() it with a box"
                )
        if len(set(names)) < len(names):
            raise TargetError(
                f"targets {names} name one twice; a target is looked for once a frame"
            )
        return names

    def _places(self, names: list[str], at: Mapping[str, ArrayLike]) -> list[Boxes]:
        """Return the boxes to look around."""
        stray = [name for name in at if name not in names]
        if stray:
            raise TargetError(f"places are given for {stray}, but looked for are {names}")
        return [check_box(at[n]) if n in at else self._memory[n].box for n in names]

    def _cut(self, image: Image, boxes: Sequence[Boxes]) -> Tensor:
        return self.runtime.cut(image, np.stack(boxes))

    def _initial_pass(self, crops: Tensor, boxes: Mapping[str, Boxes]) -> dict[str, Snapshot]:
        """Both crops are the same one, so it is embedded once and also remembered."""
        seen = self.runtime.remember(crops)
        state = self.runtime.settle(seen, seen.template, self.runtime.initial_state(len(boxes)))
        return {
            name: Snapshot(box, 0, s, s, r, t)
            for (name, box), s, r, t in zip(
                boxes.items(), rows(state), rows(seen.remembered), rows(seen.template), strict=True
            )
        }

    def _resets(self, snapshots: Mapping[str, Snapshot], seen: Remembered) -> dict[str, Snapshot]:
        """Return the snapshots after the extra pass, for those whose reset is due."""
        due = [i for i, s in enumerate(snapshots.values()) if self._is_due(s)]
        if not due:
            return {}
        names = [list(snapshots)[i] for i in due]
        before = [snapshots[name] for name in names]
        again = Remembered(*(part[due] for part in seen))
        template, first = stack(before, "template"), stack(before, "first_state")
        state = self.runtime.settle(again, template, first)
        return {
            name: replace(s, state=row)
            for name, s, row in zip(names, before, rows(state), strict=True)
        }

    def _is_due(self, snapshot: Snapshot) -> bool:
        interval = self.reset_interval
        return interval > 0 and snapshot.calls > 0 and snapshot.calls % interval == 0

    def _estimates(
        self,
        output: Output,
        state: Tensor,
        image: Image,
        before: Sequence[Snapshot],
        places: Sequence[Boxes],
    ) -> list[Estimate]:
        answers = _to_numpy(output, state)
        height, width = image.shape[:2]
        boxes = decode(answers.corners, search_window(np.stack(places), self.runtime.context))
        good = is_good(boxes, width, height) & answers.finite
        return [
            Estimate(read_only(box), float(score), True) if fine else Estimate(old.box, 0.0, False)
            for box, score, fine, old in zip(boxes, answers.scores, good, before, strict=True)
        ]

    def _accept(
        self, names: list[str], image: Image, estimates: list[Estimate], state: Tensor
    ) -> None:
        """Commit the good estimates; cutting the crops now means that no image is kept."""
        moved = [i for i, estimate in enumerate(estimates) if estimate.good]
        if not moved:
            return
        crops = self._cut(image, [estimates[i].box for i in moved])
        for i, crop in zip(moved, crops, strict=True):
            old = self._memory[names[i]]
            self._memory[names[i]] = replace(
                old, box=estimates[i].box, calls=old.calls + 1, state=state[i].clone()
            )
            self._ahead[names[i]] = crop.clone()


@dataclass(frozen=True)
class _Answers:
    corners: Boxes  # (N, 4) crop coordinates
    scores: NDArray[np.float64]  # (N,)
    finite: NDArray[np.bool_]  # (N,) whether corners, visibility and new state are


def _to_numpy(output: Output, state: Tensor) -> _Answers:
    """Bring what the host must know from the device; on a CPU nothing is copied."""
    corners = output.corners.cpu().numpy().astype(np.float64)
    seen = output.visibility
    logits = np.full(len(corners), np.inf) if seen is None else seen.cpu().numpy()
    healthy = np.isfinite(state.cpu().numpy()).reshape(len(corners), -1).all(1)
    scores = 0.5 + 0.5 * np.tanh(logits.astype(np.float64) / 2)  # sigmoid, without overflow
    return _Answers(corners, scores, healthy & ~np.isnan(logits))
