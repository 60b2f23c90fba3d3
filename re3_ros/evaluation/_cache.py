# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks on disk, so that nothing is run twice and an interrupted run goes on."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from re3_ros.datasets import Sequence
from re3_ros.errors import writing

Arrays = dict[str, NDArray[Any]]


class TrackCache:
    """A folder with one file per (tracker, its fingerprint, sequence, its fingerprint)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, tracker: str, sequence: Sequence, kind: str = "") -> Path:
        """Return where a track is, or would be: ``tracker`` is `TrackerSpec.folder`, ``kind`` of
        what protocol."""
        name = re.sub(r"[^\w.+-]+", "_", sequence.name)
        return self.folder / tracker / f"{name}-{sequence.fingerprint()[:12]}{kind}.npz"

    def load(self, path: Path) -> Arrays | None:
        """Return what is kept at ``path``; None if there is nothing, or only a damaged file."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def store(self, path: Path, arrays: Arrays) -> None:
        """Keep arrays, whole or not at all."""
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with writing(path, "the tracks of other sequences are kept"):
                path.parent.mkdir(parents=True, exist_ok=True)
                with partial.open("wb") as file:
                    named: dict[str, Any] = arrays
                    np.savez(file, **named)
                partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
