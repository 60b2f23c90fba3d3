# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The images that are tracked in a benchmark, decoded and in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from re3_ros.boxes import Boxes
from re3_ros.datasets import Sequence
from re3_ros.images import Image
from re3_ros.worlds import DemoScene


@dataclass(frozen=True)
class Clip:
    """Images in both orders of colours, and the object's box in each."""

    name: str
    rgb: list[Image]
    bgr: list[Image]
    truth: Boxes


def demo_clip(frames: int, seed: int = 0) -> Clip:
    """Return the first ``frames`` images, 640x480, of the demo's scene."""
    scene = DemoScene(seed)
    shown = [scene.frame(i) for i in range(min(frames, len(scene)))]
    rgb = [s.image for s in shown]
    return Clip("demo", rgb, [_swapped(i) for i in rgb], np.stack([s.box for s in shown]))


def sequence_clip(sequence: Sequence, frames: int) -> Clip:
    """Return the first ``frames`` images of a sequence."""
    chosen = sequence.first(frames)
    rgb = [chosen.read(i) for i in range(len(chosen))]
    return Clip(sequence.name, rgb, [_swapped(i) for i in rgb], chosen.truth)


def _swapped(image: Image) -> Image:
    return np.ascontiguousarray(image[..., ::-1])
