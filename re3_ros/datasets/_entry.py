# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos of a data set that are known by name and not yet read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from re3_ros.errors import ConfigError

from ._sequence import Sequence


@dataclass(frozen=True)
class Entry:
    """A video of a data set. Listing costs a look at folders; labels are read by `read`."""

    name: str
    read: Callable[[], tuple[Sequence, ...]]
    """Reads the labels: one sequence for each target in the video. Raises SourceError, naming
    file and line, for labels that are missing or broken."""


def one(name: str, reader: Callable[..., Sequence], *arguments: Any) -> Entry:
    """Return the entry of a video with one target, read by ``reader(*arguments)``."""
    return Entry(name, partial(_read_one, reader, *arguments))


def no_split(layout: str, split: str) -> None:
    """Raise ConfigError where a split is asked of a layout that has none."""
    if split:
        raise ConfigError(f"layout {layout} has no split {split!r}; leave the split out")


def _read_one(reader: Callable[..., Sequence], *arguments: Any) -> tuple[Sequence, ...]:
    return (reader(*arguments),)
