# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a status that somebody published can be one."""

from __future__ import annotations

from typing import Any

import numpy as np

from re3_ros.boxes import size
from re3_ros.errors import BoxError, InputError
from re3_ros.tracking import known_state, stamp_of

from ._messages import box_of


def check_status(message: Any) -> None:
    """Raise InputError if a TrackerStatus has a stamp, state, box or score that none can have."""
    stamp_of(message.header)
    for target in message.targets:
        known_state(target.state, target.id)
        with np.errstate(over="ignore", invalid="ignore"):  # sums of sides near the largest float
            box = box_of(target.bbox)
            good = np.isfinite([*box, *size(box)]).all() and (size(box) >= 0).all()
        if not good:
            shown = ", ".join(f"{v:g}" for v in box)
            raise BoxError(
                f"target {target.id!r} has the box ({shown}); expected finite x1, y1, x2, y2 in "
                "pixels, with x2 and y2 not the smaller ones"
            )
        if not 0 <= target.score <= 1:
            raise InputError(f"target {target.id!r} has a score of {target.score}; expected 0 to 1")
