# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""3D positions of targets, from their boxes and depth images."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes

from ._camera import CameraModel
from ._depth import DepthImage
from ._extent import Extent, find_extent
from ._surfaces import Surface, find_surfaces

Array = NDArray[np.float64]

SPEED = 0.7
"""Metres a second that a target is thought to move, as a standard deviation."""
PRECISION = 0.01
"""Standard deviation of a measured distance, as a part of it, besides the spread of the surface."""
GATE = 3.0
"""Standard deviations from where it was last, beyond which a surface is another one."""
HORIZON = 2.0
"""Seconds after which a target may be no farther away than before: what hides stays near."""
PATIENCE = 0.3
"""Seconds for which a surface elsewhere must be all there is, until it is the target's."""
ELSEWHERE = 1e-3
"""Weight of surfaces far from where the target was, beside one that is just there."""
FRONT = 0.3
"""Share of the measured pixels that the nearest surface must fill to be a new target's."""
BOX_ERROR = 0.08
"""Standard deviation of the box's middle, as a part of its sides: the root mean square on public
sequences, of boxes that have a score of 0.6 or more and overlap the truth by half or more."""


@dataclass(frozen=True)
class Position:
    """Where a target is in 3D: metres, x right, y down, z forward from the camera (REP-103)."""

    position: Array
    """(3,) the middle of the surface that is seen, on the ray through the middle of the box."""
    covariance: Array
    """(3, 3) of the position, in square metres."""
    size: Array
    """(3,) sides of the box at that distance, and the depth of the surface that is seen."""
    share: float
    """Part of the box that the surface fills, 0 to 1, where the middle counts more."""
    extent: Extent | None = None
    """How far the surface reaches along its own axes; None where that cannot be told."""


@dataclass
class _Memory:
    """What is known of one target."""

    surface: Surface
    stamp: int
    age: int
    other: Surface | None = None
    """One elsewhere that has been all there is, from ``other_since`` to ``other_stamp``."""
    other_since: int = 0
    other_stamp: int = 0


class Locator:
    """Finds the targets of one camera in its depth images; remembers how far away each was.

    The memory tells a target from what is in front of it and behind it: a surface near its last
    distance is it, even where an occluder fills more of the box. If there is none such, the target
    is taken as hidden, until the other surface has been alone for `PATIENCE` seconds.
    """

    def __init__(self) -> None:
        self._memories: dict[str, _Memory] = {}

    def locate(
        self,
        target: str,
        box: Boxes,
        depth: DepthImage,
        camera: CameraModel,
        stamp: int,
        age: int = 0,
        trusted: bool = True,
    ) -> Position | None:
        """Return the position of a target, or None if its surface cannot be told.

        ``box`` is (4,) x1, y1, x2, y2 in pixels of the depth image, ``stamp`` in ns, ``age`` the
        frames since the target was initialised: when it falls, the target was started anew, and
        what is known of it is forgotten. ``trusted`` says that the box surely shows the target:
        only then may it be found at another distance.
        """
        memory = self._memories.get(target)
        if memory is not None and (age < memory.age or stamp < memory.stamp):
            memory = None
        surfaces = find_surfaces(depth, box)
        if not surfaces:
            return None
        if memory is None:
            surface = _front(surfaces)
        else:
            memory.age = age
            surface = max(surfaces, key=lambda s: _weight(s, memory, stamp))
            if _is_other(memory, surface, stamp) and not _moved(memory, surface, stamp, trusted):
                return None
        self._memories[target] = _Memory(surface, stamp, age)
        found = position_of(surface, box, camera)
        if found is None:
            return None
        return replace(found, extent=find_extent(surface, depth, box, camera))

    def keep(self, targets: Collection[str]) -> None:
        """Forget all targets but these."""
        self._memories = {k: v for k, v in self._memories.items() if k in targets}


def position_of(surface: Surface, box: Boxes, camera: CameraModel) -> Position | None:
    """Return the position of a surface seen in a box (4,); None outside a lens's field."""
    x1, y1, x2, y2 = (float(v) for v in box)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    rays = camera.rays(np.array([(x, y), (x1, y), (x2, y), (x, y1), (x, y2)]))
    if not np.isfinite(rays).all():
        return None
    ray = np.array([*rays[0], 1.0])
    sides = np.array([rays[2, 0] - rays[1, 0], rays[4, 1] - rays[3, 1]])
    z = surface.distance
    across = np.diag([*(BOX_ERROR * sides * z) ** 2, 0.0])
    along = surface.spread**2 + (PRECISION * z) ** 2
    return Position(
        position=z * ray,
        covariance=across + along * np.outer(ray, ray),
        size=np.array([*(sides * z), surface.far - surface.near]),
        share=surface.share,
    )


def _front(surfaces: list[Surface]) -> Surface:
    """Return the surface that is a new target: the nearest of those that fill the middle."""
    whole = sum(s.share for s in surfaces)
    filling = [s for s in surfaces if s.share >= FRONT * whole]
    return filling[0] if filling else max(surfaces, key=lambda s: s.share)


def _deviations(surface: Surface, last: Surface, nanoseconds: int) -> float:
    """Return how far a surface is from where another was, in standard deviations."""
    moved = SPEED * min(nanoseconds / 1e9, HORIZON)
    deviation = math.hypot(last.spread, PRECISION * last.distance, moved)
    return abs(surface.distance - last.distance) / deviation


def _weight(surface: Surface, memory: _Memory, stamp: int) -> float:
    off = min(_deviations(surface, memory.surface, stamp - memory.stamp), 30.0)
    return surface.share * (math.exp(-0.5 * off**2) + ELSEWHERE)


def _is_other(memory: _Memory, surface: Surface, stamp: int) -> bool:
    """Tell whether a surface is not the target's: too far from it, or what hid it already."""
    if _deviations(surface, memory.surface, stamp - memory.stamp) > GATE:
        return True
    other = memory.other
    if other is None or _deviations(surface, other, stamp - memory.other_stamp) > GATE:
        return False
    z = surface.distance
    return abs(z - other.distance) < abs(z - memory.surface.distance)


def _moved(memory: _Memory, surface: Surface, stamp: int, trusted: bool) -> bool:
    """Note a surface that is elsewhere; return whether it has been all there is for long."""
    other = memory.other
    same = other is not None and _deviations(surface, other, stamp - memory.other_stamp) <= GATE
    if not (same and trusted):
        memory.other_since = stamp
    memory.other, memory.other_stamp = surface, stamp
    return stamp - memory.other_since >= PATIENCE * 1e9
