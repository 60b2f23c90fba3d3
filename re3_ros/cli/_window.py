# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Windows: drawing boxes by mouse, showing results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from re3_ros.errors import ConfigError

if TYPE_CHECKING:
    from re3_ros.images import Image

TITLE = "re3"
LARGEST = (1280, 800)
"""Width and height of a window that fits on most screens."""


def need_display(way_out: str) -> None:
    """Raise ConfigError, ending in ``way_out``, if no window can be opened here."""
    from re3_ros.media import window_problem

    if problem := window_problem():
        raise ConfigError(f"no window can be opened: {problem}; {way_out}")


def draw_boxes(image: Image) -> list[tuple[float, float, float, float]]:
    """Return boxes x, y, width, height that the user draws on ``image``, one or more.

    Raises ConfigError if none was drawn.
    """
    import cv2

    print("draw a box and press ENTER; again for further objects; ESC starts tracking", flush=True)
    height, width = image.shape[:2]
    scale = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
    cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
    cv2.resizeWindow(TITLE, round(width * scale), round(height * scale))
    drawn = cv2.selectROIs(TITLE, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), printNotice=False)
    cv2.destroyWindow(TITLE)
    boxes = [(float(x), float(y), float(w), float(h)) for x, y, w, h in drawn if w > 0 and h > 0]
    if not boxes:
        raise ConfigError("no box was drawn; draw one, or give --box X,Y,W,H")
    return boxes


def show(image: Image) -> bool:
    """Show an image; return True when the user asks for the end with q or ESC."""
    import cv2

    cv2.imshow(TITLE, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return (cv2.waitKey(1) & 0xFF) in {ord("q"), 27}
