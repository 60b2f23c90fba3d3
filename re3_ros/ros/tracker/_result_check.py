# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A result is looked at once more before it may steer a robot."""

from __future__ import annotations

import numpy as np

from re3_ros.tracking import FrameResult


def check_result(result: FrameResult) -> None:
    """Raise ValueError for targets that nobody downstream could use: not finite, or beside.

    A session gives none such; that one of them would steer a robot is worth a look.
    """
    limit = np.array([result.width, result.height] * 2)
    for target in result.targets:
        box = np.asarray(target.box, np.float64)
        inside = np.isfinite(box).all() and (box >= 0).all() and (box <= limit).all()
        if not (inside and 0 <= target.score <= 1):
            raise ValueError(
                f"the tracker gave target {target.id!r} the box {box.tolist()} and the score "
                f"{target.score}, on an image of {result.width} x {result.height}"
            )
