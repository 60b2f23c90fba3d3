# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers by name: small, picklable, and with a fingerprint for the cache."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import torch

import re3_ros
from re3_ros import versions
from re3_ros.errors import ConfigError
from re3_ros.network import load
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.weights import default_weights

from ._interface import AnyTracker, TrackerFactory
from ._ours import ProcedureTracker, SessionTracker
from ._peers import MODELS, OPENCV_TRACKERS, OpenCVTracker
from ._plugin import find_plugin, source_of
from ._trax_client import TraxTracker, check_command

OUR_TRACKERS: dict[str, type[SessionTracker | ProcedureTracker]] = {
    "re3": SessionTracker,
    "re3-procedure": ProcedureTracker,
}
TRACKERS = (*OUR_TRACKERS, *OPENCV_TRACKERS)
"""Every name that `TrackerSpec` knows, besides ``trax:COMMAND`` and ``MODULE:CLASS``."""
TRAX = "trax:"
_ALIAS = re.compile(r"([\w.+ -]+)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class TrackerSpec:
    """A tracker by name, with what it needs to be made in any process."""

    name: str
    """One of `TRACKERS`, ``trax:COMMAND`` or ``MODULE:CLASS``."""
    weights: Path | None = None
    """Ours: weights file, None for the shipped one."""
    device: str = "cpu"
    """Ours: device of the network."""
    backbone: Path | None = None
    """Nano: ONNX file of the backbone."""
    head: Path | None = None
    """Nano: ONNX file of the head."""
    model: Path | None = None
    """Vit: ONNX file."""
    runtime: str = "torch"
    """Ours: what runs the network, one of `re3_ros.network.runtimes.RUNTIMES`."""
    alias: str = ""
    """What it is called in tables, "" for its name."""

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown name."""
        if self.name not in TRACKERS and ":" not in self.name:
            raise ConfigError(
                f"no tracker {self.name!r}; known are {', '.join(TRACKERS)}, trax:COMMAND and "
                "MODULE:CLASS"
            )

    @property
    def label(self) -> str:
        """What it is called in tables, and its results by."""
        if self.alias:
            return self.alias
        if self.name.startswith(TRAX):
            words = self.name.removeprefix(TRAX).split()
            return TRAX + Path(words[0] if words else "").name
        return self.name

    def check(self) -> None:
        """Raise ConfigError or WeightsError if the tracker cannot be made.

        Others' code is found, and not run.
        """
        if self.name.startswith(TRAX):
            check_command(self.name.removeprefix(TRAX))
        elif self.name not in TRACKERS:
            find_plugin(self.name)
        else:
            self.create()

    def create(self) -> AnyTracker:
        """Return a new tracker. Raises ConfigError or WeightsError."""
        if self.name in OUR_TRACKERS:
            return OUR_TRACKERS[self.name](self._runtime())
        if self.name in OPENCV_TRACKERS:
            return OpenCVTracker(self.name, self.models)
        if self.name.startswith(TRAX):
            return TraxTracker(self.name.removeprefix(TRAX))
        factory: TrackerFactory = find_plugin(self.name)
        return factory()

    @property
    def models(self) -> dict[str, Path | None]:
        """The model files that this tracker needs, by what each is."""
        return {what: getattr(self, what) for what in MODELS.get(self.name, ())}

    def fingerprint(self) -> str:
        """Return a hash of all that decides its boxes: name, model files, OpenCV or our code.

        Of others' trackers: their command or name, and the files that these name.
        """
        digest = hashlib.sha256(self.name.encode())
        if self.name in OUR_TRACKERS:
            files = [self._weights(), *_sources()]
            digest.update(f"{self.device} {self.runs_on()} {_versions()}".encode())
        elif self.name in OPENCV_TRACKERS:
            files = [path for path in self.models.values() if path]
            digest.update(cv2.__version__.encode())
        elif self.name.startswith(TRAX):
            words = check_command(self.name.removeprefix(TRAX))
            files = [path for word in words if (path := Path(word)).is_file()]
        else:
            files = [source_of(self.name)]
        for path in files:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def folder(self) -> str:
        """Return the name of the folder that keeps its tracks: name and fingerprint."""
        return f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', self.name)[:40]}-{self.fingerprint()[:12]}"

    def weights_hash(self) -> str | None:
        """Return the sha256 of our weights file, None for others' trackers."""
        if self.name not in OUR_TRACKERS:
            return None
        return hashlib.sha256(self._weights().read_bytes()).hexdigest()

    def runs_on(self) -> str | None:
        """Return what runs our network, such as ``openvino int8``; None for others' trackers."""
        return str(self._runtime()) if self.name in OUR_TRACKERS else None

    def _runtime(self) -> Runtime:
        return _made_runtime(self._weights(), self.device, self.runtime, torch.get_num_threads())

    def _weights(self) -> Path:
        return self.weights or default_weights()


def parse_spec(text: str, common: TrackerSpec | None = None) -> TrackerSpec:
    """Return the tracker written as ``[ALIAS=]NAME[@WEIGHTS]``, ``[ALIAS=]trax:COMMAND`` or
    ``[ALIAS=]MODULE:CLASS``; what is not said is as in ``common``.

    Two weights of ours go by their files: ``re3@a.safetensors`` is called ``re3@a``. Raises
    ConfigError.
    """
    aliased = _ALIAS.fullmatch(text)
    alias, name = (aliased[1].strip(), aliased[2]) if aliased else ("", text)
    spec = replace(common or TrackerSpec("re3"), alias=alias)
    ours, at, weights = name.strip().partition("@")
    if at and ours in OUR_TRACKERS:
        alias = alias or f"{ours}@{Path(weights).stem}"
        return replace(spec, name=ours, weights=Path(weights), alias=alias)
    return replace(spec, name=name.strip())


def parse_specs(texts: Iterable[str], common: TrackerSpec | None = None) -> list[TrackerSpec]:
    """Return the trackers of a list; each text may hold several, with commas between.

    A text with a ``trax:`` in it is one command, commas and all. Raises ConfigError where two
    different trackers would have one name; the same one twice counts once.
    """
    words = [w for t in texts for w in ([t] if TRAX in t else t.split(",")) if w.strip()]
    specs = list(dict.fromkeys(parse_spec(word.strip(), common) for word in words))
    if not specs:
        raise ConfigError("no tracker is named; give some of " + ", ".join(TRACKERS))
    label, times = Counter(spec.label for spec in specs).most_common(1)[0]
    if times > 1:
        raise ConfigError(
            f"{times} trackers are called {label!r}; name them, as in NAME={label}...: "
            + ", ".join(word for word in words if label in word)
        )
    return specs


def limit_threads(threads: int) -> None:
    """Give torch and OpenCV this many threads each in this process, for comparable speeds."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


@functools.lru_cache(maxsize=4)
def _made_runtime(weights: Path, device: str, name: str, threads: int) -> Runtime:
    return make_runtime(load(weights, device), name, device, threads)


def _versions() -> str:
    """Return the versions of what may run the network."""
    packages = {name for needs in versions.RUNTIMES.values() for name in needs}
    return " ".join(f"{name} {versions.found(name)}" for name in sorted(packages))


def _sources() -> Iterable[Path]:
    """Return the source files that a box of ours goes through."""
    rooms = ("boxes", "crops", "network", "tracking")
    root = Path(re3_ros.__file__).parent
    return sorted(path for room in rooms for path in (root / room).rglob("*.py"))
