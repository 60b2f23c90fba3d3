# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes as an HDF5 file in robomimic's layout.

``data/demo_N`` holds ``actions``, ``rewards``, ``dones`` and ``obs``; robomimic's documentation has
it under "Dataset structure". What is ``observation.target.cup`` for LeRobot is ``obs/target.cup``
here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from re3_ros.errors import ConfigError, writing
from re3_ros.images import Image

from ._features import ACTION, VIDEO_NAMES, Episode, Feature, check_same
from ._store import KEPT, EpisodeFiles, EpisodeStore, Staging, need

MAKER = "re3_ros"
"""Attribute of ``data`` whose presence says that a file is of ours."""
_FAILURES = (RuntimeError, ValueError)
"""What h5py raises where HDF5 cannot write, besides OSError."""
_REASON = re.compile(r"error message = '([^']*)'")


class RobomimicStore(EpisodeStore):
    """One HDF5 file; each episode is added to a copy, which then takes its place.

    Raises ConfigError as `LeRobotStore`, where h5py is not installed, and without ``actions``: the
    layout has them.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        append: bool = False,
        overwrite: bool = False,
        actions: bool = True,
    ) -> None:
        need("hdf5", ("h5py",), "hdf5")
        if not actions:
            raise ConfigError(
                "the format hdf5 needs actions, and no topic of them is named: give --action, or "
                "choose the format lerobot, which does without"
            )
        self.path = Path(path).expanduser()
        there = self.path.exists()
        if there and not (append or overwrite):
            raise ConfigError(
                f"{self.path} exists already; give another output, --append to add episodes to it, "
                "or --overwrite to replace it"
            )
        if self.path.is_dir():
            raise ConfigError(f"{self.path} is a folder; give the name of a file, NAME.hdf5")
        self.fresh = overwrite or not there
        self._about: dict[str, Any] = {} if self.fresh else _about(self.path)

    @property
    def fps(self) -> int | None:
        """Frames a second of the episodes that are there, None without any."""
        return self._about.get("fps")

    @property
    def features(self) -> Mapping[str, Feature]:
        """What the episodes that are there consist of, empty without any."""
        given = self._about.get("features", {})
        return {
            key: Feature(f["dtype"], tuple(f["shape"]), tuple(f["names"]))
            for key, f in given.items()
        }

    def begin(self, fps: int) -> EpisodeFiles:
        """Begin an episode. Raises ConfigError where it cannot be added."""
        staging = Staging(self.path.with_name(f".{self.path.name}.part"), KEPT)
        try:
            if not self.fresh:  # another program may have added to it
                self._about = _about(self.path)
            return _RobomimicEpisode(self, staging, fps)
        except BaseException:
            staging.close()
            raise

    def take_over(self) -> None:
        """Go on with what is in the file now."""
        self.fresh, self._about = False, _about(self.path)


class _RobomimicEpisode(EpisodeFiles):
    """The next group of the file, in a copy of it."""

    def __init__(self, store: RobomimicStore, staging: Staging, fps: int) -> None:
        super().__init__()
        self._store, self._staging, self._fps = store, staging, fps
        self._path = staging.folder / store.path.name
        with _writing(store.path):
            if not store.fresh:
                shutil.copyfile(store.path, self._path)
            self._file = _open(self._path, "a")
            self._data = self._file.require_group("data")
            self._number = len(self._data)
            self._group = self._data.create_group(f"demo_{self._number}")

    def write(self, key: str, image: Image) -> None:
        """Append a frame to the images of one key."""
        self.check_size(key, image)
        name = f"obs/{_short(key)}"
        with _writing(self._store.path):
            if name not in self._group:
                shape = image.shape
                self._group.create_dataset(
                    name,
                    (0, *shape),
                    np.uint8,
                    maxshape=(None, *shape),
                    chunks=(1, *shape),
                    compression="gzip",
                    compression_opts=1,
                )
            frames = self._group[name]
            frames.resize(len(frames) + 1, axis=0)
            frames[-1] = image

    def commit(self, episode: Episode) -> int:
        """Add it to the file."""
        try:
            features = {
                **{
                    key: Feature("video", (height, width, 3), VIDEO_NAMES)
                    for key, (width, height) in self._sizes.items()
                },
                **{key: column.feature for key, column in episode.columns.items()},
            }
            if self._number:
                check_same(self._store.features, features, str(self._store.path))
            with _writing(self._store.path):
                self._fill(episode, features)
                self._file.close()
                self._store.path.parent.mkdir(parents=True, exist_ok=True)
                self._path.replace(self._store.path)
        finally:
            self.discard()
        self._store.take_over()
        return self._number

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):  # on a full disk HDF5 needs room even to close a file
            os.truncate(self._path, 0)
        with suppress(OSError, *_FAILURES):
            self._file.close()
        self._staging.close()

    def _fill(self, episode: Episode, features: Mapping[str, Feature]) -> None:
        for key, column in episode.columns.items():
            name = "actions" if key == ACTION else f"obs/{_short(key)}"
            self._group[name] = column.values
            self._group[name].attrs["names"] = list(column.names)
        self._group["rewards"] = np.zeros(episode.frames)
        self._group["dones"] = np.arange(episode.frames) == episode.frames - 1
        self._group.attrs["num_samples"] = episode.frames
        self._group.attrs["task"] = episode.task
        described = {
            key: {"dtype": f.dtype, "shape": list(f.shape), "names": list(f.names)}
            for key, f in features.items()
        }
        about = {"fps": episode.fps, "features": described}
        attributes = self._data.attrs
        attributes["total"] = int(attributes.get("total", 0)) + episode.frames
        attributes.setdefault("env_args", json.dumps(_environment()))
        attributes[MAKER] = json.dumps(about, ensure_ascii=False)


def _environment() -> dict[str, Any]:
    """Return what robomimic wants to know of a simulator: there is none."""
    return {"env_name": "re3_ros", "type": 0, "env_kwargs": {}}


def _short(key: str) -> str:
    """Return a feature's name under ``obs``: of observation.images.camera, camera_image."""
    rest = key.removeprefix("observation.")
    return f"{rest.removeprefix('images.')}_image" if rest.startswith("images.") else rest


def _about(path: Path) -> dict[str, Any]:
    """Return fps and features of a file. Raises ConfigError for one that is not of ours."""
    try:
        with _open(path, "r") as file:
            about: dict[str, Any] = json.loads(file["data"].attrs[MAKER])
            return about
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path} is no HDF5 file of episodes that re3_ros wrote ({error}); give another output"
        ) from error


def _open(path: Path, mode: str) -> Any:
    import h5py

    return h5py.File(path, mode, rdcc_nbytes=0)  # no cache: frames are written once, in order


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    with writing(path, KEPT):
        try:
            yield
        except (OSError, *_FAILURES) as error:
            reason = _REASON.search(str(error))  # of HDF5, which tells where in memory it was, too
            raise OSError(reason[1] if reason else " ".join(str(error).split())) from error
