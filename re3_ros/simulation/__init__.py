# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulation: a still photograph becomes a track, a target in motion with its truth, and pixels.

In come stills (`re3_ros.datasets`), or numbers alone where there are none. `Simulator` lays them
out as layers in motion, a `SimulatedTrack` with the box and the visible share in every frame; a
`Renderer` makes the crops of it that training asks for, on the host or on the device. Out go tracks
and crops; nothing here learns.
"""

from ._config import SimulatorConfig
from ._procedural import procedural_stills
from ._render import HostRenderer, Renderer, TorchRenderer, make_renderer
from ._simulator import CACHE_BYTES, Simulator
from ._track import SCREEN, RivalKind, SimulatedTrack, Track
from ._videos import (
    BOXES,
    TABLE,
    Clip,
    ClipEntry,
    VideoTrack,
    clip_frames,
    list_clips,
    read_clip,
    sample_frames,
    sample_track,
)

__all__ = [
    "BOXES",
    "CACHE_BYTES",
    "SCREEN",
    "TABLE",
    "Clip",
    "ClipEntry",
    "HostRenderer",
    "Renderer",
    "RivalKind",
    "SimulatedTrack",
    "Simulator",
    "SimulatorConfig",
    "TorchRenderer",
    "Track",
    "VideoTrack",
    "clip_frames",
    "list_clips",
    "make_renderer",
    "procedural_stills",
    "read_clip",
    "sample_frames",
    "sample_track",
]
