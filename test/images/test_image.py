# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.errors import ImageError
from re3_ros.images import check_image


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (None, "NoneType; expected a numpy array"),
        ([[1, 2, 3]], "is a list"),
        (np.zeros((5, 5), np.uint8), r"shape \(5, 5\); expected height x width x 3"),
        (np.zeros((5, 5, 1), np.uint8), r"shape \(5, 5, 1\)"),
        (np.zeros((5, 5, 4), np.uint8), r"shape \(5, 5, 4\)"),
        (np.zeros((1, 5, 5, 3), np.uint8), r"shape \(1, 5, 5, 3\)"),
        (np.zeros((5, 5, 3), np.float32), "dtype float32; expected uint8"),
        (np.zeros((5, 5, 3), np.int8), "dtype int8"),
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\) and holds no pixel"),
        (np.zeros((5, 0, 3), np.uint8), "holds no pixel"),
    ],
)
def test_what_is_no_image_is_named(image, says):
    with pytest.raises(ImageError, match=says):
        check_image(image)


def test_a_contiguous_image_is_not_copied():
    image = np.zeros((4, 5, 3), np.uint8)
    assert check_image(image) is image


def test_a_view_becomes_contiguous_with_the_same_pixels():
    image = np.random.RandomState(0).randint(0, 256, (8, 9, 3)).astype(np.uint8)
    view = image[::-1, ::2, ::-1]
    checked = check_image(view)
    assert checked.flags.c_contiguous
    np.testing.assert_array_equal(checked, view)
