# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tracks of a training run, each step's a function of seed and step alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from re3_ros.errors import SourceError

from ._config import Stage, TrainingConfig
from ._procedural import draw_stills
from ._simulator import Simulator
from ._stills import Still, read_stills
from ._unroll import Track
from ._validation import simulate_clips
from ._videos import Clip, draw_track, read_clip


@dataclass(frozen=True)
class Data:
    """What a run trains on, and what it holds back."""

    simulator: Simulator
    clips: list[Clip]
    held_clips: list[Clip]

    def batch(
        self, config: TrainingConfig, stage: Stage, step: int, part: slice = slice(None)
    ) -> list[Track]:
        """Return a part of the tracks of a step; the same for the same seed and step."""
        each = range(stage.batch)
        if config.draw == "track":
            streams = [np.random.default_rng([config.seed, step, 2, i]) for i in each[part]]
            return [self._track(rng, config.video_share, stage.unroll) for rng in streams]
        rng = np.random.default_rng([config.seed, step])
        return [self._track(rng, config.video_share, stage.unroll) for _ in each][part]

    def _track(self, rng: np.random.Generator, video_share: float, frames: int) -> Track:
        if self.clips and rng.random() < video_share:
            return draw_track(rng, self.clips, frames)
        return self.simulator.draw(rng, frames)


def read_data(config: TrainingConfig, root: Path) -> Data:
    """Return stills and clips below ``root`` as the configuration names them.

    Raises SourceError for a folder that is missing or unreadable, or a held clip unknown.
    """
    stills = _read_stills(config, root)
    training, held = split_held(stills, config.held_stills)
    videos = (root / config.videos).iterdir() if config.videos else ()
    folders = sorted(p for p in videos if p.is_dir())
    unknown = set(config.held_out) - {p.name for p in folders}
    if unknown:
        raise SourceError(f"{root / config.videos} has no clip {', '.join(sorted(unknown))}")
    clips = [read_clip(p) for p in folders]
    return Data(
        Simulator(training),
        [c for c in clips if c.name not in config.held_out],
        [c for c in clips if c.name in config.held_out] + simulate_clips(held, config.held_tracks),
    )


def _read_stills(config: TrainingConfig, root: Path) -> list[Still]:
    if config.procedural:
        return draw_stills(config.procedural)
    stills = read_stills(root / config.stills, config.skip_licences)
    if not stills:
        raise SourceError(f"{root / config.stills} lists no object that may be used")
    return stills


def split_held(stills: list[Still], share: float) -> tuple[list[Still], list[Still]]:
    """Return stills to train on and stills held back: ``share`` of all photographs, as wholes."""
    paths = sorted({still.image_path for still in stills})
    chosen = np.random.default_rng(0).random(len(paths)) < share
    held = {path for path, c in zip(paths, chosen, strict=True) if c}
    return (
        [s for s in stills if s.image_path not in held],
        [s for s in stills if s.image_path in held],
    )
