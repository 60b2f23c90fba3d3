# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: the field's videos and stills, read from their official layouts on disk.

In come folders as published, out go `Sequence` (frames and boxes of one target) and `Still`.
``list_entries(folder, "got10k", "val")`` names the videos; ``entry.read()`` gives one `Sequence`
for each target of one; frames are decoded when asked for. ``list_stills(folder, "coco")`` gives
the objects of photographs.
"""

from ._entry import Entry
from ._frame_cache import FrameCache, StillCache
from ._layouts import LAYOUTS, Layout, list_entries, read_sequences
from ._masks import image_size, rle_to_box
from ._sequence import Colour, Flags, FramePaths, Sequence
from ._simple import default_data_folder, find_sequences, read_sequence
from ._still_layouts import STILL_LAYOUTS, StillLayout, list_stills
from ._stills import Still, read_stills

__all__ = [
    "LAYOUTS",
    "STILL_LAYOUTS",
    "Colour",
    "Entry",
    "Flags",
    "FrameCache",
    "FramePaths",
    "Layout",
    "Sequence",
    "Still",
    "StillCache",
    "StillLayout",
    "default_data_folder",
    "find_sequences",
    "image_size",
    "list_entries",
    "list_stills",
    "read_sequence",
    "read_sequences",
    "read_stills",
    "rle_to_box",
]
