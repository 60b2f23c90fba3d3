# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros import boxes

NUMBERS = st.floats(-5000, 5000)
SIDES = st.floats(0.01, 5000)


@st.composite
def upright(draw):
    x, y = draw(NUMBERS), draw(NUMBERS)
    return np.array([x, y, x + draw(SIDES), y + draw(SIDES)])


def test_area_centre_and_size():
    box = [10, 20, 40, 100]
    assert boxes.area(box) == 2400
    np.testing.assert_array_equal(boxes.centre(box), [25, 60])
    np.testing.assert_array_equal(boxes.size(box), [30, 80])


def test_area_of_inverted_box_is_zero():
    np.testing.assert_array_equal(boxes.area([[5, 0, 0, 5], [5, 5, 0, 0]]), [0, 0])


def test_iou_counts_shared_pixels():
    def raster(box):
        x1, y1, x2, y2 = box
        grid = np.zeros((40, 40), bool)
        grid[y1:y2, x1:x2] = True
        return grid

    random = np.random.default_rng(0)
    for _ in range(50):
        a, b = np.sort(random.integers(0, 40, (2, 2, 2)), axis=1).reshape(2, 4)
        common, union = (raster(a) & raster(b)).sum(), (raster(a) | raster(b)).sum()
        assert boxes.intersection(a, b) == common
        assert boxes.iou(a, b) == pytest.approx(common / union if union else 0)


def test_iou_broadcasts():
    one, many = np.array([0, 0, 10, 10]), np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 5]])
    np.testing.assert_allclose(boxes.iou(one, many), [1, 1 / 3, 0])
    assert boxes.iou(many[:, None], many[None]).shape == (3, 3)


@pytest.mark.parametrize(
    "bad", [[0, 0, 0, 0], [10, 10, 0, 0], [np.nan] * 4, [0, 0, np.nan, 5], [3, 3, 3, 9]]
)
def test_iou_with_degenerate_box_is_zero(bad):
    assert boxes.iou(bad, [0, 0, 10, 10]) == 0
    assert boxes.iou(bad, bad) == 0


@given(upright(), upright())
def test_iou_is_symmetric_and_bounded(a, b):
    value = boxes.iou(a, b)
    assert 0 <= value <= 1 + 1e-12
    assert value == boxes.iou(b, a)
    assert boxes.iou(a, a) == pytest.approx(1)


@given(upright(), st.floats(0.1, 10))
def test_scale_keeps_the_centre_and_multiplies_the_sides(box, factor):
    scaled = boxes.scale(box, factor)
    np.testing.assert_allclose(boxes.centre(scaled), boxes.centre(box), atol=1e-6)
    np.testing.assert_allclose(boxes.size(scaled), boxes.size(box) * factor, rtol=1e-6, atol=1e-6)


@given(upright())
def test_clip_stays_inside_and_is_idempotent(box):
    clipped = boxes.clip(box, 640, 480)
    assert (clipped >= 0).all()
    assert (clipped <= [640, 480, 640, 480]).all()
    np.testing.assert_array_equal(boxes.clip(clipped, 640, 480), clipped)
    assert boxes.area(clipped) == pytest.approx(
        boxes.intersection(box, [0, 0, 640, 480]), rel=1e-6, abs=1e-6
    )


def test_nothing_changes_its_argument():
    box = np.array([-5.0, -5, 700, 500])
    before = box.copy()
    for call in (lambda b: boxes.clip(b, 640, 480), lambda b: boxes.scale(b, 2), boxes.to_xywh):
        call(box)
        np.testing.assert_array_equal(box, before)


@pytest.mark.filterwarnings("error")
def test_what_exceeds_the_largest_float_is_no_warning():
    far = [[-1.7e308, 0, 1.7e308, 9], [1.7e308] * 4, [0, 0, np.inf, 0], [-np.inf, 0, np.inf, 9]]
    for function in (boxes.centre, boxes.size, boxes.area):
        assert not np.isfinite(function(far)).all()
    assert not np.isfinite(boxes.scale(far, 2)).all()
    assert boxes.iou(far, far).shape == (4,)
