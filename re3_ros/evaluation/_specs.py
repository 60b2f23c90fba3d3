# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers by name: small, picklable, and with a fingerprint for the cache."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2

import re3_ros
from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network, load
from re3_ros.weights import default_weights

from ._ours import ProcedureTracker, SessionTracker
from ._peers import OPENCV, OpenCVTracker
from ._runner import VisualTracker

OURS: dict[str, type[SessionTracker | ProcedureTracker]] = {
    "re3": SessionTracker,
    "re3-procedure": ProcedureTracker,
}
TRACKERS = (*OURS, *OPENCV)
"""Every name that `TrackerSpec` knows."""


@dataclass(frozen=True)
class TrackerSpec:
    """A tracker by name, with what it needs to be made in any process."""

    name: str
    """One of `TRACKERS`."""
    weights: Path | None = None
    """Ours: weights file, None for the shipped one."""
    device: str = "cpu"
    """Ours: device of torch."""
    backbone: Path | None = None
    """Nano: ONNX file of the backbone."""
    head: Path | None = None
    """Nano: ONNX file of the head."""

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown name."""
        if self.name not in TRACKERS:
            raise ConfigError(f"no tracker {self.name!r}; known are {', '.join(TRACKERS)}")

    def create(self) -> VisualTracker:
        """Return a new tracker. Raises ConfigError or WeightsError."""
        if self.name in OURS:
            return OURS[self.name](_network(self._weights(), self.device), self.device)
        return OpenCVTracker(self.name, self.backbone, self.head)

    def fingerprint(self) -> str:
        """Return a hash of all that decides its boxes: name, model files, OpenCV or our code."""
        digest = hashlib.sha256(self.name.encode())
        if self.name in OURS:
            files = [self._weights(), *_sources()]
            digest.update(self.device.encode())
        else:
            files = [path for path in (self.backbone, self.head) if path and self.name == "nano"]
            digest.update(cv2.__version__.encode())
        for path in files:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def weights_hash(self) -> str | None:
        """Return the sha256 of our weights file, None for others' trackers."""
        if self.name not in OURS:
            return None
        return hashlib.sha256(self._weights().read_bytes()).hexdigest()

    def _weights(self) -> Path:
        return self.weights or default_weights()


def shared_folder() -> Path:
    """Return the folder of public sequences: ``RE3_SHARED``, or ``shared`` beside this project."""
    return Path(os.environ.get("RE3_SHARED") or Path(re3_ros.__file__).parents[2] / "shared")


def limit_threads(threads: int) -> None:
    """Give torch and OpenCV this many threads each in this process, for comparable speeds."""
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


@functools.lru_cache(maxsize=4)
def _network(weights: Path, device: str) -> Re3Network:
    return load(weights, device)


def _sources() -> Iterable[Path]:
    """Return the source files that a box of ours goes through."""
    rooms = ("boxes", "crops", "network", "tracking")
    root = Path(re3_ros.__file__).parent
    return sorted(path for room in rooms for path in (root / room).glob("*.py"))
