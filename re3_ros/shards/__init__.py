# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many small files in few large ones: tar archives by WebDataset's convention, read in place.

Files whose names are the same up to the first dot are one sample, and lie one after the other. A
photograph is ``KEY.json`` (name, licence, objects: box x y w h, suffix of the mask), ``KEY.jpg``
and ``KEY.0.png``, ``KEY.1.png`` for the masks. A clip is ``KEY.json`` (name), ``KEY.boxes.txt``
(x,y,w,h or nan, a line a frame) and ``KEY.000001.jpg`` and so on.
"""

from ._archive import (
    CLIPS,
    EXPECTED,
    STILLS,
    Member,
    Sample,
    find_shards,
    read_samples,
    read_shard,
    write_shard,
)

__all__ = [
    "CLIPS",
    "EXPECTED",
    "STILLS",
    "Member",
    "Sample",
    "find_shards",
    "read_samples",
    "read_shard",
    "write_shard",
]
