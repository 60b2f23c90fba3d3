# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenCV's trackers, behind the runner's interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from re3_ros.boxes import Boxes, from_xywh, to_xywh
from re3_ros.datasets import Colour
from re3_ros.errors import ConfigError
from re3_ros.images import Image

from ._interface import Answer

OPENCV_TRACKERS = {
    "mosse": "legacy.TrackerMOSSE",
    "kcf": "TrackerKCF",
    "medianflow": "legacy.TrackerMedianFlow",
    "csrt": "TrackerCSRT",
    "mil": "TrackerMIL",
    "nano": "TrackerNano",
    "vit": "TrackerVit",
}
"""Name here -> name in cv2."""
MODELS = {
    "nano": {"backbone": "backbone", "head": "neckhead"},
    "vit": {"model": "net"},
}
"""Trackers that need ONNX files: name -> what each is -> OpenCV's name for it."""


class OpenCVTracker:
    """One of OpenCV's trackers, with its own defaults. Raises ConfigError where cv2 lacks it."""

    colour: Colour = "bgr"

    def __init__(self, name: str, models: Mapping[str, Path | None] | None = None) -> None:
        if name in MODELS:
            self._tracker = _with_models(name, models or {})
        else:
            self._tracker = _find(OPENCV_TRACKERS[name]).create()

    def init(self, image: Image, box: Boxes) -> None:
        """Start on ``image``, at whole pixels: most of OpenCV's trackers take nothing else."""
        self._tracker.init(image, tuple(np.rint(to_xywh(box)).astype(int).tolist()))

    def update(self, image: Image) -> Answer:
        """Return the box, None where OpenCV says that it is lost."""
        found, xywh = self._tracker.update(image)
        return from_xywh(xywh) if found else None


def _find(path: str) -> Any:
    here: Any = cv2
    for part in path.split("."):
        here = getattr(here, part, None)
    if here is None:
        raise ConfigError(
            f"OpenCV {cv2.__version__} has no cv2.{path}; it comes with the contrib wheel: "
            "pip uninstall opencv-python; pip install opencv-contrib-python"
        )
    return here


def _with_models(name: str, models: Mapping[str, Path | None]) -> Any:
    """Return a tracker that is a network."""
    params = _find(f"{OPENCV_TRACKERS[name]}_Params")()
    for what, theirs in MODELS[name].items():
        path = models.get(what)
        if path is None or not path.is_file():
            raise ConfigError(
                f"{name} needs its {what} as an ONNX file, which {path} is not; "
                f"give --{name}-{what}"
            )
        setattr(params, theirs, str(path))
    # Its DNN module warns of a target that nobody asked for, twice a sequence.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        return _find(OPENCV_TRACKERS[name]).create(params)
    except cv2.error as error:
        raise ConfigError(f"{name}: OpenCV cannot use {dict(models)}: {error.err}") from error
