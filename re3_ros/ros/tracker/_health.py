# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is said on /diagnostics of the node and of each camera, and how serious it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import torch

from re3_ros.ros.kit import shorten
from re3_ros.tracking import TargetState, known_state

from ._camera import Camera
from ._meter import WINDOW, Meter

FAR = 60.0
"""Seconds between stamps and the node's clock from which on they belong to different clocks."""
SCARCE = 0.05
"""Part of a GPU's memory; with less than that free, the next image may be one too many."""
_MB = 1e6
_EVENTS = {
    "errors": "exceptions were caught",
    "boxes_rejected": "boxes were rejected",
    "mismatches": "publishers or subscribers of another QoS were met",
}
_COUNTS = ("frames_received", "frames_processed", "frames_dropped", "frames_rejected")
_DEPTH = ("depth_missing", "depth_rejected")


class Level(IntEnum):
    """As in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass
class Health:
    """One diagnostic status: figures, and the reasons why it is not OK."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    reasons: list[tuple[Level, str]] = field(default_factory=list)
    fine: str = "OK"
    """Message while there is no reason."""

    @property
    def level(self) -> Level:
        """The worst of the reasons."""
        return max((level for level, _ in self.reasons), default=Level.OK)

    @property
    def message(self) -> str:
        """All reasons, the worst first."""
        ordered = sorted(self.reasons, key=lambda reason: -reason[0])
        return "; ".join(text for _, text in ordered) or self.fine

    def warn(self, text: str) -> None:
        """Add a reason to look at it."""
        self.reasons.append((Level.WARN, text))

    def fail(self, text: str) -> None:
        """Add a reason to act."""
        self.reasons.append((Level.ERROR, text))


def camera_counts(camera: Camera) -> dict[str, int]:
    """Return what a camera has counted since activation."""
    return {name: camera.counts[name] for name in (*_COUNTS, *_DEPTH)}


def camera_health(camera: Camera, meter: Meter, live: Any) -> Health:
    """Return how a camera is, after `Meter.sample`; ``live`` gives the node's parameters."""
    health = Health(f"camera {camera.name}")
    status = camera.status
    targets = list(status.targets) if status is not None else []
    enabled = status is None or bool(status.enabled)
    _images(health, meter, enabled, live["silence_warning"], camera.rejection)
    _latencies(health, meter, live["diagnostic_max_latency"])
    if enabled:
        _least(health, meter, live["diagnostic_min_rate"])
    _states(health, targets)
    if camera.publishers > 1:
        health.warn(f"{camera.publishers} publishers send images, which are mixed; see the log")
    health.values |= {name: str(count) for name, count in camera_counts(camera).items()}
    health.fine = _fine(meter, enabled, len(targets))
    return health


def _images(health: Health, meter: Meter, enabled: bool, patience: float, rejection: str) -> None:
    lately = {name: meter.lately(name) for name in _COUNTS}
    silence = meter.unchanged("frames_received")
    waiting = min(meter.unchanged(name) for name in ("frames_processed", "frames_rejected"))
    if patience and silence > patience:
        health.fail(f"no image for {silence:.0f} s")
    elif patience and waiting > patience and enabled and lately["frames_dropped"]:
        health.fail(f"images arrive, but none was answered for {waiting:.0f} s")
    if lately["frames_rejected"]:
        report = health.warn if lately["frames_processed"] else health.fail
        report(
            f"{lately['frames_rejected']} of {lately['frames_received']} images in {WINDOW:.0f} s "
            f"were rejected: {shorten(rejection)}"
        )
    for name, of in (("image rate", "frames_received"), ("detection rate", "frames_processed")):
        health.values[f"{name} (Hz)"] = _number(meter.rate(of), 2)
    health.values["dropped (%)"] = _share(lately["frames_dropped"], lately["frames_received"])


def _latencies(health: Health, meter: Meter, limit: float) -> None:
    found = meter.latency(50, 99)
    median, slowest = found or (None, None)
    health.values["latency, median (ms)"] = _number(median, 1, 1e3)
    health.values["latency, 99 % (ms)"] = _number(slowest, 1, 1e3)
    if median is None or slowest is None:
        return
    if abs(median) > FAR:
        where = "behind" if median > 0 else "ahead of"
        health.warn(
            f"its images are stamped {abs(median):.0f} s {where} the node's clock; with a "
            "recording or a simulation set use_sim_time"
        )
    elif limit and slowest > limit:
        health.warn(
            f"one image in a hundred is answered only after {slowest:.3f} s; diagnostic_max_latency"
            f" is {limit:g}"
        )


def _least(health: Health, meter: Meter, least: float) -> None:
    rate = meter.rate("frames_processed")
    if least and rate is not None and rate < least:
        health.warn(f"{rate:.1f} detections a second; diagnostic_min_rate is {least:g}")


def _states(health: Health, targets: Sequence[Any]) -> None:
    states = {t.id: known_state(t.state, t.id) for t in targets}
    lost = [name for name, state in states.items() if state == TargetState.LOST]
    if lost:
        health.warn(f"{', '.join(lost)} {'is' if len(lost) == 1 else 'are'} LOST")
    count = Counter(states.values())
    health.values |= {f"targets {state.name}": str(count[state]) for state in TargetState}
    for target in targets:
        state = states[target.id].name
        health.values[f"target {target.id}"] = f"{state}, score {target.score:.2f}"


def _fine(meter: Meter, enabled: bool, targets: int) -> str:
    if not enabled:
        return "disabled: images are ignored"
    if not targets:
        return "no target: send a box to init_box"
    rate = _number(meter.rate("frames_processed"), 1)
    return f"{targets} target{'s' if targets > 1 else ''}, {rate} detections a second"


def node_health(
    state_label: str, since: float, patience: float, meter: Meter, about: Mapping[str, str]
) -> Health:
    """Return how the node is, ``since`` seconds in a lifecycle state.

    ``about`` says what runs (device, weights), and is empty while unconfigured.
    """
    values = {"state": state_label, "device": "", "weights": "", **about}
    health = Health("tracker", values, fine=state_label)
    if state_label != "active" and patience and since > patience:
        health.warn(f"{state_label} for {since:.0f} s, so nothing is tracked")
    for name, what in _EVENTS.items():
        if lately := meter.lately(name):
            report = health.fail if name == "errors" else health.warn
            report(f"{lately} {what} in {WINDOW:.0f} s; the log says more")
    device = torch.device(about["device"].partition(",")[0]) if about else None
    _memory(health, device)
    return health


def _memory(health: Health, device: torch.device | None) -> None:
    health.values["memory of the process (MB)"] = _number(resident(), 0, 1 / _MB)
    if device is None or device.type != "cuda":
        return
    try:
        free, total = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device)
    except RuntimeError as error:  # the device is lost
        health.fail(f"{device} does not answer: {str(error).partition(chr(10))[0]}")
        return
    sizes = {"held by the tracker": held, "free": free, "total": total}
    health.values |= {f"GPU memory, {k} (MB)": _number(v, 0, 1 / _MB) for k, v in sizes.items()}
    if free < SCARCE * total:
        health.warn(f"{free / _MB:.0f} MB of {total / _MB:.0f} MB are free on {device}")


def resident() -> float | None:
    """Return the bytes of memory that this process holds; None where that is not told."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return 1024.0 * int(sizes[0]) if sizes else None


def _share(part: int, whole: int) -> str:
    return _number(part / whole if whole else None, 0, 100)


def _number(value: float | None, digits: int, factor: float = 1.0) -> str:
    return "unknown" if value is None else f"{factor * value:.{digits}f}"
