# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The table: what is drawn is where the truth says, at the depth that it says, and the camera moves
as it is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from re3_ros.spatial import CameraModel
from re3_ros.worlds import Eye, Quad, Table, render

CAMERA = CameraModel(fx=100.0, fy=100.0, cx=40.0, cy=30.0, width=80, height=60)
HERE = Eye(np.eye(3), np.zeros(3))
twists = st.tuples(*[st.floats(-1, 1)] * 6).map(np.array)


def board(x, y, z, wide, high, tint=200, of="board"):
    """Return a board that faces the camera, with its upper left corner at a point."""
    picture = np.full((40, 40, 4), 255, np.uint8)
    picture[..., :3] = tint
    right, down = np.array([wide, 0.0, 0]), np.array([0, high, 0.0])
    return Quad(picture, np.array([x, y, z]), right, down, of)


def test_a_board_is_drawn_where_it_is_in_its_colour_and_at_its_distance():
    scene = render([board(-0.1, -0.05, 1.0, 0.2, 0.1)], HERE, CAMERA)
    rows, columns = np.nonzero(np.isfinite(scene.depth))
    assert [columns.min(), columns.max(), rows.min(), rows.max()] == pytest.approx(
        [30, 49, 25, 34], abs=1
    )
    assert scene.depth[30, 40] == pytest.approx(1.0)
    assert (scene.image[30, 40] == 200).all()
    assert not scene.image[5, 5].any()
    assert scene.visible == {"board": 1.0}


def test_what_is_nearer_hides_what_is_behind_in_whatever_order():
    far = board(-0.4, -0.3, 2.0, 0.8, 0.6, 50, "far")
    near = board(-0.2, -0.3, 1.0, 0.2, 0.6, 250, "near")
    for quads in ([far, near], [near, far]):
        scene = render(quads, HERE, CAMERA)
        assert scene.visible["near"] == 1.0
        assert scene.visible["far"] == pytest.approx(0.5, abs=0.06)
        assert (scene.image[30, 30] == 250).all()
        assert (scene.image[30, 50] == 50).all()


def test_what_is_nearer_hides_what_is_behind_also_where_its_middle_is_farther_away():
    wide = board(0.0, -0.3, 1.0, 8.0, 0.6, 250, "wide")
    scene = render([wide, board(-0.4, -0.3, 2.0, 0.8, 0.6, 50, "far")], HERE, CAMERA)
    assert (scene.image[30, 50] == 250).all()
    assert (scene.image[30, 30] == 50).all()
    assert scene.depth[30, 50] == pytest.approx(1.0)


def test_what_is_behind_the_camera_is_not_seen():
    assert render([board(-0.1, -0.1, -1.0, 0.2, 0.2)], HERE, CAMERA).visible == {}


@settings(max_examples=30, deadline=None)
@given(twists)
def test_many_small_steps_lead_where_one_does(twist):
    once, many = HERE.moved(twist, 0.5), HERE
    for _ in range(20):
        many = many.moved(twist, 0.025)
    assert many.position == pytest.approx(once.position, abs=1e-9)
    assert many.rotation == pytest.approx(once.rotation, abs=1e-9)
    assert once.rotation.T @ once.rotation == pytest.approx(np.eye(3), abs=1e-9)


def test_forward_is_along_the_line_of_sight():
    turned = HERE.moved([0, 0, 0, 0, 0.5, 0], 1.0)
    ahead = turned.moved([0, 0, 0.2, 0, 0, 0], 1.0).position
    assert ahead == pytest.approx(0.2 * turned.rotation[:, 2])
    assert turned.to_camera(ahead) == pytest.approx([0, 0, 0.2])


@pytest.fixture(scope="module")
def table():
    return Table(seed=1, seconds=6.0)


def test_the_true_box_is_around_the_carton(table):
    view = table.view()
    assert view.image.shape == (480, 640, 3)
    assert view.visibility == pytest.approx(1.0, abs=0.01)
    x1, y1, x2, y2 = view.box.round().astype(int)
    inside = view.image[y1:y2, x1:x2].astype(int)
    orange = (inside[..., 0] > 2 * inside[..., 2]) & (inside[..., 0] > 150)
    assert orange.mean() > 0.2
    middle = view.depth.pixels[(y1 + y2) // 2, (x1 + x2) // 2] / 1000
    assert middle == pytest.approx(view.position[2], abs=0.04)


def test_it_is_the_same_for_the_same_seed(table):
    first, again = (Table(seed=1, seconds=6.0).view() for _ in range(2))
    assert (first.image == again.image).all()
    assert (first.depth.pixels == again.depth.pixels).all()
    assert (first.image != Table(seed=2, seconds=6.0).view().image).any()


def test_the_camera_obeys_with_a_lag_and_a_board_hides_the_carton():
    table = Table(seed=1, seconds=6.0)
    start, seen = table.eye.position, []
    table.move([0.1, 0, 0, 0, 0, 0], 0.05)
    assert 0 < table.twist[0] < 0.1
    for _ in range(20):
        table.move([0.1, 0, 0, 0, 0, 0], 0.05)
    assert table.twist[0] == pytest.approx(0.1, rel=0.01)
    moved = np.linalg.norm(table.eye.position - start)
    assert moved == pytest.approx(0.1 * (1.05 - 0.12), rel=0.05)
    while not table.is_over:
        table.move(np.zeros(6), 0.25)
        seen.append((table.time, table.view().visibility))
    hidden = [time for time, visibility in seen if visibility < 0.1]
    assert hidden
    assert min(hidden) < table.hidden_at + 0.3 < max(hidden) + 1.0
    assert seen[-1][1] > 0.9
