# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Re3 behind the runner's interface: as the paper describes it, and as the node runs it."""

from __future__ import annotations

import torch

from re3_ros.boxes import Boxes
from re3_ros.errors import BoxError
from re3_ros.images import Image
from re3_ros.network import Re3Network
from re3_ros.network.runtimes import Runtime
from re3_ros.tracking import Frame, SessionConfig, Tracker, TrackingSession

from ._interface import Answer

CAMERA, TARGET = "camera", "target"
FRAME_NS = 33_333_333


class ProcedureTracker:
    """The paper's procedure alone: no states, no search for a target that was lost.

    A network is moved to ``device`` and run by torch, a runtime is where it is.
    """

    def __init__(self, network: Re3Network | Runtime, device: str | torch.device = "cpu") -> None:
        self._tracker = Tracker(network, device)

    def init(self, image: Image, box: Boxes) -> None:
        """Start on ``image``. Raises BoxError."""
        self._tracker.start(image, {TARGET: box})

    def update(self, image: Image) -> Answer:
        """Return box and score; the last good box where the network's is degenerate."""
        estimate = self._tracker.track(image)[TARGET]
        return (estimate.box if estimate.valid else self._tracker.box(TARGET)), estimate.score


class SessionTracker:
    """A whole tracking session of one camera and one target, as the node drives it.

    A network is moved to ``device`` and run as ``config`` says, by default by torch; a runtime is
    where it is.
    """

    def __init__(
        self,
        network: Re3Network | Runtime,
        device: str | torch.device = "cpu",
        config: SessionConfig | None = None,
    ) -> None:
        chosen = config or SessionConfig(runtime="torch")
        self._session = TrackingSession(network, (CAMERA,), chosen, device)
        self._stamp = 0

    def init(self, image: Image, box: Boxes) -> None:
        """Start on ``image``. Raises BoxError."""
        self._session.initialise(CAMERA, TARGET, box)
        rejected = self._session.process(Frame(CAMERA, self._stamp, image)).rejected
        if rejected:
            raise BoxError("; ".join(rejected))

    def update(self, image: Image) -> Answer:
        """Return the whole box, as truth is, and its score; of a lost target the best guess."""
        self._stamp += FRAME_NS
        (target,) = self._session.process(Frame(CAMERA, self._stamp, image)).targets
        return target.whole, target.score
