# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The targets as Foxglove's ImageAnnotations, which it draws over the image they belong to.

The node publishes them, and bags hold them: two kinds of messages with the same fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from re3_ros.tracking import FrameResult, TargetResult, TargetState

from ._drawing import STATE_COLOURS, label_of

New = Callable[..., Any]
"""Makes a message of a type of foxglove_msgs, such as "Point2", with all its fields."""
LINE_LOOP = 2
"""PointsAnnotation.type of a closed line."""
_SHARE = 1 / 240
"""Width of a line in short sides of the image; text is eight times as high."""


def image_annotations(result: FrameResult, stamp: Any, new: New) -> Any:
    """Return an ImageAnnotations: a box and a label for each target, lost or not.

    ``stamp`` is the builtin_interfaces/Time of the image. Coordinates are those of ``result``, as
    both have their origin at the corner of the first pixel.
    """
    width = max(1.0, min(result.width, result.height) * _SHARE)
    return new(
        "ImageAnnotations",
        timestamp=stamp,
        circles=[],
        points=[_box(target, width, stamp, new) for target in result.targets],
        texts=[_label(target, width, stamp, new) for target in result.targets],
        metadata=[],
    )


def _box(target: TargetResult, width: float, stamp: Any, new: New) -> Any:
    left, top, right, bottom = (float(v) for v in target.box)
    ring = ((left, top), (right, top), (right, bottom), (left, bottom))
    return new(
        "PointsAnnotation",
        timestamp=stamp,
        type=LINE_LOOP,
        points=[new("Point2", x=x, y=y) for x, y in ring],
        outline_color=_colour(target.state, new),
        outline_colors=[],
        fill_color=new("Color", r=0.0, g=0.0, b=0.0, a=0.0),
        thickness=width,
        metadata=[],
    )


def _label(target: TargetResult, width: float, stamp: Any, new: New) -> Any:
    left, top = (float(v) for v in target.box[:2])
    return new(
        "TextAnnotation",
        timestamp=stamp,
        position=new("Point2", x=left, y=top - width),
        text=label_of(target),
        font_size=max(12.0, 8 * width),
        text_color=_colour(target.state, new),
        background_color=new("Color", r=0.0, g=0.0, b=0.0, a=0.5),
        metadata=[],
    )


def _colour(state: TargetState, new: New) -> Any:
    red, green, blue = (channel / 255 for channel in STATE_COLOURS[state])
    return new("Color", r=red, g=green, b=blue, a=1.0)
