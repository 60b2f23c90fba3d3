# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: the field's videos and pictures, read from their official layouts on disk.

``list_entries(folder, "got10k", "val")`` names the videos; ``entry.read()`` gives one `Sequence`
for each target of one; frames are decoded when asked for.
"""

from ._entry import Entry
from ._layouts import LAYOUTS, Layout, list_entries, read_sequences
from ._sequence import Colour, Flags, Frames, Sequence, read_image
from ._simple import find_sequences, read_sequence

__all__ = [
    "LAYOUTS",
    "Colour",
    "Entry",
    "Flags",
    "Frames",
    "Layout",
    "Sequence",
    "find_sequences",
    "list_entries",
    "read_image",
    "read_sequence",
    "read_sequences",
]
