# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Does a tracker keep its target among objects like it?

A frame counts if target and at least one of its rivals are in view. In it the box is *on a rival*
if it overlaps that more than it does the target. A *switch* is a frame on a rival after one that
was not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes, area, clip, iou
from re3_ros.simulation import SCREEN

_IN_VIEW = 0.5
"""Share of a rival on the screen from which it counts as in view."""


class Identity(NamedTuple):
    """How well the target was kept."""

    frames: int
    """In which target and rivals were in view, the first of each video left out."""
    mean_iou: float
    """With the target, in these frames; NaN without any."""
    on_rival: float
    """Share of these frames in which the box was on a rival."""
    switches: float
    """From the target, or from nothing, to a rival, for each 100 of these frames."""


def identity(videos: Iterable[tuple[Boxes, Boxes, Boxes]]) -> Identity:
    """Return it over videos: found boxes (n, 4), true ones, NaN out of view, rivals (R, n, 4)."""
    overlaps, on_rival, switches = [np.zeros(0)], [np.zeros(0, bool)], 0
    for found, truth, rivals in videos:
        there = counted(truth, rivals)
        own = np.nan_to_num(iou(found, truth))
        theirs = np.nan_to_num(iou(found[None], rivals)).max(axis=0, initial=0.0)
        taken = (theirs > own) & there
        switches += int((taken[1:] & ~taken[:-1]).sum())
        overlaps.append(own[there])
        on_rival.append(taken[there])
    total = np.concatenate(overlaps)
    if not len(total):
        return Identity(0, float("nan"), float("nan"), float("nan"))
    share = float(np.concatenate(on_rival).mean())
    return Identity(len(total), float(total.mean()), share, 100 * switches / len(total))


def counted(truth: Boxes, rivals: Boxes) -> NDArray[np.bool_]:
    """Return (n,) whether target and a rival are in view; the first frame, which is given, not.

    True boxes (n, 4) are NaN out of view, rivals (R, n, 4) may be beyond the screen.
    """
    shown = area(clip(rivals, *SCREEN)) / np.maximum(area(rivals), 1e-9)
    there = np.isfinite(truth).all(axis=1) & (shown > _IN_VIEW).any(axis=0)
    return np.asarray(there & (np.arange(len(truth)) > 0))
