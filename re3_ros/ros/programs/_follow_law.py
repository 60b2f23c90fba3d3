# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From where a target is in the image to how a robot drives after it."""

from __future__ import annotations

import math
from typing import NamedTuple

from re3_ros.boxes import Boxes

RIM = 2.0
"""Pixels from the upper and the lower edge at which a box counts as cut off."""


class Speed(NamedTuple):
    """What a Twist says of a robot that drives on the ground."""

    forward: float
    """m/s."""
    turn: float
    """rad/s, positive to the left (REP-103)."""


STOP = Speed(0.0, 0.0)


class Law(NamedTuple):
    """The gains and limits; each is a parameter of the follower of that name."""

    desired_height: float
    forward_gain: float
    turn_gain: float
    max_forward: float
    max_backward: float
    max_turn: float

    def speed(self, box: Boxes, width: int, height: int) -> Speed:
        """Return how to drive so that ``box`` (4,) comes to the middle, at the desired height.

        Proportional: turning to the offset from the middle, in half image widths; driving to what
        the box lacks of ``desired_height``, in image heights, and the less, the further the box is
        beside the middle. Of a box cut off above or below the height is not known: then it does
        not drive forward. A box that is not finite stops it.
        """
        if not all(map(math.isfinite, box)):
            return STOP
        beside = float(box[0] + box[2] - width) / width
        lacking = self.desired_height - float(box[3] - box[1]) / height
        forward = self.forward_gain * lacking * max(0.0, 1 - abs(beside))
        if box[1] < RIM or box[3] > height - RIM:
            forward = min(forward, 0.0)
        return Speed(
            between(forward, -self.max_backward, self.max_forward),
            between(-self.turn_gain * beside, -self.max_turn, self.max_turn),
        )


def approach(now: Speed, wanted: Speed, forward: float, turn: float) -> Speed:
    """Return ``wanted``, or as near to it as changes of at most ``forward``, ``turn`` lead."""
    return Speed(
        now.forward + between(wanted.forward - now.forward, -forward, forward),
        now.turn + between(wanted.turn - now.turn, -turn, turn),
    )


def between(value: float, low: float, high: float) -> float:
    """Return ``value``, limited."""
    return min(max(value, low), high)
