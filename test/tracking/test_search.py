# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.boxes import centre, check_box, is_valid, size
from re3_ros.tracking._search import BOXES_A_LAP, SCALES, search_box

BOX = np.array([300.0, 200.0, 340.0, 220.0])


def places(looks, reach=1.0):
    return np.array([search_box(BOX, k, 640, 480, reach) for k in looks])


def test_every_other_look_is_at_the_last_box():
    assert (places(range(0, 20, 2)) == BOX).all()


def test_the_other_looks_go_around_it_within_reach():
    around = places(range(1, 200, 2), reach=2.0)
    steps = (centre(around) - centre(BOX)) / size(BOX)
    distances = np.hypot(*steps.T)
    assert distances.max() == pytest.approx(2.0)
    assert (np.diff(distances[:BOXES_A_LAP]) > 0).all(), "from near to far"
    quarters = {(x > 0, y > 0) for x, y in steps[:BOXES_A_LAP]}
    assert len(quarters) == 4
    assert len(np.unique(steps.round(6), axis=0)) == len(steps), "no place twice"
    ratios = {round(float(r), 6) for r in size(around)[:, 0] / 40}
    assert ratios == set(SCALES)


def test_no_reach_looks_at_the_last_box_only():
    assert centre(places(range(20), reach=0)) == pytest.approx(np.tile(centre(BOX), (20, 1)))


def test_beside_the_border_looks_stay_inside():
    box = np.array([600.0, 440.0, 660.0, 500.0])
    for k in range(1, 100, 2):
        x1, y1, x2, y2 = search_box(box, k, 640, 480, 1.0)
        assert 0 <= x1 + 1e-9 < x2 <= 640 + 1e-9
        assert 0 <= y1 + 1e-9 < y2 <= 480 + 1e-9


@given(
    st.tuples(*[st.floats(-2000, 2000)] * 2, *[st.floats(2, 2000)] * 2),
    st.integers(0, 10_000),
    st.integers(2, 2000),
    st.integers(2, 2000),
    st.floats(0, 10),
)
def test_every_place_can_be_looked_at(corner_and_size, attempt, width, height, reach):
    x, y, w, h = corner_and_size
    place = search_box(np.array([x, y, x + w, y + h]), attempt, width, height, reach)
    assert is_valid(place, width, height, min_size=1.0)
    check_box(place)


def test_a_lost_target_of_the_least_size_does_not_stop_the_others():
    box = np.array([30.0, 30.0, 32.0, 50.0])
    for k in range(2 * BOXES_A_LAP * len(SCALES)):
        check_box(search_box(box, k, 64, 48, 1.0))
