# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One object in one photograph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from re3_ros.boxes import Boxes
from re3_ros.images import Image, read_picture


@dataclass(frozen=True)
class Still:
    """One object in one photograph; pixels are read when asked for."""

    image_path: Path
    mask_path: Path | None
    box: Boxes
    licence: str

    def image(self) -> Image:
        """Return the photograph, uint8 HxWx3 RGB; SourceError if it cannot be read."""
        return read_picture(self.image_path)

    def mask(self) -> NDArray[np.uint8] | None:
        """Return 255 where the object is, HxW, or None where only its box is known."""
        if self.mask_path is None:
            return None
        return np.asarray(cv2.cvtColor(read_picture(self.mask_path), cv2.COLOR_RGB2GRAY), np.uint8)
