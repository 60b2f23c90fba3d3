# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where episodes go: what every format of a data set can do."""

from __future__ import annotations

import fcntl
import importlib.util
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path

from re3_ros.errors import ConfigError, ImageError, writing
from re3_ros.images import Image
from re3_ros.media import Closing

from ._features import Episode, Feature

KEPT = "the episodes before are whole, and of this one nothing is kept"


class EpisodeFiles(ABC):
    """An episode that is being written; it is in the data set once committed, or not at all."""

    def __init__(self) -> None:
        self._sizes: dict[str, tuple[int, int]] = {}

    @abstractmethod
    def write(self, key: str, image: Image) -> None:
        """Append a frame uint8 (H, W, 3) to the video ``key``.

        Raises ImageError for one of another size than the first, OutputError on a full disk.
        """

    @abstractmethod
    def commit(self, episode: Episode) -> int:
        """Add it to the data set; return its number.

        Raises ConfigError if its features are not those of the episodes before, OutputError if it
        cannot be written; then nothing of it is left.
        """

    @abstractmethod
    def discard(self) -> None:
        """Leave nothing behind; after a commit it does nothing."""

    def check_size(self, key: str, image: Image) -> None:
        """Raise ImageError for an image of another size than the first one of a video."""
        height, width = image.shape[:2]
        first = self._sizes.setdefault(key, (width, height))
        if (width, height) != first:
            raise ImageError(
                f"an image of {key} has {width} x {height} pixels, those before {first[0]} x "
                f"{first[1]}; a video has one size: record what comes after as another data set"
            )


class EpisodeStore(ABC):
    """A data set, new or there, that takes episodes one after the other."""

    path: Path

    @property
    @abstractmethod
    def fps(self) -> int | None:
        """Frames a second of the episodes that are there, None without any."""

    @property
    @abstractmethod
    def features(self) -> Mapping[str, Feature]:
        """What the episodes that are there consist of, empty without any."""

    @abstractmethod
    def begin(self, fps: int) -> EpisodeFiles:
        """Begin an episode. Raises ConfigError where it cannot be added."""


class Staging(Closing):
    """A folder in which something is built before it is moved to its place; only one writes there.

    What a process left that was killed is removed. Raises ConfigError if another one is writing.
    """

    def __init__(self, folder: Path, kept: str) -> None:
        self.folder, self._lock_path = folder, folder / ".lock"
        with writing(folder, kept):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._lock_path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ConfigError(
                f"{folder} is in use: another program records into the same data set; wait for "
                "its end, or give another output"
            ) from error
        for entry in folder.iterdir():
            if entry != self._lock_path:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def move_to(self, path: Path) -> None:
        """Make the folder ``path``, in place of what is there."""
        self._lock_path.unlink(missing_ok=True)
        old = self.folder.with_name(f"{self.folder.name}.old")
        if path.exists():
            path.replace(old)
        try:
            self.folder.replace(path)
        except OSError:
            if old.exists():
                old.replace(path)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder, if it is still there; a second call does nothing."""
        if not self._lock.closed:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._lock.close()


def need(form: str, modules: Collection[str], extras: str) -> None:
    """Raise ConfigError if one of ``modules`` is not installed, naming the extras with it."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the format {form} needs {' and '.join(missing)}, not installed here: pip install "
            f"'re3_ros[{extras}]', or choose another format"
        )
