# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos of a data set that are known by name and not yet read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from re3_ros.errors import ConfigError, SourceError

from ._sequence import Sequence


@dataclass(frozen=True)
class Entry:
    """A video of a data set. Listing costs a look at folders; labels are read by `read`."""

    name: str
    reader: Callable[[], tuple[Sequence, ...]]
    """Reads the labels."""
    place: Path
    """Where they lie."""

    def read(self) -> tuple[Sequence, ...]:
        """Return one sequence for each target in the video.

        Raises SourceError, naming file and line, for labels that are missing or broken, and naming
        the place for whatever else goes wrong.
        """
        try:
            return self.reader()
        except SourceError:
            raise
        except Exception as error:  # one broken video of a thousand is to be named, not to end all
            raise SourceError(
                f"{self.place}: the labels of {self.name} cannot be read "
                f"({type(error).__name__}: {error}); leave it out or replace them"
            ) from error


def one(name: str, reader: Callable[..., Sequence], *arguments: Path) -> Entry:
    """Return the entry of a video with one target, read by ``reader(*arguments)``.

    The last argument is where its labels lie.
    """
    return Entry(name, partial(_read_one, reader, *arguments), arguments[-1])


def no_split(layout: str, split: str) -> None:
    """Raise ConfigError where a split is asked of a layout that has none."""
    if split:
        raise ConfigError(f"layout {layout} has no split {split!r}; leave the split out")


def _read_one(reader: Callable[..., Sequence], *arguments: Any) -> tuple[Sequence, ...]:
    return (reader(*arguments),)


def sub_folders(root: Path, split: str, names: Iterable[str]) -> list[Path]:
    """Return the folder of a split, or those of all splits; ``root`` where it has none of them.

    Raises ConfigError for a split that the data set does not know, SourceError for one that is
    not there.
    """
    names = tuple(names)
    if split and split not in names:
        raise ConfigError(f"split {split!r} is unknown; give one of {', '.join(names)} or none")
    if split and not (root / split).is_dir():
        if root.name == split:
            return [root]
        raise SourceError(f"{root} has no folder {split}; give the folder that holds it")
    there = [root / name for name in ([split] if split else names) if (root / name).is_dir()]
    return there or [root]
