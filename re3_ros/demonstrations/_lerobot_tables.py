# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of a LeRobot data set: frames, episodes and tasks, in Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._features import Column, Episode
from ._lerobot_index import EPISODES, OWN, Index
from ._stats import Stats


def frame_columns(episode: Episode, index: Index) -> dict[str, Column]:
    """Return all columns of an episode's table: its own, and LeRobot's counts and times."""
    count = np.arange(episode.frames)
    same = np.full(episode.frames, index.tasks.index(episode.task))
    own: tuple[NDArray[Any], ...] = (
        (count / episode.fps).astype(np.float32),
        count,
        np.full(episode.frames, index.episodes),
        count + index.frames,
        same,
    )
    named = {k: Column((k,), v[:, None]) for k, v in zip(OWN, own, strict=True)}
    return {**episode.columns, **named}


def write_frames(path: Path, columns: Mapping[str, Column]) -> None:
    """Write a row for each frame; features of one value are plain, others lists of fixed length."""
    import pyarrow as pa

    arrays = {}
    for key, column in columns.items():
        flat = pa.array(column.values.ravel())
        length = column.values.shape[1]
        arrays[key] = flat if length == 1 else pa.FixedSizeListArray.from_arrays(flat, length)
    _write(path, pa.table(arrays))


def write_episode(path: Path, row: Mapping[str, Any], schema: Any) -> None:
    """Write the table of one episode, with the columns of the ones before, if there are any."""
    import pyarrow as pa

    table = pa.table({key: [value] for key, value in row.items()})
    if schema is not None:
        bare = schema.remove_metadata()
        arrays = [
            table[f.name].cast(f.type) if f.name in row else pa.nulls(1, f.type) for f in bare
        ]
        table = pa.Table.from_arrays(arrays, schema=bare)
    _write(path, table)


def episode_row(
    index: Index,
    episode: Episode,
    places: Mapping[str, Mapping[str, int]],
    stats: Mapping[str, Stats],
) -> dict[str, Any]:
    """Return what the table of episodes says of one that comes after those of ``index``.

    Each of its videos begins with it.
    """
    row: dict[str, Any] = {
        "episode_index": index.episodes,
        "tasks": [episode.task],
        "length": episode.frames,
        "dataset_from_index": index.frames,
        "dataset_to_index": index.frames + episode.frames,
    }
    for what, place in places.items():
        key = what if what in {"data", EPISODES} else f"videos/{what}"
        row |= {f"{key}/{name}": value for name, value in place.items()}
        if key.startswith("videos/"):
            row[f"{key}/from_timestamp"] = 0.0
            row[f"{key}/to_timestamp"] = episode.frames / episode.fps
    for key, found in stats.items():
        row |= {f"stats/{key}/{name}": value.tolist() for name, value in found.items()}
    return row


def write_tasks(path: Path, tasks: list[str]) -> None:
    """Write the tasks so that pandas takes their text for the index."""
    import pyarrow as pa

    def told(name: str | None, kind: str, numpy_kind: str) -> dict[str, Any]:
        about = {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy_kind}
        return {**about, "metadata": None}

    header = {
        "index_columns": ["task"],
        "column_indexes": [told(None, "unicode", "object")],
        "columns": [told("task_index", "int64", "int64"), told("task", "unicode", "object")],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.0.0",
    }
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": tasks})
    _write(path, table.replace_schema_metadata({"pandas": json.dumps(header)}))


def _write(path: Path, table: Any) -> None:
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="snappy")
