# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a LeRobot data set says of itself, and where its next episode goes.

The layout is that of LeRobotDataset v3.0 as the package lerobot 0.4.4 reads and writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from re3_ros.errors import ConfigError

from ._features import Feature

VERSION = "v3.0"
INFO, STATS, TASKS, EPISODES = (
    "meta/info.json",
    "meta/stats.json",
    "meta/tasks.parquet",
    "meta/episodes",
)
FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
DATA_PATH = f"data/{FILE}.parquet"
VIDEO_PATH = f"videos/{{video_key}}/{FILE}.mp4"
EPISODES_PATH = f"{EPISODES}/{FILE}.parquet"
CHUNK = 1000
"""Files in a folder."""
OWN = ("timestamp", "frame_index", "episode_index", "index", "task_index")
"""Features that LeRobot itself counts in every data set."""
Place = tuple[int, int]
"""Chunk and file."""


@dataclass
class Index:
    """The tables and figures under ``meta``; empty for a new data set."""

    path: Path
    info: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    last: dict[str, Place] = field(default_factory=dict)
    """Last place of the files of ``data``, ``meta/episodes`` and each video."""
    schema: Any = None
    """Of the first table of episodes, where there is one: readers cast the others to it."""

    @property
    def episodes(self) -> int:
        """How many there are."""
        return int(self.info.get("total_episodes", 0))

    @property
    def frames(self) -> int:
        """How many there are in all episodes."""
        return int(self.info.get("total_frames", 0))

    @property
    def features(self) -> dict[str, Feature]:
        """What an episode consists of, without OWN."""
        given = self.info.get("features", {})
        return {
            key: Feature(f["dtype"], tuple(f["shape"]), _names(f))
            for key, f in given.items()
            if key not in OWN
        }

    def place(self, what: str) -> dict[str, int]:
        """Return where the next file of ``what`` goes, see `last`."""
        chunk, file = self.last.get(what, (0, -1))
        size = int(self.info.get("chunks_size", CHUNK))
        chunk, file = (chunk, file + 1) if file + 1 < size else (chunk + 1, 0)
        return {"chunk_index": chunk, "file_index": file}


def read_index(path: Path) -> Index:
    """Return what is known of the data set in ``path``.

    Raises ConfigError if it is none, of another version, or damaged.
    """
    info_path = path / INFO
    if not info_path.is_file():
        raise ConfigError(
            f"{path} exists and is no LeRobot data set, it has no {INFO}; give another output"
        )
    try:
        info = json.loads(info_path.read_text(encoding="utf-8"))
        version = info["codebase_version"]
        if version == VERSION:
            return _read(path, info)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ConfigError(
            f"the LeRobot data set {path} is damaged: {type(error).__name__}: {error}; give "
            "another output"
        ) from error
    raise ConfigError(
        f"the LeRobot data set {path} is of version {version}, and only {VERSION} is written here; "
        "convert it with the scripts of lerobot, or give another output"
    )


def is_lerobot(path: Path) -> bool:
    """Tell whether a folder holds a LeRobot data set and nothing else: it may be replaced."""
    if not path.is_dir() or path.is_symlink() or not (path / INFO).is_file():
        return False
    names = {entry.name for entry in path.iterdir()}
    return names <= {"meta", "data", "videos", "images", "README.md", ".part", ".cache"}


def _read(path: Path, info: dict[str, Any]) -> Index:
    import pyarrow.parquet as pq

    for name, ours in (("data_path", DATA_PATH), ("video_path", VIDEO_PATH)):
        if info[name] != ours:
            raise ValueError(f"{name} is {info[name]!r}, not {ours!r}")
    stats = json.loads((path / STATS).read_text(encoding="utf-8"))
    index = Index(path, info, stats, _tasks(path))
    for file in sorted((path / EPISODES).glob("*/*.parquet")):
        if index.schema is None:
            index.schema = pq.read_schema(file)
        for what, key in _placed(info):
            names = [f"{key}/chunk_index", f"{key}/file_index"]
            table = pq.read_table(file, columns=names)
            places = zip(*(table[name].to_pylist() for name in names), strict=True)
            index.last[what] = max([index.last.get(what, (0, -1)), *places])
    if index.episodes and index.schema is None:
        raise ValueError(f"{EPISODES} has no file")
    return index


def _placed(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what has files of its own, and the prefix of its columns in the table of episodes."""
    yield from ((name, name) for name in ("data", EPISODES))
    videos = [key for key, f in info["features"].items() if f["dtype"] == "video"]
    yield from ((key, f"videos/{key}") for key in videos)


def _tasks(path: Path) -> list[str]:
    """Return the tasks by their numbers; their text is pandas' index, whatever its name."""
    import pyarrow.parquet as pq

    table = pq.read_table(path / TASKS)
    (name,) = (name for name in table.column_names if name != "task_index")
    numbered = zip(table["task_index"].to_pylist(), table[name].to_pylist(), strict=True)
    return [text for _, text in sorted(numbered)]


def _names(feature: dict[str, Any]) -> tuple[str, ...]:
    names = feature.get("names") or ()
    if isinstance(names, dict):  # as some robots group theirs
        names = [name for group in names.values() for name in group]
    return tuple(map(str, names))
