# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a weights file is, without building its network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ._checkpoint import read_metadata
from ._file import read_hash, read_header, sha256, tensors_of


@dataclass(frozen=True)
class WeightsInfo:
    """A weights file: metadata, numbers in it, their types (``F16``, ``F32``), and its hash."""

    metadata: dict[str, str]
    tensors: int
    parameters: int
    dtypes: tuple[str, ...]
    size: int
    """Of the file, in bytes."""
    sha256: str
    intact: bool | None
    """Whether the hash is the one kept beside the file, None where none is kept."""


def describe(path: str | Path) -> WeightsInfo:
    """Return what the weights file at ``path`` is.

    Raises WeightsError if it is missing, truncated, or not a weights file of re3_ros.
    """
    file = Path(path)
    metadata = read_metadata(file)
    entries = tensors_of(read_header(file))
    found, kept = sha256(file), read_hash(file)
    return WeightsInfo(
        metadata=metadata,
        tensors=len(entries),
        parameters=sum(math.prod(entry["shape"]) for entry in entries.values()),
        dtypes=tuple(sorted({entry["dtype"] for entry in entries.values()})),
        size=file.stat().st_size,
        sha256=found,
        intact=None if kept is None else kept == found,
    )
