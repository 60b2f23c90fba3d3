# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Control: from where a target is seen to how a robot, or the camera on an arm, is to move.

In come a box, a calibration and perhaps a distance, out go velocities within limits. Knows nothing
of time, messages and states: who calls decides whether there is a reason to move at all.
"""

from ._box import box_problem
from ._driving import STOP, ControlLaw, Velocity, approach
from ._servoing import (
    KEEPS,
    MOTIONS,
    STILL,
    Goal,
    Sight,
    Steps,
    Twist,
    elsewhere,
    interaction_matrix,
    limited,
    look,
    servo,
    stepped,
)

__all__ = [
    "KEEPS",
    "MOTIONS",
    "STILL",
    "STOP",
    "ControlLaw",
    "Goal",
    "Sight",
    "Steps",
    "Twist",
    "Velocity",
    "approach",
    "box_problem",
    "elsewhere",
    "interaction_matrix",
    "limited",
    "look",
    "servo",
    "stepped",
]
