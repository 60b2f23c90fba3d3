# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos for validation, made of what a training run held out: stills and clips.

The same configuration and data give the same videos, down to the last pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from pydantic import ValidationError

from re3_ros.boxes import Boxes
from re3_ros.datasets import default_data_folder
from re3_ros.errors import ConfigError
from re3_ros.images import Image
from re3_ros.network import read_metadata
from re3_ros.simulation import SCREEN, SimulatedTrack, Simulator, SimulatorConfig

from ._config import TrainingConfig, read_config
from ._data import held_out_data

STREAM = 11
"""Random numbers that no training run draws from."""
EVENTS = SimulatorConfig(
    hide=0.2, leave=0.1, shake=0.2, tilt=0.3, bend=0.1, renew=0.1, motion_blur=0.2
)
"""What happens in simulated videos, whatever the run was trained on, so that runs can be compared:
beside everyday occluders, targets that are fully occluded or leave, come back, and change their
look."""


RIVALS = EVENTS.model_copy(update={"rivals": 1.0, "crowd": 0.15, "hide": 0.0, "leave": 0.0})
"""In videos that tell whether the target is kept among objects like it."""


class Video(Protocol):
    """A labelled video of n frames, each of them made or read when asked for."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def boxes(self) -> Boxes:
        """The object's box in each frame, (n, 4) pixels; NaN where it is not in view."""

    @property
    def rivals(self) -> Boxes:
        """(R, n, 4) boxes of objects like the target that come in its way, as far as known."""

    def image(self, frame: int) -> Image:
        """Return a frame, uint8 HxWx3 RGB."""


@dataclass(frozen=True)
class SimulatedVideo:
    """A simulated track as a camera sees it."""

    name: str
    track: SimulatedTrack

    @property
    def boxes(self) -> Boxes:
        """(n, 4) pixels, NaN where nothing of the object is seen."""
        return np.where(self.track.visibility[:, None] > 0, self.track.boxes, np.nan)

    @property
    def rivals(self) -> Boxes:
        """(R, n, 4) pixels."""
        return self.track.rivals

    def image(self, frame: int) -> Image:
        """Return a frame: a crop as wide as the screen around its middle, cut to its height."""
        width, height = (int(side) for side in SCREEN)
        middle = np.array([width, height, width, height]) / 2
        window = middle + width / 2 * np.array([-1, -1, 1, 1])
        top = (width - height) // 2
        square = self.track.crop(frame, window, width, 1.0)
        return np.ascontiguousarray(square[top : top + height])


@dataclass(frozen=True)
class RenderedVideo:
    """A video whose frames are in memory, for several trackers to follow."""

    name: str
    boxes: Boxes
    """(n, 4) pixels."""
    rivals: Boxes
    """(R, n, 4) pixels."""
    frames: Sequence[Image]

    @classmethod
    def of(cls, video: Video) -> RenderedVideo:
        """Render all frames of a video."""
        frames = [video.image(k) for k in range(len(video.boxes))]
        return cls(video.name, video.boxes, video.rivals, frames)

    def every(self, stride: int) -> RenderedVideo:
        """Return the video of every so manieth frame, from the first."""
        boxes, rivals = self.boxes[::stride], self.rivals[:, ::stride]
        return RenderedVideo(self.name, boxes, rivals, self.frames[::stride])

    def image(self, frame: int) -> Image:
        """Return a frame."""
        return self.frames[frame]


def simulated_videos(
    simulator: Simulator, count: int, frames: int, name: str = "simulated"
) -> list[SimulatedVideo]:
    """Return ``count`` videos of ``frames`` frames, the same for the same simulator."""
    return [
        SimulatedVideo(f"{name} {k}", simulator.draw(np.random.default_rng([STREAM, k]), frames))
        for k in range(count)
    ]


class HeldOutVideos(NamedTuple):
    """What can be made of the data that a run held out; either may be empty."""

    simulated: Sequence[SimulatedVideo]
    clips: Sequence[Video]
    rivals: Sequence[SimulatedVideo]
    """Simulated ones in which objects like the target pass over it."""


def held_out_videos(
    config: TrainingConfig, root: Path, count: int = 60, frames: int = 100
) -> HeldOutVideos:
    """Return ``count`` simulated videos of the held-out stills, as many with rivals, and the
    held-out clips.

    ``config`` is that of the run which trained the network, ``root`` its data folder. Raises
    SourceError for data that cannot be read, ConfigError where nothing was held out.
    """
    stills, clips = held_out_data(config, root)
    if not stills and not clips:
        raise ConfigError(
            f"the run held nothing back from {root}; set held_stills or held_out and train again"
        )
    if not stills:
        return HeldOutVideos([], clips, [])
    simulated = simulated_videos(Simulator(stills, EVENTS), count, frames)
    rivals = simulated_videos(Simulator(stills, RIVALS), count, frames, "rivals")
    return HeldOutVideos(simulated, clips, rivals)


def run_data_folder(config: TrainingConfig) -> Path:
    """Return the data folder of a run where none is named: one in which its stills or videos lie.

    That is ``data/train`` in ``RE3_SHARED``, or in ``shared`` beside this project, or that itself.
    """
    shared = default_data_folder()
    named = [name for name in (config.stills, *config.video_folders) if name]
    inner = shared / "data" / "train"
    in_shared = any((shared / name).is_dir() for name in named)
    return shared if in_shared and not any((inner / name).is_dir() for name in named) else inner


def read_run_config(weights: Path, config: Path | None = None) -> TrainingConfig:
    """Return the configuration that weights were trained with, or the one in a YAML file.

    Raises WeightsError where the weights cannot be read, ConfigError where they do not say.
    """
    if config is not None:
        return read_config(config)
    text = read_metadata(weights).get("training")
    if text is None:
        raise ConfigError(
            f"{weights} does not say what it was trained on, hence not what was held back; give "
            "the run's YAML file"
        )
    try:
        return TrainingConfig.model_validate_json(text)
    except ValidationError as error:
        raise ConfigError(
            f"{weights} was trained with settings that this re3_ros does not know ({error}); give "
            "the run's YAML file"
        ) from error
