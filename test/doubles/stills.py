# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A data folder of a few drawn pictures in the layout that training reads."""

import cv2
import numpy as np

RED = (0, 0, 255)  # OpenCV writes BGR


def write_training_data(root):
    """Write six stills with a red ellipse each, the last without a mask; two clips of 8 frames."""
    rng = np.random.default_rng(0)
    stills = root / "stills"
    (stills / "img").mkdir(parents=True)
    (stills / "mask").mkdir()
    rows = [_still(stills, f"s{i}", rng, masked=i < 5) for i in range(6)]
    (stills / "index.csv").write_text("\n".join(["file,mask,source,licence,w,h,box", *rows]))
    for name in ("one", "two"):
        _clip(root / "videos" / name, rng)
    return root


def _still(folder, name, rng, *, masked):
    image = rng.integers(90, 140, (120, 160, 3), np.uint8)
    image[..., 2] = 90  # no red but the object's
    mask = np.zeros((120, 160), np.uint8)
    cv2.ellipse(mask, (80, 60), (30, 20), 0, 0, 360, 255, -1)
    image[mask > 0] = RED
    cv2.imwrite(str(folder / "img" / f"{name}.png"), image)
    cv2.imwrite(str(folder / "mask" / f"{name}.png"), mask)
    y, x = np.nonzero(mask)
    box = f"{x.min()} {y.min()} {np.ptp(x) + 1} {np.ptp(y) + 1}"
    return f"img/{name}.png,{f'mask/{name}.png' if masked else ''},drawn,CC0,160,120,{box}"


def _clip(folder, rng, frames=8):
    (folder / "img").mkdir(parents=True)
    lines = []
    for i in range(frames):
        image = rng.integers(0, 90, (100, 140, 3), np.uint8)
        cv2.rectangle(image, (20 + 3 * i, 30), (49 + 3 * i, 69), RED, -1)
        cv2.imwrite(str(folder / "img" / f"{i:08d}.jpg"), image)
        lines.append("nan,nan,nan,nan" if i == 4 else f"{20 + 3 * i},30,30,40")
    (folder / "groundtruth.txt").write_text("\n".join(lines))
