# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The demo scene is the same every time, its truth is true, and it is a fair one."""

import numpy as np
import pytest

from re3_ros.boxes import centre, size
from re3_ros.worlds import DemoScene


@pytest.fixture(scope="module")
def truths(scene):
    pairs = [scene.truth(i) for i in range(scene.frames)]
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])


def test_same_seed_same_images(scene):
    again = DemoScene(seed=3)
    for i in (0, 190, 299):
        assert np.array_equal(scene.frame(i).image, again.frame(i).image)
        assert np.array_equal(scene.frame(i).box, again.frame(i).box)


def test_another_seed_another_image(scene, short_scene):
    assert not np.array_equal(scene.frame(0).image, short_scene.frame(0).image)


def test_images_are_640_by_480_and_well_exposed(scene):
    for i in range(0, 300, 50):
        image = scene.frame(i).image
        assert image.shape == (480, 640, 3)
        assert image.dtype == np.uint8
        assert 30 < image.mean() < 170
        assert image.std() > 15


def test_frames_outside_are_refused(scene):
    for i in (-1, 300):
        with pytest.raises(IndexError, match=str(i)):
            scene.frame(i)


def test_stamps_and_indices_are_inverses(scene):
    stamps = [scene.stamp(i) for i in range(300)]
    assert [scene.index(s) for s in stamps] == list(range(300))
    assert np.diff(stamps) == pytest.approx(1e9 / 30, abs=1)


def test_object_lies_in_its_box(scene, monkeypatch):
    """Without the object the images differ inside of the box, at all four sides, and its shadow."""
    import re3_ros.worlds._scene as module

    index = 60
    full, box = scene.frame(index).image.astype(int), scene.frame(index).box
    paste, calls = module._paste, []

    def paste_others(image, picture, place):
        calls.append(picture)
        if len(calls) != 2:
            paste(image, picture, place)

    monkeypatch.setattr(module, "_paste", paste_others)
    without = scene.frame(index).image.astype(int)
    rows, columns = np.nonzero(np.abs(full - without).max(axis=2) > 24)
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.abs(found - box).max() < 4


def test_object_is_hidden_for_10_to_20_frames_once(truths):
    _, visibility = truths
    hidden = np.flatnonzero(visibility <= 0.02)
    assert 10 <= len(hidden) <= 20
    assert (np.diff(hidden) == 1).all()
    assert 100 < hidden[0] < 250


def test_object_is_else_in_full_view(truths):
    _, visibility = truths
    assert (visibility > 0.98).sum() > 250


def test_object_changes_size_and_shape_within_reason(truths):
    boxes, _ = truths
    sides = size(boxes)
    assert sides.min() > 45
    assert sides.max() < 160
    assert sides[:, 0].max() / sides[:, 0].min() > 1.6
    aspect = sides[:, 0] / sides[:, 1]
    assert aspect.max() / aspect.min() > 1.4


def test_object_moves_at_most_15_percent_of_its_box_a_frame(truths):
    boxes, _ = truths
    steps = np.abs(np.diff(centre(boxes), axis=0)) / size(boxes)[:-1]
    assert steps.max() < 0.15
    assert steps.mean() > 0.01


def test_object_stays_in_the_image(truths):
    boxes, _ = truths
    assert boxes.min() > 0
    assert (boxes[:, 2] < 640).all()
    assert (boxes[:, 3] < 480).all()


def test_light_changes(scene):
    means = [scene.frame(i).image.mean() for i in range(0, 180, 12)]
    assert max(means) / min(means) > 1.3


def test_short_scene_has_the_same_events(short_scene):
    visibility = [short_scene.truth(i)[1] for i in range(60)]
    assert min(visibility) < 0.6
    assert visibility[0] > 0.98
