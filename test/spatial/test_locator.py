# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Distances on rendered scenes whose truth is known, and what is remembered of a target."""

import functools

import numpy as np
import pytest

from re3_ros.boxes import centre
from re3_ros.spatial import DepthImage, Locator, Surface, position_of
from re3_ros.worlds import DEPTH_CAMERA, DepthScene

SHAPES = ("ball", "block", "bottle")
BOX = np.array([120.0, 90, 200, 150])


@functools.cache
def views(shape, cover):
    return list(DepthScene(shape, cover, frames=30, rate=15.0))


def run(shape, cover, trusted=lambda _: True):
    """Return views and positions of a scene; ``trusted`` tells if the tracker is sure of a view."""
    locator, scene = Locator(), views(shape, cover)
    return scene, [
        locator.locate("it", v.box, v.depth, DEPTH_CAMERA, v.stamp, age=i, trusted=trusted(v))
        for i, v in enumerate(scene)
    ]


def errors(scene, positions):
    """Return relative errors of the distance where there is one."""
    return np.array(
        [p.position[2] / v.distance - 1 for v, p in zip(scene, positions, strict=True) if p]
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_distances_are_right_to_two_percent(shape):
    scene, positions = run(shape, 0)
    assert None not in positions
    assert np.abs(errors(scene, positions)).max() < 0.02


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cover", [0.4, 0.6])
def test_an_occluder_in_front_does_not_draw_the_distance_to_it(shape, cover):
    scene, positions = run(shape, cover)
    assert max(v.hidden for v in scene) > cover - 0.05
    assert sum(p is None for p in positions) <= 2
    assert np.abs(errors(scene, positions)).max() < 0.03


def test_the_median_of_the_box_would_not_do():
    scene = views("block", 0.6)
    naive = [np.nanmedian(v.depth.metres(*cut(v.box))) / v.distance - 1 for v in scene]
    assert np.abs(naive).max() > 0.1


def cut(box):
    x1, y1, x2, y2 = (int(v) for v in box)
    return slice(max(0, y1), y2), slice(max(0, x1), x2)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_target_that_is_hidden_whole_has_no_position_until_it_is_seen_again(shape):
    scene, positions = run(shape, 1.5, trusted=lambda view: view.hidden < 0.9)
    hidden = [view.hidden > 0.99 for view in scene]
    assert sum(hidden) >= 9
    assert [p is None for p in positions] == hidden
    assert np.abs(errors(scene, positions)).max() < 0.03


def test_if_the_tracker_does_not_notice_the_board_is_taken_for_it_for_a_while():
    scene, positions = run("block", 1.5)
    first = [view.hidden > 0.99 for view in scene].index(True)
    assert positions[first : first + 4] == [None] * 4, "not at once"
    assert np.abs(errors(scene[-5:], positions[-5:])).max() < 0.03


def test_positions_are_as_far_off_as_their_covariance_says():
    away = []
    for shape in SHAPES:
        for view, found in zip(*run(shape, 0.4), strict=True):
            if found:
                error = found.position - view.position
                away.append(error @ np.linalg.solve(found.covariance, error))
    assert 0.2 < np.mean(away) < 3, "3 is what three exact dimensions give"


def flat(*distances):
    """Return an image in which stripes of the box are at these distances."""
    metres = np.full((240, 320), 4.0, np.float32)
    for n, distance in enumerate(distances):
        metres[90:150, 120 + n * 80 // len(distances) : 120 + (n + 1) * 80 // len(distances)] = (
            distance
        )
    return DepthImage(metres)


def see(locator, *distances, at=0.0, age=0, trusted=True):
    return locator.locate("it", BOX, flat(*distances), DEPTH_CAMERA, round(1e9 * at), age, trusted)


def test_a_new_target_is_what_is_in_front():
    assert see(Locator(), 2, 1, 2).position[2] == 1


def test_another_surface_is_believed_after_a_while_and_only_if_the_box_is():
    locator = Locator()
    see(locator, 2)
    assert see(locator, 1.5, at=0.1) is None
    assert see(locator, 1.5, at=0.3) is None
    assert see(locator, 1.5, at=0.45).position[2] == 1.5
    assert see(locator, 1.0, at=0.5) is None
    assert see(locator, 1.0, at=0.7, trusted=False) is None
    assert see(locator, 1.0, at=0.9, trusted=False) is None, "doubtful boxes prove nothing"
    assert see(locator, 1.0, at=1.0, trusted=False) is None


def test_a_target_that_comes_nearer_is_followed():
    locator = Locator()
    for n in range(30):
        z = 2 - n * 0.05  # 1.5 m/s
        assert see(locator, z, at=n / 30, age=n).position[2] == pytest.approx(z)


def test_one_that_jumps_is_found_again_in_a_moment():
    locator = Locator()
    see(locator, 3)
    found = [see(locator, 1.3, at=(1 + n) / 15, age=n) for n in range(6)]
    assert found[:4] == [None] * 4
    assert found[5].position[2] == pytest.approx(1.3)


def test_a_target_that_starts_anew_is_not_where_it_was():
    locator = Locator()
    see(locator, 3, age=50)
    assert see(locator, 1, at=0.03, age=51) is None
    assert see(locator, 1, at=0.06, age=0).position[2] == 1


def test_time_that_goes_back_starts_anew():
    locator = Locator()
    see(locator, 3, at=10)
    assert see(locator, 1, at=2, age=1).position[2] == 1


def test_targets_that_are_gone_are_forgotten():
    locator = Locator()
    see(locator, 3)
    locator.keep([])
    assert see(locator, 1, at=0.03, age=1).position[2] == 1


def test_a_position_lies_on_the_ray_through_the_middle_of_the_box():
    box = np.array([200.0, 30, 260, 70])
    found = position_of(Surface(2.0, 0.01, 1.0, 1.98, 2.05), box, DEPTH_CAMERA)
    x, y = (centre(box) - (160, 120)) / 300 * 2
    assert found.position == pytest.approx([x, y, 2])
    assert found.size == pytest.approx([60 / 300 * 2, 40 / 300 * 2, 0.07])
    assert found.covariance == pytest.approx(found.covariance.T)
    assert (np.linalg.eigvalsh(found.covariance) > 0).all()
