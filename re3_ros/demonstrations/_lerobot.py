# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes as a LeRobotDataset v3.0: tables in Parquet, videos in MP4, a folder that explains them.

Each episode has files of its own, which the format allows, so that adding one touches nothing of
those before but the small tables in ``meta``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from re3_ros.errors import ConfigError, writing
from re3_ros.images import Image
from re3_ros.media import VideoWriter

from ._features import VIDEO_NAMES, Episode, Feature, check_same
from ._lerobot_index import (
    CHUNK,
    DATA_PATH,
    EPISODES,
    EPISODES_PATH,
    INFO,
    STATS,
    TASKS,
    VERSION,
    VIDEO_PATH,
    Index,
    is_lerobot,
    read_index,
)
from ._lerobot_tables import episode_row, frame_columns, write_episode, write_frames, write_tasks
from ._stats import Stats, VideoStats, column_stats, merge_stats
from ._store import KEPT, EpisodeFiles, EpisodeStore, Staging, need

H264_OPTIONS = {"crf": "20", "preset": "veryfast", "g": "2", "bf": "0"}
"""Every second frame stands alone, so that any one is read at once, as in training."""


class LeRobotStore(EpisodeStore):
    """A folder with a LeRobotDataset v3.0, written with pyarrow and PyAV.

    Raises ConfigError if it is there, unless ``append`` adds episodes to it or ``overwrite``
    replaces it, which a data set alone may be; if it is damaged or of another version; and where
    pyarrow or PyAV are not installed.
    """

    def __init__(self, path: Path | str, *, append: bool = False, overwrite: bool = False) -> None:
        need("lerobot", ("pyarrow", "av"), "parquet,video")
        self.path = Path(path).expanduser()
        there = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        if there and not (append or overwrite):
            raise ConfigError(
                f"{self.path} exists already; give another output, --append to add episodes to it, "
                "or --overwrite to replace it"
            )
        if there and overwrite and not is_lerobot(self.path):
            raise ConfigError(f"{self.path} exists and is no LeRobot data set; give another output")
        self._fresh = overwrite or not there
        self._index = Index(self.path) if self._fresh else read_index(self.path)

    @property
    def fps(self) -> int | None:
        """Frames a second of the episodes that are there, None without any."""
        return self._index.info.get("fps")

    @property
    def features(self) -> Mapping[str, Feature]:
        """What the episodes that are there consist of, empty without any."""
        return self._index.features

    def begin(self, fps: int) -> EpisodeFiles:
        """Begin an episode. Raises ConfigError where it cannot be added."""
        name = f".{self.path.name}.part"
        folder = self.path.with_name(name) if self._fresh else self.path / ".part"
        staging = Staging(folder, KEPT)
        try:  # another program may have added to it
            self._index = Index(self.path) if self._fresh else read_index(self.path)
        except BaseException:
            staging.close()
            raise
        return _LeRobotEpisode(self, self._index, staging, fps)

    def take_over(self) -> None:
        """Go on with what is in the folder now."""
        self._fresh, self._index = False, read_index(self.path)


