# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Writers of small data sets: frames in which an orange square moves, and their labels."""

import cv2
import numpy as np

TEXTURE = np.random.default_rng(5).integers(0, 120, (96, 128, 3), np.uint8)


def moving(frames, step=2.0):
    """Return boxes x, y, w, h of a 20 x 16 object that moves to the right."""
    return np.array([[10 + step * i, 30, 20, 16] for i in range(frames)])


def draw(box):
    """Return a frame with an orange square and a disc in it at box x, y, w, h; nan for none."""
    image = TEXTURE.copy()
    if np.isfinite(box).all():
        x, y, w, h = np.rint(box).astype(int)
        cv2.rectangle(image, (x, y), (x + w - 1, y + h - 1), (0, 200, 255), -1)
        cv2.circle(image, (x + w // 2, y + h // 2), w // 4, (255, 0, 0), -1)
    return image


def put_frames(folder, boxes, name="{:08d}.jpg", first=1, step=1):
    """Write one frame for each box, named by number."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, box in enumerate(boxes):
        cv2.imwrite(str(folder / name.format(first + step * i)), draw(box))


def put_lines(path, rows, separator=","):
    """Write rows of numbers or words, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [[str(v) for v in np.atleast_1d(np.asarray(row, object))] for row in rows]
    path.write_text("".join(separator.join(w) + "\n" for w in words))


def write_sequence(folder, boxes, absent=None):
    """Write a sequence in the simple layout, boxes x, y, w, h."""
    put_frames(folder / "img", boxes)
    put_lines(folder / "groundtruth.txt", [[f"{v:.2f}" for v in box] for box in boxes])
    if absent is not None:
        put_lines(folder / "absent.txt", absent)
    return folder


def write_two(folder):
    """Write two sequences, of 8 and of 10 frames."""
    write_sequence(folder / "fast", moving(8, 5))
    write_sequence(folder / "slow", moving(10, 1))
    return folder
