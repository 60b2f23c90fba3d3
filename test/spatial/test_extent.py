# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How far what is seen reaches, along its own axes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from re3_ros.spatial import DepthImage, Locator, extent_of
from re3_ros.worlds import DEPTH_CAMERA, Table

angles = st.floats(-1.0, 1.0)


def plate(length, width, *turn, centre=(0.05, -0.02, 0.8), thickness=0.0):
    """Return points of an even plate that is turned by a rotation vector, and the rotation."""
    rotation = cv2.Rodrigues(np.array(turn or (0, 0, 0), float))[0]
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 40), np.linspace(-0.5, 0.5, 30))
    flat = np.stack([u.ravel() * length, v.ravel() * width, np.zeros(u.size)], -1)
    flat[:, 2] += thickness * np.random.default_rng(0).normal(size=u.size)
    return flat @ rotation.T + centre, rotation


@settings(max_examples=100, deadline=None)
@given(st.tuples(angles, angles, angles))
def test_axes_are_those_of_a_plate_however_it_is_turned(turn):
    points, rotation = plate(0.3, 0.1, *turn)
    found = extent_of(points)
    assert found.axes.T @ found.axes == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(found.axes) == pytest.approx(1.0), "right-handed"
    assert np.abs(np.diag(found.axes.T @ rotation)) == pytest.approx([1, 1, 1], abs=1e-6)
    # Percentiles: 4 % short, or whole where the outermost column is more than 2 % of all points.
    assert found.size == pytest.approx([0.3 * 0.975, 0.1 * 0.975, 0.0], rel=0.03, abs=1e-9)
    assert found.centre == pytest.approx([0.05, -0.02, 0.8], abs=1e-6)
    assert found.axes[:, 2] @ found.centre >= 0, "z points away from the camera"
    assert found.axes[0, 0] + found.axes[1, 0] >= -1e-6, "x points to the right, or down"


@settings(max_examples=50, deadline=None)
@given(st.tuples(angles, angles, angles))
def test_the_quaternion_says_the_same(turn):
    found = extent_of(plate(0.3, 0.1, *turn)[0])
    x, y, z, w = found.quaternion
    assert x * x + y * y + z * z + w * w == pytest.approx(1.0)
    assert w >= 0
    again = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    assert again == pytest.approx(found.axes, abs=1e-9)


def test_a_plate_that_faces_the_camera_is_not_turned():
    assert extent_of(plate(0.3, 0.1)[0]).quaternion == pytest.approx([0, 0, 0, 1], abs=1e-9)


def test_the_axes_of_a_square_are_those_of_the_camera_and_stay_so():
    for noise in range(5):
        shaken = np.random.default_rng(noise).normal(0, 0.001, (1200, 3))
        found = extent_of(plate(0.2, 0.2)[0] + shaken)
        assert found.axes == pytest.approx(np.eye(3), abs=0.02)


@pytest.mark.parametrize("turn", [0.0, np.pi / 2])
def test_what_lies_or_stands_in_the_image_keeps_its_axes_under_noise(turn):
    for noise in range(10):
        shaken = np.random.default_rng(noise).normal(0, 0.004, (1200, 3))
        found = extent_of(plate(0.2, 0.08, 0, 0, turn + 0.01 * (-1) ** noise)[0] + shaken)
        assert found.axes[:, 0] == pytest.approx([np.cos(turn), np.sin(turn), 0], abs=0.03)


def test_a_flat_surface_is_as_thick_as_its_noise():
    found = extent_of(plate(0.3, 0.1, thickness=0.002)[0])
    assert found.size[2] == pytest.approx(4.1 * 0.002, rel=0.1)


def test_a_few_points_far_away_do_not_count():
    points, _ = plate(0.3, 0.1, 0.2, 0.3, 0.4)
    stray = np.vstack([points, np.full((12, 3), 3.0)])
    assert extent_of(stray).size == pytest.approx(extent_of(points).size, rel=0.05, abs=1e-3)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((0, 3)),
        np.full((500, 3), np.nan),
        np.ones((500, 3)),
        plate(0.3, 0.1)[0][:20],
        np.linspace(0, 1, 300)[:, None] * [1.0, 2.0, 3.0],
    ],
)
def test_of_too_few_points_or_a_line_nothing_is_said(points):
    assert extent_of(points) is None


def test_a_locator_measures_the_surface_of_its_target_alone():
    """A board of 120 x 60 pixels at 0.6 m, before a wall at 1.5 m."""
    z = np.full((240, 320), 1.5, np.float32)
    z[90:150, 100:220] = 0.6
    box = np.array([94.0, 84, 226, 156])
    found = Locator().locate("it", box, DepthImage(z), DEPTH_CAMERA, 0)
    sides = np.array([120, 60]) / 300 * 0.6
    assert found.extent.size[:2] == pytest.approx(sides, rel=0.07)
    assert found.extent.size[2] == pytest.approx(0.0, abs=1e-9)
    assert found.extent.centre == pytest.approx([0, 0, 0.6], abs=0.005)
    assert found.size[:2] == pytest.approx(np.array([132, 72]) / 300 * 0.6)


def test_of_a_single_row_of_pixels_nothing_is_said():
    z = np.zeros((240, 320), np.float32)
    z[120, 100:220] = 0.6
    box = np.array([100.0, 120, 220, 121])
    assert Locator().locate("it", box, DepthImage(z), DEPTH_CAMERA, 0).extent is None


@pytest.mark.parametrize("error", [0.0, 0.04])
def test_the_top_of_a_carton_on_a_table_is_found_from_above_at_a_slant(error):
    """With the noise of a depth camera, in the tracker's box or one that is a little off."""
    table = Table(seed=3)
    view, (length, width, _) = table.view(), table.object_size
    off = error * np.random.default_rng(0).normal(size=4) * np.tile(view.box[2:] - view.box[:2], 2)
    found = Locator().locate("it", view.box + off, view.depth, table.camera, 0).extent
    assert found.size[:2] == pytest.approx([length, width], rel=0.12)
    assert abs(found.axes[:, 0] @ view.axes[:, 0]) > np.cos(np.radians(5))
    assert found.axes[:, 2] @ view.axes[:, 2] > np.cos(np.radians(10))
