# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences, as the data sets have them."""

from re3_ros.datasets import (
    LAYOUTS,
    Colour,
    Entry,
    Flags,
    Sequence,
    find_sequences,
    list_entries,
    read_sequence,
    read_sequences,
)

__all__ = [
    "LAYOUTS",
    "Colour",
    "Entry",
    "Flags",
    "Sequence",
    "find_sequences",
    "list_entries",
    "read_sequence",
    "read_sequences",
]
