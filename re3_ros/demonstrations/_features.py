# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What an episode consists of: features with names, and an array or a video of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import ConfigError

STATE, ACTION = "observation.state", "action"
STAMP = "stamp_ns"
"""Feature with the stamp of the image, as it was in the message."""
VIDEO_NAMES = ("height", "width", "channels")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Feature:
    """What is told of every frame under one key, in the words of LeRobot's info.json."""

    dtype: str
    """float32, int64, or video."""
    shape: tuple[int, ...]
    """Of one frame: (n,) values, or (height, width, 3) pixels."""
    names: tuple[str, ...]

    def __str__(self) -> str:
        values = ", ".join(self.names) if self.dtype != "video" else "pixels"
        return f"{self.dtype} {'x'.join(map(str, self.shape))} ({values})"


@dataclass
class Column:
    """The values of one feature in all frames of an episode."""

    names: tuple[str, ...]
    values: NDArray[Any]
    """(T, n) float32 or int64; no value is missing, none is NaN."""

    @property
    def feature(self) -> Feature:
        """What it is."""
        return Feature(str(self.values.dtype), (self.values.shape[1],), self.names)


@dataclass
class Episode:
    """One demonstration, but for its videos: ``frames`` images, ``fps`` of them a second."""

    task: str
    fps: int
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """How many images it has."""
        return len(self.columns[STAMP].values)

    def add(self, key: str, names: tuple[str, ...], values: NDArray[Any]) -> None:
        """Take ``values`` (T, n); numbers with a fraction become float32."""
        whole = np.issubdtype(values.dtype, np.integer)
        self.columns[key] = Column(names, values.astype(np.int64 if whole else np.float32))


def camera_key(camera: str) -> str:
    """Return the key of a camera's video. Raises ConfigError for a name that cannot be in one."""
    return f"observation.images.{_checked('camera', camera)}"


def crop_key(target: str) -> str:
    """Return the key of the video that shows a target alone; raises ConfigError likewise."""
    return f"observation.images.{_checked('target', target)}_crop"


def target_key(target: str) -> str:
    """Return the key of a target's box and position; raises ConfigError likewise."""
    return f"observation.target.{_checked('target', target)}"


def keyframe_key(target: str) -> str:
    """Return the key of where a target starts and stops.

    It is told from what comes after, too, so it is no observation.
    """
    return f"keyframe.{_checked('target', target)}"


def check_same(there: Mapping[str, Feature], here: Mapping[str, Feature], where: str) -> None:
    """Raise ConfigError if an episode's features are not those of the data set ``where``."""
    problems = [f"{key} is missing in it" for key in there if key not in here]
    problems += [f"{key} is not in the data set" for key in here if key not in there]
    problems += [
        f"{key} is {here[key]}, in the data set {feature}"
        for key, feature in there.items()
        if key in here and here[key] != feature
    ]
    if problems:
        raise ConfigError(
            f"the episode does not fit the data set {where}: {'; '.join(problems)}; record it with "
            "the same options and target ids, or give another output"
        )


def _checked(what: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} {name!r} cannot be in the name of a feature; expected letters, digits, _ and "
            f"-, beginning with a letter or digit: give the {what} another name"
        )
    return name
