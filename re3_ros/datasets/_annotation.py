# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Annotated objects in images, as the readers of image data sets hand them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from re3_ros.boxes import Boxes

from ._masks import Mask


@dataclass(frozen=True)
class AnnotatedObject:
    """One object in an image of ``width`` x ``height`` pixels, none of them read yet."""

    image: Path
    width: int
    height: int
    box: Boxes
    licence: str
    draw: Callable[[], Mask] | None = None
    """Draws the mask, 255 where the object is, or None where only the box is known."""


ImageReader = Callable[[], list[AnnotatedObject]]
"""Reads the labels of one image. Raises SourceError naming a file that is broken."""
