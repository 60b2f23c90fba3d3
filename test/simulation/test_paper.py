# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Against the statistics that were measured on the code published with the paper."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from re3_ros.boxes import centre, size
from re3_ros.datasets import Still
from re3_ros.errors import ConfigError
from re3_ros.simulation import Simulator, SimulatorConfig
from re3_ros.simulation._paper import CANVAS, LEAST_AREA, around, covered, feather

PHOTOGRAPH = np.random.default_rng(0).integers(0, 256, (80, 100, 3), np.uint8)


@dataclass(frozen=True)
class InMemory(Still):
    """An object in one and the same photograph."""

    def image(self):
        return PHOTOGRAPH

    def mask(self):
        return None


def still(box):
    return InMemory(Path("none"), None, np.asarray(box, np.float64), "drawn")


def objects(count=300):
    """Return objects about as large in their photographs as those of ImageNet DET."""
    rng = np.random.default_rng(1)
    extent = rng.uniform(0.1, [0.6, 0.8], (count, 2)) * [100, 80]
    low = rng.uniform(0, [100, 80] - extent)
    return [still(box) for box in np.concatenate([low, low + extent], axis=1)]


@pytest.fixture(scope="module")
def tracks():
    simulator = Simulator(objects(), SimulatorConfig(mode="paper"))
    return [simulator.draw(np.random.default_rng(seed), 32) for seed in range(120)]


@pytest.fixture(scope="module")
def boxes(tracks):
    return np.stack([track.boxes for track in tracks])


@pytest.mark.parametrize(("axis", "known"), [(0, (24, 38, 58)), (1, (13, 48, 73))])
def test_objects_are_as_large(boxes, axis, known):
    found = np.percentile(size(boxes)[..., axis], (10, 50, 90))
    np.testing.assert_allclose(found, known, rtol=0.4)
    assert found[1:] == pytest.approx(known[1:], rel=0.3)


def test_objects_go_as_far_in_a_frame(boxes):
    extent = np.sqrt(size(boxes)[:, :-1].prod(axis=-1))
    way = np.linalg.norm(np.diff(centre(boxes), axis=1), axis=-1) / extent
    median, most, nearly_all = np.percentile(way, (50, 90, 99))
    assert 0.02 < median < 0.06
    assert 0.09 < most < 0.18
    assert 0.18 < nearly_all < 0.36


@pytest.mark.parametrize(("axis", "known"), [(0, (0.96, 1.04)), (1, (0.89, 1.09))])
def test_objects_change_their_size_as_quickly(boxes, axis, known):
    sides = size(boxes)[..., axis]
    ratio = np.percentile(sides[:, 1:] / sides[:, :-1], (1, 99))
    np.testing.assert_allclose(ratio, known, atol=0.06)


@pytest.mark.parametrize(("hidden", "known"), [(0.2, 0.074), (0.5, 0.025)])
def test_objects_are_hidden_as_often(tracks, hidden, known):
    visibility = np.concatenate([track.visibility for track in tracks])
    assert known / 2 < (visibility < 1 - hidden).mean() < known * 1.8


def test_objects_begin_in_full_view_and_stay_on_the_canvas(tracks, boxes):
    assert min(track.visibility[0] for track in tracks) > 0.98
    assert boxes.min() >= -1e-6
    assert boxes.max() <= CANVAS + 1e-6
    assert all(track.in_frame.all() for track in tracks)


def test_the_object_is_where_its_box_is():
    """In the middle of its patch, which is larger, it is opaque, and its own photograph."""
    object_ = still([40.0, 30, 60, 50])
    simulator = Simulator([object_], SimulatorConfig(mode="paper"))
    track = simulator.draw(np.random.default_rng(3), 4)
    crop = track.crop(0, track.boxes[0], 20, 1.0).astype(int)
    true = PHOTOGRAPH[30:50, 40:60].astype(int)
    sides = [true, true[:, ::-1]]
    agreement = max(
        np.corrcoef(crop[4:-4, 4:-4].ravel(), s[4:-4, 4:-4].ravel())[0, 1] for s in sides
    )
    assert agreement > 0.5


def test_the_same_seed_gives_the_same_track():
    simulator = Simulator(objects(20), SimulatorConfig(mode="paper"))
    one, two = (simulator.draw(np.random.default_rng(9), 8) for _ in range(2))
    np.testing.assert_array_equal(one.boxes, two.boxes)
    box = one.boxes[5]
    np.testing.assert_array_equal(one.crop(5, box, 64, 2.0), two.crop(5, box, 64, 2.0))


def test_tracks_travel_light_between_processes():
    """The photograph goes once, not once a patch, and the copy renders the same."""
    track = Simulator(objects(5), SimulatorConfig(mode="paper")).draw(np.random.default_rng(2), 3)
    sent = pickle.dumps(track)
    assert len(sent) < 2 * PHOTOGRAPH.nbytes
    crops = [t.crop(2, track.boxes[2], 64, 2.0) for t in (track, pickle.loads(sent))]
    np.testing.assert_array_equal(*crops)


def test_patches_are_four_times_as_large_as_far_as_the_photograph_goes():
    np.testing.assert_array_equal(
        around(np.array([45.0, 35, 55, 45]), PHOTOGRAPH), [30, 20, 70, 60]
    )
    np.testing.assert_array_equal(around(np.array([0.0, 0, 50, 40]), PHOTOGRAPH), [0, 0, 100, 80])


def test_patches_fade_over_a_quarter_from_each_side():
    alpha = feather(40, 16)
    assert (alpha[4:12, 10:30] == 255).all()
    assert alpha[0].max() < 40
    assert alpha[:, 0].max() < 15
    np.testing.assert_array_equal(alpha, alpha[::-1, ::-1])


def test_covered_is_the_share_under_all_that_is_above():
    box = np.array([0.0, 0, 90, 90])
    above = np.array([[0.0, 0, 30, 90], [0, 0, 90, 30], [200, 200, 300, 300]])
    assert covered(box, above) == pytest.approx(5 / 9)
    assert covered(box, above[2:]) == 0


def test_small_objects_alone_are_refused():
    simulator = Simulator([still([10.0, 10, 15, 15])], SimulatorConfig(mode="paper"))
    assert LEAST_AREA * 8000 > 25
    with pytest.raises(ConfigError, match="1%"):
        simulator.draw(np.random.default_rng(0), 4)
