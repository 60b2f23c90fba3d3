# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether OpenCV can open a window here."""

from __future__ import annotations

import os
import subprocess
import sys

PATIENCE = 60.0
"""Seconds that a display has to answer."""
_PROBE = "import cv2; cv2.namedWindow('probe'); cv2.destroyAllWindows()"


def window_problem() -> str:
    """Return why no window can be opened here, or nothing.

    A display that does not answer makes OpenCV's toolkit end the process, so another one tries.
    """
    if sys.platform == "linux" and not (os.getenv("DISPLAY") or os.getenv("WAYLAND_DISPLAY")):
        return "there is no display (DISPLAY is not set)"
    command = [sys.executable, "-c", _PROBE]
    try:
        probe = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"the display did not answer in {PATIENCE:g} s"
    if not probe.returncode:
        return ""
    return (
        "the display does not answer, or this OpenCV was built without windows (opencv-python has "
        "them)"
    )
