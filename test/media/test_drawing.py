# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is drawn is where it should be, on images of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.media import STATE_COLOURS, draw_box, draw_label, draw_results, draw_status
from re3_ros.tracking import TargetResult, TargetState

GREY = 128


def target(box, state=TargetState.TRACKING, name="cup"):
    box = np.array(box, float)
    return TargetResult(name, "camera", state, box, box, 0.87, 5, 5, 5)


def blank(height=480, width=640):
    return np.full((height, width, 3), GREY, np.uint8)


@pytest.mark.parametrize("state", list(TargetState))
def test_box_has_the_colour_of_its_state(state):
    image = draw_results(blank(), [target((200, 150, 400, 300), state)])
    side = image[300 - 2 : 300 + 2, 210:390].reshape(-1, 3)
    assert (np.abs(side.astype(int) - STATE_COLOURS[state]).max(axis=1) < 20).sum() > 100


def test_image_handed_in_is_not_touched():
    image = blank()
    draw_results(image, [target((200, 150, 400, 300))], "status")
    assert (image == GREY).all()


def test_inside_of_the_box_stays_visible():
    image = draw_results(blank(), [target((200, 150, 400, 300))])
    assert (image[156:294, 206:394] == GREY).all()


def test_lost_box_is_dashed():
    image = draw_results(blank(), [target((200, 150, 400, 300), TargetState.LOST)])
    changed = (image[299:301, 202:398] != GREY).any(axis=(0, 2))
    assert 0.3 < changed.mean() < 0.9


def test_label_moves_inside_at_the_upper_edge():
    above, inside = blank(), blank()
    draw_label(above, "cup 0.87", (200, 150, 400, 300), (0, 255, 0))
    draw_label(inside, "cup 0.87", (200, 2, 400, 300), (0, 255, 0))
    assert (above[150:] == GREY).all()
    assert (inside[2:40] != GREY).any()


def test_status_stands_at_the_lower_left():
    image = blank()
    draw_status(image, "frame 3")
    changed = np.argwhere((image != GREY).any(axis=2))
    assert changed[:, 0].min() > 440
    assert changed[:, 1].max() < 320


def test_line_is_where_the_box_is_to_a_fraction_of_a_pixel():
    thin = blank(200, 200)
    draw_box(thin, (50.0, 50.0, 150.0, 150.0), (255, 255, 255))
    profile = np.abs(thin[100, 30:70].astype(float) - GREY).sum(axis=1)
    centre = (profile * (np.arange(30, 70) + 0.5)).sum() / profile.sum()
    assert centre == pytest.approx(50.0, abs=0.3)


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    box=st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 4),
    state=st.sampled_from(list(TargetState)),
    name=st.text(max_size=20),
)
def test_any_box_on_any_image_can_be_drawn(size, box, state, name):
    image = draw_results(blank(*size), [target(box, state, name)], name)
    assert image.shape == (*size, 3)
