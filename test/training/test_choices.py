# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.boxes import centre, size
from re3_ros.training import UnrollPlan
from re3_ros.training._choices import draw_choices, jitter, mirror, move

BOXES = np.tile([100.0, 100, 140, 120], (4000, 1))


def test_noise_moves_and_resizes_by_the_stated_amounts():
    noisy = jitter(np.random.default_rng(0), BOXES)
    shift = (centre(noisy) - centre(BOXES)) / size(BOXES)
    assert np.abs(shift).max() <= 0.6
    assert np.median(np.abs(shift)) == pytest.approx(np.log(2) / 8 * 0.8, rel=0.25)
    assert (noisy == BOXES).all(axis=1).mean() == pytest.approx(1 / 8, abs=0.02)


def test_the_noise_of_the_paper_keeps_the_centre_in_the_box():
    choices = draw_choices(UnrollPlan(0.0, noise="paper"), np.random.default_rng(0), 4000, 2)
    noisy = move(BOXES, choices.shift[0], choices.stretch[0])
    middle = centre(noisy)
    assert ((middle >= [100, 100]) & (middle <= [140, 120])).all()
    # Laplace(0, 1/5) cut off at half a box: the median of its size is below ln 2 / 5.
    shift = np.abs((middle - centre(BOXES)) / size(BOXES))
    assert np.median(shift) == pytest.approx(0.12, abs=0.01)
    stretch = size(noisy) / size(BOXES)
    assert 0.599 < stretch.min() < 0.8
    assert 1.2 < stretch.max() < 1.401
    assert choices.noisy.mean() == pytest.approx(7 / 8, abs=0.02)


def test_tracks_follow_and_mirror_in_the_planned_shares():
    plan = UnrollPlan(0.25, cover=0.5, uncovered=0.5, mirror=0.4)
    choices = draw_choices(plan, np.random.default_rng(0), 4000, 2)
    assert choices.self_training.mean() == pytest.approx(0.25, abs=0.03)
    assert choices.mirrored.mean() == pytest.approx(0.4, abs=0.03)
    assert set(choices.cover[~choices.self_training]) == {0.5}
    assert (choices.cover[choices.self_training] == 0).mean() == pytest.approx(0.5, abs=0.06)


def test_without_noise_nothing_is_noisy():
    assert not draw_choices(
        UnrollPlan(0.0, noise="none"), np.random.default_rng(0), 10, 3
    ).noisy.any()


def test_pushes_rescues_and_withheld_crops_come_in_their_shares_and_leave_all_else_alone():
    plain = draw_choices(UnrollPlan(0.5), np.random.default_rng(0), 4000, 3)
    assert not plain.pushed.any()
    assert not plain.rescued.any()
    assert not plain.forgotten.any()
    plan = UnrollPlan(0.5, push=0.3, rescue=0.6, forget=0.2)
    drawn = draw_choices(plan, np.random.default_rng(0), 4000, 3)
    assert drawn.forgotten.mean() == pytest.approx(0.2, abs=0.03)
    assert drawn.pushed.mean() == pytest.approx(0.3, abs=0.03)
    assert drawn.rescued.mean() == pytest.approx(0.6, abs=0.03)
    np.testing.assert_array_equal(drawn.self_training, plain.self_training)
    np.testing.assert_array_equal(drawn.shift, plain.shift)
    grown = np.log(drawn.push_stretch)
    assert grown.std() == pytest.approx(0.3 * np.hypot(1, 1 / 3), rel=0.05)
    assert np.corrcoef(grown.T)[0, 1] == pytest.approx(0.9, abs=0.03)  # both sides alike
    assert drawn.push_shift.std() == pytest.approx(0.1, rel=0.05)


def test_parts_are_those_of_the_whole():
    whole = draw_choices(UnrollPlan(0.5, mirror=0.5), np.random.default_rng(0), 6, 4)
    part = whole.part(slice(1, None, 2))
    np.testing.assert_array_equal(part.self_training, whole.self_training[[1, 3, 5]])
    np.testing.assert_array_equal(part.mirrored, whole.mirrored[[1, 3, 5]])
    np.testing.assert_array_equal(part.shift, whole.shift[:, [1, 3, 5]])
    np.testing.assert_array_equal(part.stretch, whole.stretch[:, [1, 3, 5]])


def test_a_mirror_keeps_size_and_height_and_is_its_own_inverse():
    boxes = np.array([[1.0, 2, 5, 9], [-3, 0, 4, 1]])
    one = mirror(boxes, np.array([True, False]))
    np.testing.assert_array_equal(one, [[-5, 2, -1, 9], [-3, 0, 4, 1]])
    np.testing.assert_array_equal(mirror(one, np.array([True, False])), boxes)
