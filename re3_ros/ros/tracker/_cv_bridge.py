# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images in encodings that we do not know ourselves, read by cv_bridge where it is usable.

cv_bridge comes last because it stretches nothing, and because a build of it for NumPy 1 ends the
process under NumPy 2. So it is imported only when an image needs it, and only after another process
has survived that.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from typing import Any

import cv2
import numpy as np

from re3_ros.errors import ImageError
from re3_ros.images import ENCODINGS, Image, check_image, read_message, scale_16_bit

LONGEST_NAME = 32
"""Characters of an encoding that cv_bridge is asked for: its regular expressions recurse."""
PATIENCE = 60.0
"""Seconds that the trial may take, on a machine that is busy with other things."""
_TRIAL = """
import cv2, numpy
from cv_bridge import CvBridge
from sensor_msgs.msg import Image
sent = Image(height=1, width=1, step=3, encoding="bgr8", data=b"abc")
image = CvBridge().imgmsg_to_cv2(sent, "rgb8")
assert image.tolist() == [[[99, 98, 97]]], image
"""


def read_image(message: Any) -> Image:
    """Return uint8 RGB (H, W, 3) of a sensor_msgs/Image or CompressedImage.

    Encodings in `ENCODINGS` are read as by `read_message`, all others by cv_bridge. Raises
    ImageError as `read_message`, and for what cv_bridge makes no colours of, or where it is not
    usable: then with the reason.
    """
    if hasattr(message, "format") or message.encoding in ENCODINGS:
        return read_message(message)
    reason = "the name is too long" if len(message.encoding) > LONGEST_NAME else unusable()
    if not reason:
        try:
            return _convert(message)
        except Exception as error:  # noqa: BLE001, whatever it raises, the image is of no use
            reason = " ".join(str(error).split())
    known = ", ".join(sorted(ENCODINGS))
    name = f"encoding {message.encoding!r} is not supported"
    raise ImageError(f"{name}, nor by cv_bridge: {reason}; expected one of {known}")


@functools.cache
def unusable() -> str:
    """Return why cv_bridge cannot be used here, in a line; empty if it can. Tried once."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _TRIAL]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be tried ({error})"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        built = f"it was built for another NumPy than {np.__version__}: build it anew"
        return f"it ends the process with {name}; probably {built}"
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return f"{said[-1]} (apt install ros-$ROS_DISTRO-cv-bridge)"
    return ""


def _convert(message: Any) -> Image:
    """Return what cv_bridge makes of an image; raises whatever it raises."""
    from cv_bridge import CvBridge, CvBridgeError

    bridge, size = CvBridge(), (message.height, message.width)
    plain = np.asarray(bridge.imgmsg_to_cv2(message))
    if plain.shape[:2] != size or 0 in size:  # it does not compare step and width
        step = f"a step of {message.step} bytes"
        raise ImageError(f"{size[1]} x {size[0]} pixels are no image with {step}")
    try:
        return check_image(np.asarray(bridge.imgmsg_to_cv2(message, "rgb8")))
    except CvBridgeError:  # numbers without a word on their colours
        if plain.ndim > 2:
            raise
        grey = plain if plain.dtype == np.uint8 else scale_16_bit(plain)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
