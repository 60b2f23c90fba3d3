# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.boxes import from_xywh, iou, size
from re3_ros.datasets import read_stills
from re3_ros.simulation import Simulator
from re3_ros.simulation._layers import Cutout, Layer, cut_object, ellipse, flip, outline_of
from re3_ros.simulation._motion import about, bounce, translation
from re3_ros.simulation._simulator import Target, _visibility
from re3_ros.simulation._track import SCREEN, Photometry, SimulatedTrack

FRAMES = 10
MIDDLE = np.array([30.5, 20.5])  # of the ellipse that the stills show


@pytest.fixture
def simulator(data_root):
    return Simulator(read_stills(data_root / "stills"))


def no_change(frames):
    """Return a photometry that leaves pixels as they are."""
    tables = np.tile(np.arange(256, dtype=np.uint8), (frames, 1))
    return Photometry(tables, grey=False, noise=0.0, blur=np.ones(frames, np.int64), seed=0)


def test_the_same_seed_gives_the_same_pixels(simulator):
    one, two = (simulator.draw(np.random.default_rng(5), FRAMES) for _ in range(2))
    np.testing.assert_array_equal(one.boxes, two.boxes)
    box = one.boxes[3]
    np.testing.assert_array_equal(one.crop(3, box, 64, 2.0), two.crop(3, box, 64, 2.0))


def test_other_seeds_give_other_tracks(simulator):
    one, two = (simulator.draw(np.random.default_rng(seed), FRAMES) for seed in (1, 2))
    assert not np.allclose(one.boxes, two.boxes)


def test_tracks_are_those_of_earlier_versions(simulator):
    """Runs on disk must go on with the tracks they began with."""
    known = [  # frames, last box, sum of visible shares, mean of the last crop
        (2, 121.4146, 66.0088, 192.6516, 116.3962, 2.0, 92.84),
        (3, -21.9629, 32.1728, 146.5087, 147.3864, 2.0417, 55.95),
        (6, 248.2436, 184.2896, 320.713, 239.2418, 5.9792, 65.84),
        (12, 61.2249, 179.5816, 94.004, 203.7956, 7.0833, 147.74),
        (24, 151.8045, 8.0727, 301.6774, 137.8491, 22.0, 53.03),
    ]
    rng = np.random.default_rng(11)
    for frames, *box, visibility, mean in known:
        track = simulator.draw(rng, frames)
        np.testing.assert_allclose(track.boxes[-1], box, atol=1e-3)
        assert track.visibility.sum() == pytest.approx(visibility, abs=1e-3)
        crop = track.crop(frames - 1, track.boxes[-2], 48, 2.0)
        assert crop.mean() == pytest.approx(mean, abs=0.3)  # releases of OpenCV round differently


@pytest.mark.parametrize("seed", range(20))
def test_the_first_frame_shows_the_target(simulator, seed):
    track = simulator.draw(np.random.default_rng(seed), FRAMES)
    assert track.visibility[0] > 0.7
    assert size(track.boxes).min() > 8
    assert track.visibility.min() >= 0
    assert track.visibility.max() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_the_box_is_tight_around_the_rendered_object(data_root, seed):
    """The red ellipse, turned and stretched on a grey screen, ends where its box says."""
    rng = np.random.default_rng(seed)
    still = read_stills(data_root / "stills")[0]
    cutout = cut_object(still.box, still.image(), still.mask())
    turn, centre = rng.uniform(-1, 1, 1), np.array(SCREEN) / 2
    motion = about(centre[None], rng.uniform(0.5, 2, 1), rng.uniform(0.5, 2, 1), turn, MIDDLE)
    grey = Cutout(np.full((240, 320, 3), 90, np.uint8), None, np.eye(2))
    layers = (Layer(grey, np.eye(3)[None]), Layer(cutout, motion))
    track = SimulatedTrack(layers, layers[1].boxes(), np.ones(1), no_change(1))
    screen = from_xywh([0, 0, *SCREEN])
    picture = track.crop(0, screen, int(SCREEN[0]), 1.0).astype(int)
    y, x = np.nonzero(picture[..., 0] - picture[..., 1] > 60)
    ratio = np.array([1, SCREEN[1] / SCREEN[0]] * 2)  # the crop is square, the screen is not
    seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * ratio
    # The box is that of the convex hull of whole pixels, turned: it may be a little larger.
    np.testing.assert_allclose(seen, track.boxes[0], atol=4)
    assert iou(seen, track.boxes[0]) > 0.9


def test_an_occluder_takes_visibility_away():
    red = Cutout(np.zeros((20, 20, 3), np.uint8), np.full((20, 20), 255, np.uint8), np.eye(2))
    still = translation(np.full(3, 50.0), np.full(3, 50.0))
    passing = translation(np.array([500.0, 50.0, 60.0]), np.full(3, 50.0))
    points = np.random.default_rng(0).uniform(0, 20, (4000, 2))
    visibility = _visibility(Target(Layer(red, still), points), [Layer(red, passing)])
    np.testing.assert_allclose(visibility, [1, 0, 0.5], atol=0.03)


def test_leaving_the_screen_takes_visibility_away():
    red = Cutout(np.zeros((20, 20, 3), np.uint8), np.full((20, 20), 255, np.uint8), np.eye(2))
    leaving = translation(np.array([50.0, -10.0, -30.0]), np.full(3, 50.0))
    points = np.random.default_rng(0).uniform(0, 20, (4000, 2))
    np.testing.assert_allclose(
        _visibility(Target(Layer(red, leaving), points), []), [1, 0.5, 0], atol=0.03
    )


def test_beyond_the_screen_is_black(simulator):
    track = simulator.draw(np.random.default_rng(3), FRAMES)
    crop = track.crop(0, np.array([-100.0, 50, -20, 120]), 64, 1.0)
    assert not crop.any()


def test_mirrored_twice_is_the_same():
    alpha = ellipse(9, 5)
    cutout = Cutout(np.arange(135, dtype=np.uint8).reshape(5, 9, 3), alpha, outline_of(alpha))
    again = flip(flip(cutout))
    np.testing.assert_array_equal(again.colours, cutout.colours)
    np.testing.assert_allclose(again.outline, cutout.outline)


def test_paths_bounce_between_their_walls():
    path = np.linspace(-20, 20, 200)[:, None] * [1.0, 0.5]
    low, high = np.array([-2.0, -1.0]), np.array([3.0, 1.0])
    folded = bounce(path, low, high)
    assert (folded >= low).all()
    assert (folded <= high).all()
    inside = ((path > low) & (path < high)).all(1)
    np.testing.assert_allclose(folded[inside], path[inside])
