# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A yard to drive in: what a robot's camera sees depends on how the robot was driven."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, clip, intersection
from re3_ros.images import Image
from re3_ros.spatial import DepthImage

from ._pose import Point, Pose
from ._yard_renderer import Lens, Thing, YardRenderer

SPEED = 0.36
"""Of the suitcase in m/s, on the average."""
CRATE_SIZE = (1.15, 1.10)
"""Width and height in metres."""
CRATE_SPEED = 0.60
CRATE_AHEAD = 0.90
"""Metres between the crate, as it crosses, and what it hides."""
SIGHT = 2.4
"""Seconds before the crossing at which the crate's way is fixed, out of sight."""
_STEP = 0.01
"""Seconds between two points of the suitcase's way."""


class YardView(NamedTuple):
    """What the camera sees at one time, and the truth about it."""

    image: Image
    """uint8 (480, 640, 3) RGB."""
    box: Boxes
    """(4,) x1, y1, x2, y2 of the whole object, occluded parts included."""
    visibility: float
    """Part of the object that is seen, 0 ... 1."""
    ahead: float
    """How far ahead of the robot the object is, in metres."""
    left: float
    """How far to the left of it, in metres."""


class Yard:
    """A suitcase on wheels rolls about a yard, a robot with a camera may follow it.

    Two thirds through, a crate is pushed past between the two and hides the suitcase for more
    than a second, while it rolls on. The robot is moved by `drive`; the rest is the same for the
    same ``seed``.
    """

    lens = Lens()
    fps = 20.0
    object_size = (0.52, 0.78)
    """Width and height of the suitcase in metres."""

    def __init__(self, seed: int = 0, seconds: float = 24.0) -> None:
        rng = np.random.default_rng(seed)
        self.seconds = seconds
        self.hidden_at = 0.58 * seconds
        """Time in s at which the crate is right in front of the suitcase."""
        self.time = 0.0
        self.robot = Pose()
        self._renderer = YardRenderer(rng, self.lens)
        self._way = _way(rng, seconds, self.hidden_at)
        self._depth_noise = np.random.default_rng(seed + 1)
        self._crossing: tuple[Point, Point] | None = None

    @property
    def frames(self) -> int:
        """Images from begin to end."""
        return round(self.seconds * self.fps)

    @property
    def is_over(self) -> bool:
        """Whether all has been shown."""
        return self.time >= self.seconds

    def drive(self, forward: float, turn: float, seconds: float) -> None:
        """Let time pass, with the robot at ``forward`` m/s and ``turn`` rad/s, left positive."""
        self.robot = self.robot.driven(forward, turn, seconds)
        self.time += seconds
        if self._crossing is None and self.time >= self.hidden_at - SIGHT:
            self._crossing = self._fix_crossing()

    def object_position(self, time: float | None = None) -> Point:
        """Return where the suitcase is, now or at a time."""
        index = round((self.time if time is None else time) / _STEP)
        return np.asarray(self._way[min(index, len(self._way) - 1)], np.float64)

    def view(self) -> YardView:
        """Render what the camera sees now."""
        ahead, left = self.robot.to_robot(self.object_position())
        box = self.lens.box(ahead, left, self.object_size)
        return YardView(
            self._renderer.render(self.robot, self.time, self._things()),
            box,
            self._visibility(box),
            ahead,
            left,
        )

    def depth(self) -> DepthImage:
        """Render what a depth camera measures now: of the pixels of `view`, in millimetres."""
        return self._renderer.depth(self._things(), self._depth_noise)

    def _things(self) -> list[Thing]:
        """Return what stands in the yard."""
        ahead, left = self.robot.to_robot(self.object_position())
        things: list[Thing] = [("suitcase", ahead, left, self.object_size)]
        crate = self._crate()
        if crate is not None:
            things.append(("crate", *self.robot.to_robot(crate), CRATE_SIZE))
        return things

    def _crate(self) -> Point | None:
        if self._crossing is None:
            return None
        middle, direction = self._crossing
        return middle + direction * CRATE_SPEED * (self.time - self.hidden_at)

    def _fix_crossing(self) -> tuple[Point, Point]:
        """Return where the crate crosses the line of sight, and its direction."""
        meets = self.object_position(self.hidden_at)
        sight = meets - (self.robot.x, self.robot.y)
        sight /= np.linalg.norm(sight)
        return meets - CRATE_AHEAD * sight, np.array([-sight[1], sight[0]])

    def _visibility(self, box: Boxes) -> float:
        seen = clip(box, self.lens.width, self.lens.height)
        area = float(np.prod(box[2:] - box[:2]))
        part = float(intersection(box, seen)) / area
        crate = self._crate()
        if crate is not None:
            over = self.lens.box(*self.robot.to_robot(crate), CRATE_SIZE)
            part -= float(intersection(clip(over, self.lens.width, self.lens.height), seen)) / area
        return max(0.0, part)


def _way(rng: np.random.Generator, seconds: float, straight_at: float) -> NDArray[np.float64]:
    """Return the positions (N, 2) of the suitcase every hundredth of a second.

    It winds, and goes straight ahead while it is hidden.
    """
    t = np.arange(0, seconds + 30, _STEP)
    phase = rng.uniform(-0.3, 0.3)
    swing = 1.15 * np.sin(2 * np.pi * t / 10 + phase)
    calm = 1 / (1 + np.exp(-(np.abs(t - straight_at) - 3.2) * 3))
    # The heading that it had comes to rest, and the swinging begins anew from there.
    rate = np.gradient(swing, t) * calm
    heading = np.cumsum(rate) * _STEP
    speed = SPEED * np.clip((t - 1.0) / 1.5, 0, 1) * (1 + 0.3 * np.sin(2 * np.pi * t / 7))
    step = (speed * _STEP)[:, None] * np.stack([np.cos(heading), np.sin(heading)], -1)
    return np.asarray(np.array([2.1, 0.25]) + np.cumsum(step, axis=0), np.float64)
