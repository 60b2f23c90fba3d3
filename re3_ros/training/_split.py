# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which photographs a run trains on: decided by each one's file name alone.

Photographs that are added, removed or packed move no other from one side to the other.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources

from re3_ros.datasets import Still

LIST = "held_photographs.txt"


@lru_cache
def listed() -> frozenset[str]:
    """Return the names of the photographs that are held out of every run."""
    text = resources.files(__package__).joinpath(LIST).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_held_out(name: str, share: float) -> bool:
    """Return whether the photograph of this file name is held out where ``share`` of all are.

    It is if the first eight bytes of the name's SHA-256, as a fraction, lie under ``share``, or if
    it is listed.
    """
    if name in listed():
        return True
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def split_held_out(stills: list[Still], share: float) -> tuple[list[Still], list[Still]]:
    """Return stills to train on and stills held out; all objects of a photograph go together."""
    names = {still.image_path.name for still in stills}
    held = {name for name in names if is_held_out(name, share)}
    return (
        [s for s in stills if s.image_path.name not in held],
        [s for s in stills if s.image_path.name in held],
    )
