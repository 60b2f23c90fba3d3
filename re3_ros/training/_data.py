# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tracks of a training run, each step's a function of seed and step alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from re3_ros.crops import CONTEXT
from re3_ros.datasets import FrameCache, Still, read_stills
from re3_ros.errors import ConfigError, SourceError
from re3_ros.simulation import (
    CACHE_BYTES,
    Clip,
    ClipEntry,
    SimulatedTrack,
    Simulator,
    Track,
    VideoTrack,
    list_clips,
    procedural_stills,
    sample_track,
)

from ._config import Stage, TrainingConfig
from ._pool import Pool
from ._sources import ATTEMPTS, Videos, open_videos, stills_of
from ._split import split_held_out

log = logging.getLogger("re3_ros.training")


@dataclass(frozen=True)
class TrainingData:
    """What a run trains on, and what it holds out."""

    simulator: Simulator
    clips: list[Clip]
    held_out_clips: list[Clip]
    videos: list[Videos] = field(default_factory=list)
    """Data sets that are read on demand."""
    held_out_stills: list[Still] = field(default_factory=list)
    _named: set[str] = field(default_factory=set)
    _pools: dict[int, Pool] = field(default_factory=dict)

    def batch(
        self, config: TrainingConfig, stage: Stage, step: int, part: slice = slice(None)
    ) -> list[Track]:
        """Return a part of the tracks of a step; the same for the same seed and step."""
        each = range(stage.batch)
        if config.draw == "track":
            streams = [np.random.default_rng([config.seed, step, 2, i]) for i in each[part]]
            return self.tracks(config, streams, [stage.unroll] * len(streams))
        rng = np.random.default_rng([config.seed, step])
        return [self.track(rng, config.video_share, stage.unroll) for _ in each][part]

    def tracks(
        self,
        config: TrainingConfig,
        streams: Sequence[np.random.Generator],
        lengths: Sequence[int],
    ) -> list[Track]:
        """Return a track of so many frames from each generator.

        The simulated ones are drawn by other processes, if the configuration has `workers`; which
        tracks they are does not depend on it.
        """
        each = list(zip(streams, lengths, strict=True))
        if not config.workers:
            return [self.track(rng, config.video_share, frames) for rng, frames in each]
        filmed = [self._is_video(rng, config.video_share) for rng in streams]
        drawn = [pair for pair, video in zip(each, filmed, strict=True) if not video]
        simulated = iter(self._pool(config.workers).draw(drawn))
        return [
            self._video(rng, frames) if video else next(simulated)
            for (rng, frames), video in zip(each, filmed, strict=True)
        ]

    def _pool(self, workers: int) -> Pool:
        if workers not in self._pools:
            simulator = Simulator(
                self.simulator.stills, self.simulator.config, CACHE_BYTES // workers
            )
            self._pools[workers] = Pool(TrainingData(simulator, [], []).simulate, workers)
        return self._pools[workers]

    def _is_video(self, rng: np.random.Generator, video_share: float) -> bool:
        return bool(self.clips or self.videos) and bool(rng.random() < video_share)

    def track(self, rng: np.random.Generator, video_share: float, frames: int) -> Track:
        """Return a track, of a video with probability ``video_share``, else simulated."""
        if self._is_video(rng, video_share):
            return self._video(rng, frames)
        return self.simulate(rng, frames)

    def _video(self, rng: np.random.Generator, frames: int) -> VideoTrack:
        shares = np.array([v.source.share for v in self.videos] + [1.0] * bool(self.clips))
        # A single source costs no random number: runs without `datasets` stay what they were.
        chosen = int(rng.choice(len(shares), p=shares / shares.sum())) if len(shares) > 1 else 0
        if chosen < len(self.videos):
            return self.videos[chosen].draw(rng, frames)
        return sample_track(rng, self.clips, frames, self.simulator.config.slow)

    def crops(self, side: int, seed: int, count: int = 512) -> Tensor:
        """Return crops uint8 (N, 3, side, side) around simulated objects, at twice their size."""
        drawn = []
        for k in range(count):
            track = self.simulate(np.random.default_rng([seed, k, 5]), 2)
            drawn.append(torch.from_numpy(track.crop(0, track.boxes[0], side, CONTEXT)))
        return torch.stack(drawn).permute(0, 3, 1, 2)

    def simulate(self, rng: np.random.Generator, frames: int) -> SimulatedTrack:
        """Return a simulated track; a still that cannot be read is named once and others drawn."""
        for _ in range(ATTEMPTS):
            try:
                return self.simulator.draw(rng, frames)
            except SourceError as error:
                if str(error) not in self._named:
                    self._named.add(str(error))
                    log.warning("skipped a still: %s", error)
        raise SourceError(f"{ATTEMPTS} draws in a row met a still that cannot be read; see the log")


def read_data(config: TrainingConfig, root: Path) -> TrainingData:
    """Return stills and videos below ``root`` as the configuration names them.

    Raises SourceError for a folder that is missing or unreadable, or a held-out clip unknown, and
    ConfigError for workers that cannot be given tracks of their own.
    """
    if config.workers and config.draw != "track":
        raise ConfigError(
            f"{config.workers} workers have nothing to draw where `draw` is {config.draw!r}; set "
            "`draw: track`, or `workers: 0`"
        )
    training, held = split_held_out(_read_stills(config, root), config.held_stills)
    clips = [entry.read() for entry in _clips(config, root)]
    cache = FrameCache(config.cache_megabytes << 20)
    sources = open_videos(config.datasets, root, cache, config.simulator.slow)
    return TrainingData(
        Simulator(training, config.simulator),
        [c for c in clips if c.name not in config.held_out],
        [c for c in clips if c.name in config.held_out]
        + [c for v in sources if v.source.role == "validate" for c in v.clips()],
        [v for v in sources if v.source.role == "train"],
        held,
    )


def held_out_data(config: TrainingConfig, root: Path) -> tuple[list[Still], list[Clip]]:
    """Return the stills and the clips that a run does not train on.

    Raises SourceError as `read_data`.
    """
    stills = split_held_out(_read_stills(config, root), config.held_stills)[1]
    clips = [entry.read() for entry in _clips(config, root) if entry.name in config.held_out]
    chosen = [source for source in config.datasets if source.role == "validate"]
    sources = open_videos(chosen, root, FrameCache(config.cache_megabytes << 20))
    return stills, clips + [clip for source in sources for clip in source.clips()]


def _clips(config: TrainingConfig, root: Path) -> list[ClipEntry]:
    clips = [clip for name in config.video_folders for clip in list_clips(root / name)]
    unknown = set(config.held_out) - {clip.name for clip in clips}
    if config.video_folders and unknown:
        folders = ", ".join(str(root / name) for name in config.video_folders)
        raise SourceError(f"no clip {', '.join(sorted(unknown))} in {folders}")
    return clips


def _read_stills(config: TrainingConfig, root: Path) -> list[Still]:
    if config.procedural:
        return procedural_stills(config.procedural)
    stills = read_stills(root / config.stills, config.skip_licences) if config.stills else []
    stills += stills_of(config.datasets, root, config.skip_licences)
    if not stills and config.video_share < 1:
        raise SourceError(
            f"{root / config.stills} and datasets list no still that may be used; name some, or "
            "set video_share to 1"
        )
    return stills
