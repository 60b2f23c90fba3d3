# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from re3_ros.simulation import Simulator
from re3_ros.simulation._procedural import HEIGHT, WIDTH, procedural_stills


def test_the_same_number_gives_the_same_picture():
    one, two = (procedural_stills(3)[2] for _ in range(2))
    np.testing.assert_array_equal(one.image(), two.image())
    np.testing.assert_array_equal(one.mask(), two.mask())
    np.testing.assert_array_equal(one.box, two.box)


def test_pictures_differ():
    one, two = procedural_stills(2)
    assert (one.image() != two.image()).mean() > 0.5


def test_the_box_is_tight_around_the_mask():
    for still in procedural_stills(20):
        y, x = np.nonzero(still.mask())
        assert still.image().shape == (HEIGHT, WIDTH, 3)
        np.testing.assert_array_equal(still.box, [x.min(), y.min(), x.max() + 1, y.max() + 1])
        assert (still.box[2:] - still.box[:2] >= 20).all()


def test_the_object_can_be_told_from_what_is_around_it():
    for still in procedural_stills(20):
        inside = still.mask() > 127
        image = still.image().astype(float)
        assert abs(image[inside].mean(0) - image[~inside].mean(0)).sum() > 10


def test_tracks_can_be_simulated_from_drawn_stills():
    track = Simulator(procedural_stills(10)).draw(np.random.default_rng(0), 5)
    assert track.crop(4, track.boxes[4], 64, 2.0).std() > 5