class _LeRobotEpisode(EpisodeFiles):
    """An episode that comes after those of ``index``."""

    def __init__(self, store: LeRobotStore, index: Index, staging: Staging, fps: int) -> None:
        super().__init__()
        self._store, self._index, self._staging, self._fps = store, index, staging, fps
        self._videos: dict[str, VideoWriter] = {}
        self._stats: dict[str, VideoStats] = {}
        self._places: dict[str, dict[str, int]] = {}

    def write(self, key: str, image: Image) -> None:
        """Append a frame to a video."""
        self.check_size(key, image)
        if key not in self._videos:
            path = self._staging.folder / VIDEO_PATH.format(video_key=key, **self._place(key))
            path.parent.mkdir(parents=True, exist_ok=True)
            self._videos[key] = VideoWriter(path, self._fps, H264_OPTIONS)
            self._stats[key] = VideoStats()
        with writing(self._store.path, KEPT):
            self._videos[key].write(image)
        self._stats[key].add(image)

    def commit(self, episode: Episode) -> int:
        """Add it to the data set."""
        number, fresh = self._index.episodes, not self._index.info
        try:
            features = self._features(episode)
            if not fresh:
                check_same(self._index.features, features, str(self._store.path))
            with writing(self._store.path, KEPT):
                for video in self._videos.values():
                    video.close()
                new = self._build(episode, features)
                if fresh:
                    self._staging.move_to(self._store.path)
                else:
                    _publish(self._staging.folder, self._store.path, new)
        finally:
            self.discard()
        self._store.take_over()
        return number

    def discard(self) -> None:
        """Leave nothing behind."""
        for video in self._videos.values():
            with suppress(OSError):
                video.close()
        self._staging.close()

    def _place(self, what: str) -> dict[str, int]:
        return self._places.setdefault(what, self._index.place(what))

    def _features(self, episode: Episode) -> dict[str, Feature]:
        videos = {}
        for key, video in self._videos.items():
            width, height = video.size
            videos[key] = Feature("video", (height, width, 3), VIDEO_NAMES)
        return {**videos, **{key: c.feature for key, c in episode.columns.items()}}

    def _build(self, episode: Episode, features: Mapping[str, Feature]) -> list[str]:
        """Write all files but the videos; return the names of those that are new, not replaced."""
        folder, index = self._staging.folder, self._index
        if episode.task not in index.tasks:
            index.tasks.append(episode.task)
        columns = frame_columns(episode, index)
        stats: dict[str, Stats] = {key: v.result() for key, v in self._stats.items()}
        stats |= {key: column_stats(c.values) for key, c in columns.items()}
        data = DATA_PATH.format(**self._place("data"))
        episodes = EPISODES_PATH.format(**self._place(EPISODES))
        write_frames(folder / data, columns)
        row = episode_row(index, episode, self._places, stats)
        write_episode(folder / episodes, row, index.schema)
        write_tasks(folder / TASKS, index.tasks)
        merged = {
            key: merge_stats(index.stats[key], found) if key in index.stats else found
            for key, found in stats.items()
        }
        plain = {k: {n: v.tolist() for n, v in found.items()} for k, found in merged.items()}
        _write_json(folder / STATS, {**index.stats, **plain})
        own = {key: c.feature for key, c in columns.items() if key not in features}
        _write_json(folder / INFO, self._info(episode, {**features, **own}))
        videos = [VIDEO_PATH.format(video_key=key, **self._place(key)) for key in self._videos]
        return [*videos, data, episodes]

    def _info(self, episode: Episode, features: Mapping[str, Feature]) -> dict[str, Any]:
        before, total = self._index.info, self._index.episodes + 1
        first = {
            "codebase_version": VERSION,
            "robot_type": None,
            "chunks_size": CHUNK,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": episode.fps,
            "data_path": DATA_PATH,
            "video_path": VIDEO_PATH,
            "features": {key: _described(f, episode.fps) for key, f in features.items()},
        }
        counts = {
            "total_episodes": total,
            "total_frames": self._index.frames + episode.frames,
            "total_tasks": len(self._index.tasks),
            "splits": {"train": f"0:{total}"},
        }
        return {**(before or first), **counts}


def _described(feature: Feature, fps: int) -> dict[str, Any]:
    about = {"dtype": feature.dtype, "shape": list(feature.shape), "names": list(feature.names)}
    if feature.dtype != "video":
        return about
    height, width, channels = feature.shape
    info = {
        "video.height": height,
        "video.width": width,
        "video.codec": "h264",
        "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False,
        "video.fps": fps,
        "video.channels": channels,
        "has_audio": False,
    }
    return {**about, "info": info}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=4, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _publish(staged: Path, path: Path, new: list[str]) -> None:
    """Move files of an episode to their places, ``info.json`` last; undo all if one fails.

    What lies there beyond the index is of an episode whose process was killed, and is replaced.
    """
    changed = [TASKS, STATS, INFO]
    for name in changed:
        shutil.copy2(path / name, staged / f"{name}.before")
    try:
        for name in [*new, *changed]:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).replace(path / name)
    except BaseException:
        for name in new:
            (path / name).unlink(missing_ok=True)
        for name in changed:
            (staged / f"{name}.before").replace(path / name)
        raise
