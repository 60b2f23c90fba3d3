# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Objects like the target that come in its way, and tracks at low frame rates."""

import numpy as np
import pytest

from re3_ros.boxes import centre, iou, size
from re3_ros.datasets import read_stills
from re3_ros.simulation import Simulator, SimulatorConfig, sample_frames
from re3_ros.simulation._rivals import WAYS, kind_of, tinted_like
from re3_ros.simulation._track import thinned


@pytest.fixture
def draw(data_root):
    """Return tracks of a simulator with the settings given."""
    stills = read_stills(data_root / "stills")

    def tracks(number, frames=24, **settings):
        simulator = Simulator(stills, SimulatorConfig(steady=True, **settings))
        return [simulator.draw(np.random.default_rng(seed), frames) for seed in range(number)]

    return tracks


def test_one_to_three_rivals_pass_over_the_target(draw):
    tracks = draw(60, rivals=1.0)
    counts = [len(track.rivals) for track in tracks]
    assert set(counts) == {1, 2, 3}
    met = [iou(track.rivals, track.boxes[None]).max() for track in tracks]
    assert np.mean(np.array(met) > 0.3) > 0.6
    hidden = [track.visibility.min() for track in tracks]
    free = [track.visibility.min() for track in draw(60)]
    assert np.mean(np.array(hidden) < 0.5) > np.mean(np.array(free) < 0.5) + 0.1


def test_the_target_stays_the_one_that_was_marked(draw):
    for track in draw(30, rivals=1.0):
        assert track.visibility[0] > 0.7
        for rival in track.rivals:
            assert iou(rival[0], track.boxes[0]) < 0.9
        assert track.rivals.shape[1:] == track.boxes.shape


def test_a_rival_is_over_the_target_not_under_it(draw):
    """What is drawn last is seen; the distractors that there were before pass below."""
    for track in draw(20, rivals=1.0):
        target = next(
            k for k, layer in enumerate(track.layers) if (layer.boxes() == track.boxes).all()
        )
        places = [layer.boxes() for layer in track.layers[target + 1 :]]
        for rival in track.rivals:
            assert any(np.allclose(rival, place) for place in places)


def test_some_go_along_with_the_target_and_some_stop(draw):
    """Between frames in which they overlap, rivals move relative to the target, or do not."""
    apart = []
    for track in draw(80, rivals=1.0):
        for rival in track.rivals:
            offset = (centre(rival) - centre(track.boxes)) / size(track.boxes)
            apart.append(np.hypot(*np.diff(offset, axis=0).T))
    still = np.array([(steps < 0.01).mean() for steps in apart])
    assert (still > 0.2).mean() > 0.1
    assert (still < 0.05).mean() > 0.2


def test_each_rival_says_what_it_looks_like_and_how_it_moves(draw):
    looks, moves = set(), {}
    for track in draw(80, rivals=1.0):
        assert len(track.rival_kinds) == len(track.rivals)
        for kind, rival in zip(track.rival_kinds, track.rivals, strict=True):
            looks.add(kind.look)
            offset = (centre(rival) - centre(track.boxes)) / size(track.boxes)
            moves.setdefault(kind.way, []).append(np.hypot(*(offset[-1] - offset[0])))
    assert looks == {"own cut-out", "same kind", "tinted"}
    assert set(moves) == set(WAYS)
    # What parts from it begins beside it; what goes along with it stays.
    assert np.median(moves["cross"]) > np.median(moves["along"])
    (crowded,) = draw(1, crowd=1.0)
    assert {kind.way for kind in crowded.rival_kinds} <= {"crowd"}


def test_ten_small_objects_make_a_crowd(draw):
    for track in draw(10, crowd=1.0):
        if not len(track.rivals):  # the object of a whole photograph
            continue
        assert len(track.rivals) == 10
        assert np.sqrt(np.prod(size(track.boxes[0]))) < 40
        apart = np.hypot(*(centre(track.rivals[:, 0]) - centre(track.boxes[0])).T)
        assert (apart < 8 * size(track.boxes[0]).max()).all()


def test_far_targets_are_small_soft_and_shaken(draw):
    tracks = draw(40, far=1.0, smallest=60.0)
    small = [t for t in tracks if np.sqrt(np.prod(size(t.boxes[0]))) < 26]
    assert len(small) > 15
    assert all(track.photometry.quality for track in small)


def test_what_does_not_happen_changes_no_track(draw, data_root):
    for plain, other in zip(
        draw(4), draw(4, rivals=0.0, crowd=0.0, far=0.0, slow=0.0), strict=True
    ):
        np.testing.assert_array_equal(plain.boxes, other.boxes)
        assert len(plain.rivals) == 0


def test_kinds_are_told_by_file_names(data_root):
    (first, *_) = read_stills(data_root / "stills")
    assert kind_of(first) == "s"


def test_colours_become_those_of_the_other(draw):
    track = draw(1, rivals=1.0)[0]
    red = track.layers[-1].cutout
    grey = np.random.default_rng(0).integers(90, 140, (30, 40, 3)).astype(np.uint8)
    from dataclasses import replace

    other = replace(red, colours=grey, alpha=np.full((30, 40), 255, np.uint8))
    made = tinted_like(other, red)
    opaque = red.colours[red.alpha > 127]
    assert np.abs(made.colours.reshape(-1, 3).mean(0) - opaque.mean(0)).max() < 12


def test_slow_tracks_are_every_second_to_fourth_frame(draw):
    (track,) = draw(1, frames=25, motion_blur=1.0, bend=1.0, renew=1.0)
    slow = thinned(track, 3)
    np.testing.assert_array_equal(slow.boxes, track.boxes[::3])
    assert len(slow) == len(slow.visibility) == len(slow.photometry.tables) == 9
    assert slow.photometry.exposure == pytest.approx(track.photometry.exposure / 3)
    box = track.boxes[6]
    one, two = track.crop(6, box, 48, 2.0), slow.crop(2, box, 48, 2.0)
    assert np.abs(one.astype(int) - two).mean() < 12  # the blur is of a longer way, cut short
    steps = [np.hypot(*np.diff(centre(t.boxes), axis=0).T).mean() for t in draw(40, frames=12)]
    fast = [np.hypot(*np.diff(centre(t.boxes), axis=0).T).mean() for t in draw(40, 12, slow=1.0)]
    assert np.median(fast) > 1.5 * np.median(steps)
    assert all(len(t) == 12 for t in draw(5, 12, slow=1.0, rivals=1.0))


def test_slow_videos_skip_frames():
    boxes = np.tile([10.0, 10, 40, 40], (200, 1)) + np.arange(200)[:, None]
    image = np.zeros((300, 300, 3), np.uint8)
    paces = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        track = sample_frames(rng, boxes, np.ones(200), 5, lambda i: image, slow=1.0)
        paces.append(np.abs(np.diff(track.boxes[:, 1])).max())
    assert set(np.round(paces)) == {2, 3, 4}
