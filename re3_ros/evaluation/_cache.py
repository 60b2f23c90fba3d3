# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks on disk, so that nothing is run twice and an interrupted run goes on."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ._runner import Track
from ._sequence import Sequence
from ._specs import TrackerSpec


class TrackCache:
    """A folder with one file per (tracker, its fingerprint, sequence, its fingerprint)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self, spec: TrackerSpec, sequences: Iterable[Sequence]) -> list[Path]:
        """Return where a tracker's tracks of some sequences are, or would be."""
        mine = self.folder / f"{spec.name}-{spec.fingerprint()[:12]}"
        return [mine / f"{s.name}-{s.fingerprint()[:12]}.npz" for s in sequences]

    def load(self, path: Path) -> Track | None:
        """Return the track kept at ``path``; None if there is none, or only a damaged file."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                return Track(kept["boxes"], kept["scores"], kept["seconds"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def store(self, path: Path, track: Track) -> None:
        """Keep a track, unless it failed: what failed is to be tried again."""
        if track.failure is not None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        with partial.open("wb") as file:
            np.savez(file, boxes=track.boxes, scores=track.scores, seconds=track.seconds)
        partial.replace(path)
