# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes given on the command line or drawn by mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from re3_ros.errors import BoxError, ConfigError

if TYPE_CHECKING:
    from re3_ros.boxes import Boxes
    from re3_ros.images import Image

FORM = "X,Y,W,H or NAME=X,Y,W,H: left, top, width and height in pixels, such as cup=120,80,60,90"
DEFAULT_NAME = "target"


def parse_boxes(texts: Sequence[str]) -> dict[str, Boxes]:
    """Return boxes (4,) x1, y1, x2, y2 by name, in the order given.

    Boxes without a name are called target, target2, ... Raises BoxError for what is not a box and
    ConfigError for a name given twice.
    """
    boxes: dict[str, Boxes] = {}
    for text in texts:
        name, box = _parse(text, f"{DEFAULT_NAME}{len(boxes) + 1}" if boxes else DEFAULT_NAME)
        if name in boxes:
            raise ConfigError(f"two boxes are named {name!r}; give every --box a name of its own")
        boxes[name] = box
    return boxes


def boxes_for(texts: Sequence[str], first_image: Callable[[], Image]) -> dict[str, Boxes]:
    """Return the boxes given or, if there are none, let them be drawn on the first image."""
    if texts:
        return parse_boxes(texts)
    from ._window import draw_boxes, need_display

    need_display("give the object's place in the first frame as --box X,Y,W,H")
    drawn = draw_boxes(first_image())
    return parse_boxes([",".join(f"{v:g}" for v in box) for box in drawn])


def _parse(text: str, default: str) -> tuple[str, Boxes]:
    from re3_ros.boxes import check_box, from_xywh

    name, equals, numbers = text.rpartition("=")
    name = name.strip() if equals else default
    if not name:
        raise BoxError(f"--box {text!r} has no name before the '='; expected {FORM}")
    try:
        values = [float(v) for v in numbers.split(",")]
    except ValueError:
        values = []
    if len(values) != 4:
        raise BoxError(f"--box {text!r} is not four numbers; expected {FORM}")
    try:
        return name, check_box(from_xywh(values))
    except BoxError as error:
        raise BoxError(f"--box {text!r}: {error}") from error
