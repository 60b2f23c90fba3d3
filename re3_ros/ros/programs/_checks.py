# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a message must be like before a robot moves on account of it.

Each function returns why it must not, or nothing: the kind of reason, a colon, and the details.
"""

from __future__ import annotations

import math
from typing import Any

from re3_ros.control import box_problem
from re3_ros.errors import Re3Error
from re3_ros.ros.tracker import box_of
from re3_ros.tracking import TargetState, known_state, stamp_of

LARGEST = 100_000
"""Pixels of the longest side that an image can have."""
SECOND = 1e9
_WORDS = {
    TargetState.NEW: "new, not seen yet",
    TargetState.UNCERTAIN: "uncertain",
    TargetState.LOST: "lost",
}


def stamp_problem(name: str, header: Any, now: float, max_age: float) -> str:
    """Return why a message called ``name`` cannot be of now, in seconds; ``max_age`` 0: it may."""
    try:
        age = now - stamp_of(header) / SECOND
    except Re3Error as error:
        return f"the {name} has no valid stamp: {error}"
    if not max_age or abs(age) <= max_age:
        return ""
    side = "behind" if age > 0 else "ahead of"
    return (
        f"the {name} is not of now: its stamp is {abs(age):.1f} s {side} the clock of this node; "
        "with a recording or a simulation set use_sim_time, for a camera with a clock of its own "
        "max_age:=0.0"
    )


def target_problem(detection: Any, status: Any) -> str:
    """Return why the target of a Detection2D is not clearly seen, as a TrackerStatus tells."""
    if detection.header.frame_id != status.header.frame_id:
        frames = f"{detection.header.frame_id!r} and {status.header.frame_id!r}"
        return f"detection and status are of different cameras: their frame_id is {frames}"
    found = [target for target in status.targets if target.id == detection.id]
    if not found:
        return "the target is not tracked any more"
    if len(found) > 1:
        return f"the status makes no sense: it tells {len(found)} times of {detection.id!r}"
    return state_problem(found[0]) or score_problem(detection, found[0])


def state_problem(target: Any) -> str:
    """Return why a TargetStatus says that the target is not seen."""
    try:
        state = known_state(target.state, target.id)
    except Re3Error as error:
        return f"the status makes no sense: {error}"
    return "" if state == TargetState.TRACKING else f"the target is {_WORDS[state]}"


def score_problem(detection: Any, target: Any) -> str:
    """Return why the scores of a Detection2D, or of its TargetStatus, are none."""
    scores = [target.score, *(result.hypothesis.score for result in detection.results)]
    bad = [float(score) for score in scores if not 0 <= score <= 1]
    return f"the score makes no sense: it is {bad[0]:g}, expected 0 to 1" if bad else ""


def bbox_problem(bbox: Any, width: int, height: int) -> str:
    """Return why a BoundingBox2D cannot be around a target in an image of so many pixels."""
    sides = float(bbox.size_x), float(bbox.size_y)
    if not min(sides) > 0:  # nor is it with a side that is no number
        return f"the box makes no sense: it is {sides[0]:g} x {sides[1]:g} pixels"
    return box_problem(box_of(bbox), width, height)


def size_problem(info: Any) -> str:
    """Return why a CameraInfo cannot be that of an image."""
    size = f"{info.width} x {info.height} pixels"
    if not (0 < info.width <= LARGEST and 0 < info.height <= LARGEST):
        return f"camera_info makes no sense: it is of {size}, expected 1 to {LARGEST} each"
    if not all(map(math.isfinite, (*info.k, *info.p, *info.d))):
        return "camera_info makes no sense: it has numbers that are not finite"
    return ""
