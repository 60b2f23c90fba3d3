# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node re3_tracker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from re3_ros.network import load
from re3_ros.network.runtimes import Runtime, make_runtime
from re3_ros.ros.kit import (
    Bond,
    GuardedLifecycleNode,
    image_qos,
    make_bond,
    release_memory,
    result_qos,
)
from re3_ros.tracking import TrackingSession, pick_device
from re3_ros.weights import default_weights

from ._camera import Camera
from ._diagnostics import Diagnostics
from ._interface import PUBLISHED, SERVICES, SUBSCRIBED, names
from ._parameters import NodeParameters, Settings
from ._pipeline import Output, Pipeline
from ._spatial import Spatial
from ._views import Annotations
from ._watch import Watch


@dataclass(frozen=True)
class _Loaded:
    """What configure leaves for activate."""

    settings: Settings
    weights: Path
    runtime: Runtime

    def about(self) -> dict[str, str]:
        """Return what runs, in words."""
        runs_on = f"{self.runtime.device}, {self.runtime}"
        return {"device": runs_on, "weights": str(self.weights)}

    def session(self, kind: type[TrackingSession] | None = None) -> TrackingSession:
        """Return a session without targets."""
        settings = self.settings
        return (kind or TrackingSession)(self.runtime, settings.cameras, settings.session)


@dataclass(frozen=True)
class _Active:
    """What exists between activate and deactivate."""

    session: TrackingSession
    pipeline: Pipeline
    bond: Bond | None

    @property
    def cameras(self) -> Collection[Camera]:
        """The cameras of the pipeline."""
        return self.pipeline.cameras.values()

    @property
    def has_targets(self) -> bool:
        """Whether any camera has a target, or will have one with its first image."""
        return any(self.session.targets(name) for name in self.session.cameras)

    def close(self) -> None:
        """End the bond and the pipeline."""
        with contextlib.ExitStack() as steps:
            steps.callback(self.pipeline.close)
            if self.bond is not None:
                steps.callback(self.bond.close)


class TrackerNode(GuardedLifecycleNode):
    """Tracks targets in the images of its cameras.

    configure reads the parameters, loads the weights and warms the network up; activate opens the
    topics, with no targets yet; deactivate closes them and forgets the targets; cleanup releases
    the network.
    """

    session_kind: type[TrackingSession] | None = None
    """A session of another kind than the usual one, for measurements."""

    def __init__(self, name: str = "re3_tracker", **arguments: Any) -> None:
        super().__init__(name, **arguments)
        self.live = NodeParameters(self, lambda: self._loaded is None)
        self._loaded: _Loaded | None = None
        self._active: _Active | None = None
        self._watch = Watch(self, lambda: self._active, lambda: self.live["silence_warning"])
        self._diagnostics = Diagnostics(self, self.live, self._about)

    def unknown_remappings(self) -> str:
        """Do as the parent does; topics that are opened later count too."""
        cameras = tuple(self.live["cameras"])
        for topic in (*SUBSCRIBED, *PUBLISHED, *SERVICES):
            self.names.update(names(topic, cameras))
        self.names.add(self.live["detector"] or "detector")
        return super().unknown_remappings()

    def do_configure(self) -> None:
        """Read the parameters, load the weights, warm up; between these steps, stop if told to."""
        settings = self.live.read()
        device = pick_device(settings.device)
        weights = Path(settings.weights).expanduser() if settings.weights else default_weights()
        self.stopping.check()
        network = load(weights, device)
        self.stopping.check()
        config = settings.session
        runtime = make_runtime(network, config.runtime, device, config.threads or None)
        self.stopping.check()
        loaded = _Loaded(settings, weights, runtime)
        session = loaded.session()
        session.warm_up()
        self._loaded = loaded
        ready = f"is ready on {session.runs_on}"
        self.get_logger().info(f"{network.architecture} from {weights} {ready}")

    def do_activate(self) -> None:
        """Open the topics and start the worker."""
        assert self._loaded is not None
        session, live = self._loaded.session(self.session_kind), self.live
        images = image_qos(*(live[f"image_{name}"] for name in ("reliability", "depth", "history")))
        results = result_qos(live["result_reliability"], live["result_depth"])
        about = self._loaded.about()
        outputs: list[Callable[..., Output]] = [self._diagnostics.open, Annotations, Spatial]
        bond = make_bond(self, live["bond_heartbeat_period"])
        named = {"transport": live["image_transport"], "detector": live["detector"]}
        pipeline = Pipeline(
            self, session, images, live, about, outputs, self.faults, results, **named
        )
        self._active = _Active(session, pipeline, bond)

    def do_deactivate(self) -> None:
        """Stop the worker and close the topics."""
        active, self._active = self._active, None
        if active is not None:
            active.close()

    def do_cleanup(self) -> None:
        """Close the topics, if they are open, and release the network."""
        try:
            self.do_deactivate()
        finally:
            self._loaded = None
            release_memory()

    def do_report(self, reason: str) -> None:
        """Publish the reason in a last status."""
        if self._active is not None:
            self._active.pipeline.report(reason)

    def _about(self) -> dict[str, str]:
        return self._loaded.about() if self._loaded is not None else {}
