# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros import boxes
from re3_ros.errors import BoxError, InputError

ANY = st.lists(st.floats(), min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("box", "good"),
    [
        ([10, 10, 50, 50], True),
        ([-20, -20, 5, 5], True),  # overlaps the corner
        ([0, 0, 2, 2], True),  # just large enough
        ([0, 0, 1.9, 50], False),
        ([50, 10, 10, 50], False),
        ([640, 10, 700, 50], False),  # touches the border from outside
        ([-50, 10, 0, 50], False),
        ([10, 490, 50, 600], False),
        ([np.nan, 10, 50, 50], False),
        ([10, 10, np.inf, 50], False),
        ([-np.inf, -np.inf, np.inf, np.inf], False),
        ([-1e30, -1e30, 1e30, 1e30], True),
    ],
)
def test_is_good(box, good):
    assert bool(boxes.is_valid(box, 640, 480)) is good


def test_is_good_takes_many_and_its_own_least_size():
    many = [[0, 0, 5, 5], [0, 0, 50, 50]]
    np.testing.assert_array_equal(boxes.is_valid(many, 640, 480, min_size=10), [False, True])


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ([0, 0, 0, 0], r"\(0, 0, 0, 0\) is 0 x 0 pixels; both sides must be 2 or more"),
        ([100, 10, 50, 60], "is -50 x 50 pixels"),
        ([10, 10, 11, 60], "is 1 x 50 pixels"),
        ([np.nan, 0, 10, 10], r"\(nan, 0, 10, 10\) is not finite"),
        ([0, 0, np.inf, 10], "is not finite"),
        ([0, 0, 10], r"shape \(3,\)"),
        ([[0, 0, 10, 10]], r"shape \(1, 4\)"),
        ("ball", "'ball' is not four numbers"),
        (None, "not four numbers"),
        ([700, 100, 800, 200], r"lies outside the 640 x 480 image"),
    ],
)
def test_check_box_names_the_box_and_the_reason(box, says):
    with pytest.raises(BoxError, match=says):
        boxes.check_box(box, 640, 480)


def test_check_box_returns_a_float64_copy():
    given_box = np.array([1.0, 2, 30, 40])
    checked = boxes.check_box(given_box, 640, 480)
    assert checked.dtype == np.float64
    checked[0] = 99
    assert given_box[0] == 1
    np.testing.assert_array_equal(boxes.check_box((1, 2, 30, 40)), [1, 2, 30, 40])


def test_check_box_without_an_image_does_not_ask_where_it_lies():
    boxes.check_box([700, 100, 800, 200])


def test_box_errors_are_input_and_value_errors():
    assert issubclass(BoxError, InputError)
    assert issubclass(BoxError, ValueError)


@given(ANY)
def test_check_box_accepts_exactly_the_good_boxes(box):
    if boxes.is_valid(box, 640, 480):
        np.testing.assert_array_equal(boxes.check_box(box, 640, 480), box)
    else:
        with pytest.raises(BoxError):
            boxes.check_box(box, 640, 480)
