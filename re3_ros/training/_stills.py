# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Stills, as the data sets have them."""

from re3_ros.datasets import Still, read_stills

__all__ = ["Still", "read_stills"]
