# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A data set by the name of its format."""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import ConfigError

from ._lerobot import LeRobotStore
from ._robomimic import RobomimicStore
from ._store import EpisodeStore

FORMATS = ("lerobot", "hdf5")


def open_store(
    form: str,
    path: Path | str,
    *,
    append: bool = False,
    overwrite: bool = False,
    actions: bool = False,
) -> EpisodeStore:
    """Return a data set of one of FORMATS, with or without ``actions`` in its episodes.

    Raises ConfigError for another format, and as `LeRobotStore` and `RobomimicStore` do.
    """
    if form == "lerobot":
        return LeRobotStore(path, append=append, overwrite=overwrite)
    if form == "hdf5":
        return RobomimicStore(path, append=append, overwrite=overwrite, actions=actions)
    raise ConfigError(f"format is {form!r}; expected one of {', '.join(FORMATS)}")
