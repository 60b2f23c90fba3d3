# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node re3_tracker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from re3_ros.network import Runtime, load, make_runtime
from re3_ros.tracking import TrackingSession, pick_device
from re3_ros.weights import default_weights

from ._camera import Camera
from ._device import release_memory
from ._lifecycle import GuardedLifecycleNode
from ._parameters import NodeParameters, Settings
from ._pipeline import Pipeline
from ._topics import image_qos
from ._watch import Watch


@dataclass(frozen=True)
class _Loaded:
    """What configure leaves for activate."""

    settings: Settings
    weights: Path
    runtime: Runtime

    def session(self) -> TrackingSession:
        """Return a session without targets."""
        settings = self.settings
        return TrackingSession(self.runtime, settings.cameras, settings.session)


class TrackerNode(GuardedLifecycleNode):
    """Tracks targets in the images of its cameras.

    configure reads the parameters, loads the weights and warms the network up; activate opens the
    topics, with no targets yet; deactivate closes them and forgets the targets; cleanup releases
    the network.
    """

    def __init__(self, name: str = "re3_tracker", **arguments: Any) -> None:
        super().__init__(name, **arguments)
        self.live = NodeParameters(self, lambda: self._loaded is None)
        self._loaded: _Loaded | None = None
        self._pipeline: Pipeline | None = None
        self._watch = Watch(self, self._cameras, lambda: self.live["silence_warning"])

    def do_configure(self) -> None:
        """Read the parameters, load the weights, warm up."""
        settings = self.live.read()
        device = pick_device(settings.device)
        weights = Path(settings.weights).expanduser() if settings.weights else default_weights()
        network = load(weights, device)
        config = settings.session
        runtime = make_runtime(network, config.runtime, device, config.threads or None)
        loaded = _Loaded(settings, weights, runtime)
        session = loaded.session()
        session.warm_up()
        self._loaded = loaded
        ready = f"is ready on {session.runs_on}"
        self.get_logger().info(f"{network.architecture} from {weights} {ready}")

    def do_activate(self) -> None:
        """Open the topics and start the worker."""
        assert self._loaded is not None
        loaded, settings = self._loaded, self._loaded.settings
        qos = image_qos(settings.image_reliability, settings.image_depth)
        session = loaded.session()
        about = {"device": session.runs_on, "weights": str(loaded.weights)}
        self._pipeline = Pipeline(self, session, qos, self.live, about)

    def do_deactivate(self) -> None:
        """Stop the worker and close the topics."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def do_cleanup(self) -> None:
        """Close the topics, if they are open, and release the network."""
        self.do_deactivate()
        self._loaded = None
        release_memory()

    def _cameras(self) -> Iterable[Camera]:
        return self._pipeline.cameras.values() if self._pipeline is not None else ()
