# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow checkpoints (V2 bundles) without TensorFlow: an index, and shards of raw numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import WeightsError

from ._table import TableError, read_message, read_table

_FLOATS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 19: np.dtype("<f2")}
"""TensorFlow's numbers for the data types that weights have."""


@dataclass(frozen=True)
class Entry:
    """Where a variable lies: shape, number of its data type, shard, offset and size in bytes."""

    shape: tuple[int, ...]
    dtype: int
    shard: int
    offset: int
    size: int
    sliced: bool


@dataclass(frozen=True)
class Bundle:
    """An open checkpoint: the common path of its files, and its variables by name."""

    prefix: Path
    shards: int
    entries: dict[str, Entry]

    def read(self, name: str) -> NDArray[np.float32]:
        """Return a variable as float32.

        Raises WeightsError if it is not of floating point, or its shard is missing or too short.
        """
        entry = self.entries[name]
        dtype = _FLOATS.get(entry.dtype)
        count = int(np.prod(entry.shape, dtype=np.int64))
        if dtype is None or entry.sliced or count * dtype.itemsize != entry.size:
            raise WeightsError(
                f"variable {name} of {self.prefix} is not a plain array of floating point "
                f"(type {entry.dtype}, shape {entry.shape}, {entry.size} bytes)"
            )
        path = shard_path(self.prefix, entry.shard, self.shards)
        if not path.is_file():
            raise WeightsError(f"{path} is missing; it belongs to {self.prefix.name}.index")
        if path.stat().st_size < entry.offset + entry.size:
            raise WeightsError(
                f"{path} is truncated: {path.stat().st_size} bytes, variable {name} ends at "
                f"{entry.offset + entry.size}; copy or download it again"
            )
        array = np.fromfile(path, dtype, count, offset=entry.offset)
        return array.astype(np.float32).reshape(entry.shape)


def shard_path(prefix: Path, shard: int, shards: int) -> Path:
    """Return the path of one of the files that hold the numbers."""
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{shards:05d}")


def open_bundle(prefix: Path) -> Bundle:
    """Return the checkpoint whose files begin with ``prefix``; reads the index only.

    Raises WeightsError if the index is missing or damaged.
    """
    path = prefix.with_name(prefix.name + ".index")
    if not path.is_file():
        raise WeightsError(f"{path} is missing; a TensorFlow checkpoint needs its index file")
    try:
        table = read_table(path.read_bytes())
        shards, big_endian = _header(table.pop(b"", b""))
        entries = {name.decode(): _entry(value) for name, value in table.items()}
    except (TableError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} is not a usable TensorFlow index: {error}") from error
    if big_endian:
        raise WeightsError(f"{path} was written by a big-endian machine; only little is read")
    return Bundle(prefix, shards, entries)


def _header(data: bytes) -> tuple[int, bool]:
    """Return the number of shards, and whether numbers are big-endian."""
    fields = read_message(data)
    return _number(fields, 1), bool(_number(fields, 2))


def _entry(data: bytes) -> Entry:
    fields = read_message(data)
    shape = read_message(_bytes(fields, 2))
    sizes = [read_message(dim) for dim in shape.get(2, []) if isinstance(dim, bytes)]
    return Entry(
        shape=tuple(_number(dim, 1) for dim in sizes),
        dtype=_number(fields, 1),
        shard=_number(fields, 3),
        offset=_number(fields, 4),
        size=_number(fields, 5),
        sliced=7 in fields,
    )


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    """Return the last value of a field; one that is not stored is 0."""
    value = fields.get(field, [0])[-1]
    if not isinstance(value, int):
        raise TableError(f"field {field} is not a number")
    return value


def _bytes(fields: dict[int, list[int | bytes]], field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        raise TableError(f"field {field} is not a message")
    return value
