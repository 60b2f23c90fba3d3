# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The law of the servo on a simulated pinhole camera: the target comes to its place, from anywhere,
with distances that are wrong, with delay, and within the limits."""

import math
from collections import deque

import cv2
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from re3_ros.control import (
    KEEPS,
    MOTIONS,
    STILL,
    Goal,
    Steps,
    elsewhere,
    interaction_matrix,
    limited,
    look,
    servo,
    stepped,
)
from re3_ros.spatial import CameraModel

WIDTH, HEIGHT = 640, 480
CAMERA = CameraModel(fx=520.0, fy=530.0, cx=322.0, cy=238.0, width=WIDTH, height=HEIGHT)
PERIOD = 1 / 20
LIMITS, GROWTH = Steps(0.4, 0.8), Steps(1.6, 4.0)
SIDE = 0.08
"""Of the target in metres: a square that always faces the camera."""
twists = st.tuples(*[st.floats(-1e6, 1e6)] * 6).map(np.array)
limits = st.just(0.0) | st.floats(1e-9, 10.0)  # the squares of smaller ones are rounded to 0


def box_of(point):
    """Return the box of the target at a point in the camera's frame."""
    x, y, z = point
    middle = np.array([CAMERA.fx * x / z + CAMERA.cx, CAMERA.fy * y / z + CAMERA.cy])
    half = np.array([CAMERA.fx, CAMERA.fy]) * SIDE / z / 2
    return np.concatenate([middle - half, middle + half])


def moved(point, twist, seconds):
    """Return where a point that rests is, seen from a camera that moved (equation 8)."""
    turn = cv2.Rodrigues(-twist[3:] * seconds)[0]
    return turn @ (point - twist[:3] * seconds)


def in_view(box):
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return 0 < x < WIDTH and 0 < y < HEIGHT


def run(point, goal, seconds, delay=0, limits=LIMITS):
    """Return where the target is after every step; what the law sees is ``delay`` steps old."""
    seen, twist, way = deque([point] * (delay + 1), delay + 1), STILL, [point]
    for _ in range(round(seconds / PERIOD)):
        old = seen[0]
        sight = look(box_of(old), CAMERA, WIDTH, HEIGHT, goal)
        distance = float(old[2]) if goal.keep == "distance" else None
        wanted = limited(servo(sight, goal, distance), limits)
        twist = stepped(twist, wanted, Steps(*(step * PERIOD for step in GROWTH)))
        point = moved(point, twist, PERIOD)
        seen.append(point)
        way.append(point)
    return np.array(way)


def errors(point, goal):
    """Return the offset as a tangent, and the error of what is kept as a part of it."""
    sight = look(box_of(point), CAMERA, WIDTH, HEIGHT, goal)
    offset = math.hypot(sight.x - sight.aim_x, sight.y - sight.aim_y)
    kept = {"size": sight.growth, "distance": math.log(point[2] / goal.desired_distance)}
    return offset, abs(kept.get(goal.keep, 0.0))


starts = st.tuples(st.floats(-0.45, 0.45), st.floats(-0.35, 0.35), st.floats(0.25, 1.2)).map(
    lambda s: np.array([s[0] * s[2], s[1] * s[2], s[2]])
)


@settings(max_examples=25, deadline=None)
@given(
    starts,
    st.sampled_from(sorted(MOTIONS)),
    st.sampled_from(KEEPS),
    st.floats(1.0, 2.0),
    st.floats(0.6, 1.6),
    st.integers(0, 2),
)
@example(np.array([0.2, 0.1, 0.5]), "translate", "size", 2.0, 1.6, 2)
def test_the_target_comes_to_its_place_and_stays(start, motion, keep, gain, wrong, delay):
    """From anywhere in the image, with a distance that is wrong by half, up to 0.1 s late."""
    assume(in_view(box_of(start)))
    goal = Goal(motion, keep, desired_size=0.15, gain=gain, assumed_distance=0.5 * wrong)
    assume(not look(box_of(start), CAMERA, WIDTH, HEIGHT, goal).is_cut)
    way = run(start, goal, 18.0, delay)
    for point in way[-10:]:
        offset, kept = errors(point, goal)
        assert offset <= goal.dead_band + 2e-3
        assert kept <= goal.size_band + 5e-3


@settings(max_examples=15, deadline=None)
@given(starts, st.sampled_from(sorted(MOTIONS)), st.floats(0.5, 2.0))
def test_without_limits_the_error_never_grows(start, motion, wrong):
    """As the error obeys e' = -gain e: it goes straight down, without delay."""
    assume(in_view(box_of(start)))
    goal = Goal(motion, "nothing", assumed_distance=wrong * float(start[2]), dead_band=0.0)
    point, before = start, errors(start, goal)[0]
    for _ in range(30):
        sight = look(box_of(point), CAMERA, WIDTH, HEIGHT, goal)
        point = moved(point, servo(sight, goal), 0.01)
        after = errors(point, goal)[0]
        assert after <= before + 1e-6
        before = after


