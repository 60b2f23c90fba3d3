# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros import boxes

QUADRUPLES = st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4)


def test_examples():
    np.testing.assert_array_equal(boxes.from_xywh([10, 20, 30, 80]), [10, 20, 40, 100])
    np.testing.assert_array_equal(boxes.to_xywh([10, 20, 40, 100]), [10, 20, 30, 80])
    np.testing.assert_array_equal(boxes.from_cxcywh([25, 60, 30, 80]), [10, 20, 40, 100])
    np.testing.assert_array_equal(boxes.to_cxcywh([10, 20, 40, 100]), [25, 60, 30, 80])


@pytest.mark.parametrize(
    ("there", "back"),
    [(boxes.to_xywh, boxes.from_xywh), (boxes.to_cxcywh, boxes.from_cxcywh)],
)
@given(box=QUADRUPLES)
def test_formats_are_inverses(there, back, box):
    np.testing.assert_allclose(back(there(box)), box, atol=1e-9 * 1e5)


@pytest.mark.parametrize("convert", [boxes.from_xywh, boxes.from_cxcywh])
@pytest.mark.filterwarnings("error")
def test_corners_beyond_the_largest_float_are_infinite_and_no_warning(convert):
    corners = convert([[1.7e308] * 4, [np.inf, 0, -np.inf, 1]])
    assert np.isinf(corners[0]).any()
    assert not np.isfinite(corners[1]).all()


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (0, 4)])
def test_leading_axes_are_kept(shape):
    for convert in (boxes.to_xywh, boxes.from_xywh, boxes.to_cxcywh, boxes.from_cxcywh):
        out = convert(np.zeros(shape, np.float32))
        assert out.shape == shape
        assert out.dtype == np.float64
