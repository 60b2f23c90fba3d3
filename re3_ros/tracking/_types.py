# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into a tracking session and what comes out."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from re3_ros.boxes import Boxes
from re3_ros.errors import InputError, StampError
from re3_ros.images import Image

from ._clock import SECOND


class TargetState(enum.IntEnum):
    """How a target is doing; `re3_ros/tracking/_states.py` draws when it changes."""

    NEW = 0
    """Started, and not yet seen again with certainty."""
    TRACKING = 1
    """Seen."""
    UNCERTAIN = 2
    """Followed, but the last frames did not show it clearly."""
    LOST = 3
    """Not seen; looked for where it was last seen, until it is seen again."""


def known_state(number: int, target: str) -> TargetState:
    """Return the state that a message tells of a target. Raises InputError for an unknown one."""
    try:
        return TargetState(number)
    except ValueError as error:
        known = ", ".join(f"{state.value} {state.name}" for state in TargetState)
        raise InputError(
            f"target {target!r} is in state {number}; expected one of {known}: whoever sent it may "
            "have been built with other messages of re3_ros"
        ) from error


def stamp_of(header: Any) -> int:
    """Return the time of a std_msgs/Header, or of its like, in nanoseconds.

    Raises StampError for fields that are no time: a negative one, or too many nanoseconds.
    """
    seconds, rest = int(header.stamp.sec), int(header.stamp.nanosec)
    if seconds < 0 or rest >= SECOND:
        raise StampError(
            f"stamp is sec {seconds}, nanosec {rest}; expected sec from 0, nanosec under {SECOND}"
        )
    return seconds * SECOND + rest


@dataclass(frozen=True, eq=False)
class Frame:
    """One camera image."""

    camera: str
    stamp: int
    """Nanoseconds, 0 or more; those that do not fit together are sorted out by `Clock`."""
    image: Image
    """uint8 HxWx3 RGB. The session keeps a reference to it for as long as it stays in the ring of
    recent frames: hand over an array that nobody writes to afterwards."""


@dataclass(frozen=True)
class TargetResult:
    """One target after one frame."""

    id: str
    camera: str
    state: TargetState
    box: Boxes
    """(4,) x1, y1, x2, y2 in pixels, clipped to the image; while LOST the best guess: where
    the network went on to, or what a step of the search follows, or the last good one."""
    whole: Boxes
    """(4,) the same box, not clipped: what is believed of a target that is partly out of view."""
    score: float
    """Probability, as far as the weights are calibrated, that the box overlaps the target by half.
    0 where the last step was of no use. While LOST, at most ``found_threshold``, with which it
    would have to be seen again to be found."""
    frames_since_init: int
    frames_since_reset: int
    frames_in_state: int
    """0 on the frame on which the state was entered."""


@dataclass(frozen=True)
class FrameResult:
    """All targets of one camera after one frame."""

    camera: str
    stamp: int
    width: int
    height: int
    targets: tuple[TargetResult, ...]
    """In the order in which they were first started."""
    latency: float
    """Seconds from the call of `process` to its result."""
    rejected: tuple[str, ...] = ()
    """Why boxes, accepted before their frame was there, could not be used on it after all."""
    notes: tuple[str, ...] = ()
    """What befell the camera since the last result, each once: another size, a jump in time."""
