# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The search window: the box grown about its centre."""

from __future__ import annotations

from numpy.typing import ArrayLike

from re3_ros.boxes import Boxes, scale

CONTEXT = 2.0


def search_window(boxes: ArrayLike, context: float = CONTEXT) -> Boxes:
    """Return the windows ``(..., 4)`` in pixels that the crops of ``boxes`` ``(..., 4)`` show.

    They are ``context`` times as wide and high as the box, have the same centre, and are not
    rounded (paper, section III-B: two times the box).
    """
    return scale(boxes, context)
