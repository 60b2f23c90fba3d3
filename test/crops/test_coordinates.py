# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros import crops

POSITIONS = st.floats(-1e4, 1e4)
SIDES = st.floats(2, 1e4)


@st.composite
def upright(draw):
    x, y = draw(POSITIONS), draw(POSITIONS)
    return np.array([x, y, x + draw(SIDES), y + draw(SIDES)])


def test_unchanged_object_is_in_the_middle_half():
    box = np.array([120, 80, 180, 200])
    raw = crops.encode(box, crops.search_window(box))
    np.testing.assert_allclose(raw, [2.5, 2.5, 7.5, 7.5])


def test_the_whole_window_is_zero_to_ten():
    window = np.array([50, 40, 250, 280])
    np.testing.assert_allclose(crops.encode(window, window), [0, 0, 10, 10])
    np.testing.assert_allclose(crops.decode([0, 5, 10, 5], window), [50, 160, 250, 160])


@given(upright(), upright())
def test_decode_inverts_encode(box, around):
    window = crops.search_window(around)
    back = crops.decode(crops.encode(box, window), window)
    np.testing.assert_allclose(back, box, rtol=0, atol=1e-4)


@given(st.lists(st.floats(-20, 30), min_size=4, max_size=4), upright())
def test_encode_inverts_decode(raw, around):
    window = crops.search_window(around)
    back = crops.encode(crops.decode(raw, window), window)
    np.testing.assert_allclose(back, raw, rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_at_once(dtype):
    boxes = np.array([[0, 0, 10, 10], [5, 5, 50, 20]], dtype)
    windows = crops.search_window(boxes)
    raw = crops.encode(boxes, windows)
    assert raw.dtype == np.float64
    np.testing.assert_allclose(raw, [[2.5, 2.5, 7.5, 7.5]] * 2)
    np.testing.assert_allclose(crops.decode(raw.astype(dtype), windows), boxes, atol=1e-4)
