# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The follower's control law: from where a target is in the image to the robot's velocity."""

from __future__ import annotations

import math
from typing import NamedTuple

from re3_ros.boxes import Boxes

from ._box import RIM, between, box_problem


class Velocity(NamedTuple):
    """A planar Twist: what it says of a robot that drives on the ground."""

    linear: float
    """m/s."""
    angular: float
    """rad/s, positive to the left (REP-103)."""


STOP = Velocity(0.0, 0.0)


class ControlLaw(NamedTuple):
    """The gains and limits; each is a parameter of the follower of that name."""

    desired_height: float
    forward_gain: float
    turn_gain: float
    max_forward: float
    max_backward: float
    max_turn: float

    def velocity(self, box: Boxes, width: int, height: int) -> Velocity:
        """Return how to drive so that ``box`` (4,) comes to the middle, at the desired height.

        Proportional: turning to the offset from the middle, in half image widths; driving to what
        the box lacks of ``desired_height``, in image heights, and the less, the further the box is
        beside the middle. Of a box cut off above or below the height is not known: then it does
        not drive forward. A box that makes no sense, see `box_problem`, stops it.
        """
        if box_problem(box, width, height):
            return STOP
        beside = float(box[0] + box[2] - width) / width
        lacking = self.desired_height - float(box[3] - box[1]) / height
        linear = self.forward_gain * lacking * max(0.0, 1 - abs(beside))
        if box[1] < RIM or box[3] > height - RIM:
            linear = min(linear, 0.0)
        return self.limited(Velocity(linear, -self.turn_gain * beside))

    def limited(self, velocity: Velocity) -> Velocity:
        """Return a velocity within the limits; STOP for one that is not finite."""
        if not all(map(math.isfinite, velocity)):
            return STOP
        return Velocity(
            between(velocity.linear, -self.max_backward, self.max_forward),
            between(velocity.angular, -self.max_turn, self.max_turn),
        )


def approach(now: Velocity, wanted: Velocity, linear: float, angular: float) -> Velocity:
    """Return ``wanted``, or as near to it as changes of at most ``linear``, ``angular`` lead."""
    return Velocity(
        now.linear + between(wanted.linear - now.linear, -linear, linear),
        now.angular + between(wanted.angular - now.angular, -angular, angular),
    )