def test_the_error_falls_by_the_gain():
    goal = Goal(keep="distance", gain=1.0, dead_band=0.0, size_band=0.0)
    start = np.array([0.1, -0.05, 0.6])
    point = start
    for _ in range(200):
        sight = look(box_of(point), CAMERA, WIDTH, HEIGHT, goal)
        point = moved(point, servo(sight, goal, float(point[2])), 0.005)
    assert errors(point, goal) == pytest.approx(
        [error * math.exp(-1) for error in errors(start, goal)], rel=0.02
    )


@settings(max_examples=40, deadline=None)
@given(starts, st.tuples(*[st.floats(-1, 1)] * 6).map(np.array))
def test_the_interaction_matrix_is_the_derivative_of_what_is_seen(point, twist):
    small = 1e-6

    def features(p):
        return np.array([p[0] / p[2], p[1] / p[2], math.log(p[2])])

    change = (features(moved(point, twist, small)) - features(moved(point, twist, -small))) / 2
    x, y, _ = features(point)
    assert interaction_matrix(x, y, float(point[2])) @ twist == pytest.approx(
        change / small, abs=1e-4
    )


def test_a_target_in_its_place_is_left_there():
    goal = Goal(desired_size=0.15, aim_x=0.4, aim_y=0.6)
    side = 0.15 * math.sqrt(WIDTH * HEIGHT) / 2
    middle = np.array([0.4 * WIDTH, 0.6 * HEIGHT])
    box = np.concatenate([middle - side, middle + side])
    near = box + 0.009 * CAMERA.fx * np.array([1, 0, 1, 0])
    far = box + 0.03 * CAMERA.fx * np.array([1, 0, 1, 0])
    for seen, still in ((box, True), (near, True), (far, False)):
        sight = look(seen, CAMERA, WIDTH, HEIGHT, goal)
        assert np.any(servo(sight, goal)) != still


def test_it_does_not_go_forward_to_a_target_that_is_cut_off():
    cut = np.array([300.0, 400.0, 340.0, 480.0])
    goal = Goal(desired_size=0.5)
    assert servo(look(cut, CAMERA, WIDTH, HEIGHT, goal), goal)[2] <= 0
    whole = cut - np.array([0, 100, 0, 100])
    assert servo(look(whole, CAMERA, WIDTH, HEIGHT, goal), goal)[2] > 0
    by_depth = goal._replace(keep="distance", desired_distance=0.2)
    assert servo(look(cut, CAMERA, WIDTH, HEIGHT, by_depth), by_depth, 0.4)[2] > 0


def test_a_distance_cannot_be_kept_that_nobody_measured():
    goal = Goal(keep="distance")
    sight = look(np.array([10.0, 10, 60, 60]), CAMERA, WIDTH, HEIGHT, goal)
    assert not servo(sight, goal).any()


@settings(max_examples=60, deadline=None)
@given(twists, limits, limits)
def test_limits_hold_and_the_direction_stays(twist, linear, angular):
    slow = limited(twist, Steps(linear, angular))
    assert np.linalg.norm(slow[:3]) <= linear * (1 + 1e-9)
    assert np.linalg.norm(slow[3:]) <= angular * (1 + 1e-9)
    scale = np.abs(twist).max()
    if scale > 1e-3:
        ratio = slow / scale
        assert np.abs(np.outer(ratio, twist / scale) - np.outer(twist / scale, ratio)).max() < 1e-6


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_motion(value):
    assert not limited(np.array([0, value, 0, 0, 0, 0]), LIMITS).any()
    assert np.linalg.norm(limited(np.full(6, 1e308), LIMITS)[:3]) <= LIMITS.linear + 1e-9


@settings(max_examples=40, deadline=None)
@given(twists, twists)
def test_a_step_leads_nearer_and_arrives(now, wanted):
    step = stepped(now, wanted, Steps(0.1, 0.2))
    assert np.linalg.norm(step - wanted) <= np.linalg.norm(now - wanted) + 1e-6
    assert stepped(now, wanted, Steps(1e9, 1e9)) == pytest.approx(wanted, abs=1e-6, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(*[st.floats(-1, 1)] * 6).map(np.array),
    st.tuples(*[st.floats(-0.3, 0.3)] * 3).map(np.array),
)
def test_the_camera_moves_as_wanted_when_another_point_of_the_hand_is_told(twist, place):
    """The hand turns about the other point, which itself moves: the camera's velocity comes out."""
    told = elsewhere(twist, place)
    camera = told[:3] + np.cross(told[3:], -place)
    assert camera == pytest.approx(twist[:3], abs=1e-12)
    assert told[3:] == pytest.approx(twist[3:])


def test_of_a_box_beyond_the_field_of_a_lens_nothing_is_seen():
    lens = CameraModel(
        300.0, 300.0, 320.0, 240.0, WIDTH, HEIGHT, (0.0, 0.0, 0.0, 0.0), "equidistant"
    )
    assert look(np.array([300.0, 200, 340, 240]), lens, WIDTH, HEIGHT, Goal()) is not None
    assert look(np.array([320.0, 200, 320, 240]), lens, WIDTH, HEIGHT, Goal()) is None
