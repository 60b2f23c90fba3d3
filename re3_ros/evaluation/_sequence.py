# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences, as the data sets have them."""

from re3_ros.datasets import Colour, Sequence, find_sequences, read_sequence, read_sequences

__all__ = ["Colour", "Sequence", "find_sequences", "read_sequence", "read_sequences"]
