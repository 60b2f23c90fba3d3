# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding in every small size, with right and wrong steps and lengths: a program.

Another Python, with another OpenCV, runs it. It prints how many images and how many refusals came
of it; a size that OpenCV does not check shows as heap damage, at the latest when the process ends.
"""

import gc
import itertools

import numpy as np

from re3_ros.errors import ImageError
from re3_ros.images import ENCODINGS, decode_raw

SIDES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33)
rng = np.random.default_rng(0)


def cases(name):
    """Yield height, width, step and number of bytes."""
    layout = ENCODINGS[name]
    number = np.dtype(layout.kind).itemsize
    for height, width in itertools.product(SIDES, SIDES):
        row = int(width * layout.planes[0].per_pixel) * number
        for padding in (0, 1, 2):
            planes = sum(
                int(height * p.rows) * int((row + padding) * p.step) for p in layout.planes
            )
            yield from ((height, width, row + padding, planes + more) for more in (0, -1, 3))


def main():
    """Read all of them."""
    images = refused = 0
    for name in ENCODINGS:
        for height, width, step, size in cases(name):
            data = rng.integers(0, 256, max(size, 0), np.uint8).tobytes()
            try:
                image = decode_raw(data, height, width, step, name)
            except ImageError:
                refused += 1
                continue
            assert image.shape == (height, width, 3), (name, height, width, image.shape)
            assert image.dtype == np.uint8
            images += 1
        gc.collect()
    print(images, refused)


main()
