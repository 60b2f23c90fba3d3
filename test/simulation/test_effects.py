# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from re3_ros.boxes import area, from_xywh, iou
from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError
from re3_ros.simulation import Simulator, SimulatorConfig
from re3_ros.simulation._effects import (
    camera,
    changed_appearance,
    excursion,
    ground,
    leaving,
    moved,
    occluder,
    swaying,
    tilted,
    tinted,
)
from re3_ros.simulation._layers import Cutout, Layer, cut_object
from re3_ros.simulation._motion import translation
from re3_ros.simulation._track import SCREEN, Photometry, SimulatedTrack
from re3_ros.training import TrainingConfig, read_config
from re3_ros.training._data import read_data

FRAMES = 12
ALL = {"hide": 1, "leave": 1, "shake": 1, "tilt": 1, "bend": 1, "renew": 1, "motion_blur": 1}
SCREEN_BOX = from_xywh([0, 0, *SCREEN])


def simulate(data_root, **settings):
    return Simulator(read_stills(data_root / "stills"), SimulatorConfig(**settings))


def photometry(frames, exposure=0.0):
    tables = np.tile(np.arange(256, dtype=np.uint8), (frames, 1))
    return Photometry(tables, False, 0.0, np.ones(frames, np.int64), 0, exposure)


def grey_ground(frames):
    cutout = Cutout(np.full((240, 320, 3), 90, np.uint8), None, np.array([[0.0, 0], [320, 240]]))
    return Layer(cutout, translation(np.zeros(frames), np.zeros(frames)))


@pytest.fixture
def ellipse(data_root):
    """The red ellipse of the stills, at rest in the middle of the screen."""
    still = read_stills(data_root / "stills")[0]
    cutout = cut_object(still.box, still.image(), still.mask())
    return Layer(cutout, translation(np.full(FRAMES, 130.0), np.full(FRAMES, 100.0)))


def picture(layers, frame, exposure=0.0):
    frames = len(layers[0].motion)
    track = SimulatedTrack(layers, layers[1].boxes(), np.ones(frames), photometry(frames, exposure))
    return track.crop(frame, SCREEN_BOX, int(SCREEN[0]), 1.0).astype(int)


def box_of_red(image):
    y, x = np.nonzero(image[..., 0] - image[..., 1] > 60)
    ratio = np.array([1, SCREEN[1] / SCREEN[0]] * 2)  # the crop is square, the screen is not
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * ratio


def seen_with(ellipse, **recording):
    """Return the ellipse in the middle of the screen as it is recorded."""
    layers = grey_ground(FRAMES), ellipse
    shown = replace(photometry(FRAMES), **recording)
    track = SimulatedTrack(layers, ellipse.boxes(), np.ones(FRAMES), shown)
    return track.crop(0, SCREEN_BOX, int(SCREEN[0]), 1.0).astype(int)


def steepest(image):
    return np.abs(np.diff(image[..., 0], axis=1)).max()


def test_a_soft_lens_blurs_edges_by_pixels_of_the_screen(ellipse):
    sharp, soft = (seen_with(ellipse, soft=sigma) for sigma in (0.0, 3.0))
    assert np.abs(soft.mean((0, 1)) - sharp.mean((0, 1))).max() < 1
    assert steepest(soft) < 0.3 * steepest(sharp)


def test_compression_leaves_its_traces_and_the_colours(ellipse):
    raw, fine, coarse = (seen_with(ellipse, quality=quality) for quality in (0, 95, 25))
    apart = [np.abs(seen - raw) for seen in (fine, coarse)]
    assert 0 < apart[0].mean() < apart[1].mean()
    assert max(a.mean() for a in apart) < 4


@pytest.mark.parametrize("seed", range(8))
def test_a_share_of_tracks_is_compressed(data_root, seed):
    plain, compressed = (
        simulate(data_root, compress=share).draw(np.random.default_rng(seed), FRAMES).photometry
        for share in (0.0, 1.0)
    )
    assert not plain.compressed
    assert 25 <= compressed.quality < 80
    assert 0 <= compressed.soft <= 1.2


def test_targets_are_as_small_as_told(data_root):
    def least(**settings):
        simulator = simulate(data_root, **settings)
        drawn = [simulator.draw(np.random.default_rng(seed), 2) for seed in range(150)]
        return min(float(np.sqrt(area(track.boxes[0]))) for track in drawn)

    assert least() > 10  # stretching and tilting make boxes smaller than the objects' own sides
    assert 4 < least(smallest=6) < 9


@pytest.mark.parametrize("change", [tilted, swaying])
@pytest.mark.parametrize("seed", range(6))
def test_boxes_stay_tight_around_what_tilts_and_sways(ellipse, change, seed):
    layer = change(np.random.default_rng(seed), ellipse)
    for frame in (0, 5, FRAMES - 1):
        seen = box_of_red(picture((grey_ground(FRAMES), layer), frame))
        assert iou(seen, layer.boxes()[frame]) > 0.88


@pytest.mark.parametrize("change", [tilted, swaying])
def test_tilting_and_swaying_change_the_shape(ellipse, change):
    layer = change(np.random.default_rng(1), ellipse)
    plain = picture((grey_ground(FRAMES), ellipse), FRAMES - 1)
    last = picture((grey_ground(FRAMES), layer), FRAMES - 1)
    assert (np.abs(last - plain).max(axis=2) > 60).sum() > 50
    first = picture((grey_ground(FRAMES), layer), 0)
    assert np.abs(first - plain).max() < 30  # both begin with the shape of the photograph


@pytest.mark.parametrize("change", [tilted, swaying])
def test_layers_cover_what_they_paint(ellipse, change):
    layer = change(np.random.default_rng(2), ellipse)
    y, x = np.mgrid[4:236:4, 4:316:4]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    covered = layer.covers(np.broadcast_to(points, (FRAMES, *points.shape)))[FRAMES - 1]
    image = picture((grey_ground(FRAMES), layer), FRAMES - 1)
    rows = (points[:, 1] * SCREEN[0] / SCREEN[1]).astype(int)
    red = image[rows, points[:, 0].astype(int), 0] > 150
    assert (covered == red).mean() > 0.99
    assert covered.any()


@pytest.mark.parametrize("seed", range(12))
def test_a_hidden_target_is_seen_again(data_root, seed):
    visibility = simulate(data_root, hide=1).draw(np.random.default_rng(seed), FRAMES).visibility
    assert visibility.min() == 0
    assert visibility[np.flatnonzero(visibility == 0)[0] :].max() > 0


def test_the_cover_hides_whole_boxes_and_goes(ellipse):
    boxes = ellipse.boxes()
    image = np.zeros((100, 100, 3), np.uint8)
    for seed in range(20):
        (layer,) = occluder(np.random.default_rng(seed), image, boxes)
        corners = np.stack([boxes[:, :2] + 0.5, boxes[:, 2:] - 0.5], axis=1)
        hidden = layer.covers(corners).all(axis=1)
        assert hidden.any()
        assert not layer.covers(corners)[[0, -1]].any()


@pytest.mark.parametrize("seed", range(12))
def test_a_target_that_leaves_comes_back(data_root, seed):
    track = simulate(data_root, leave=1).draw(np.random.default_rng(seed), FRAMES)
    gone = np.flatnonzero(~track.in_frame)
    assert len(gone)
    assert (track.visibility[gone] == 0).all()
    assert track.in_frame[0]


def test_leaving_ends_where_it_began(ellipse):
    boxes = leaving(np.random.default_rng(0), ellipse).boxes()
    np.testing.assert_allclose(boxes[[0, -1]], ellipse.boxes()[[0, -1]])


@pytest.mark.parametrize("frames", [2, 3])
def test_short_tracks_have_no_time_to_vanish(data_root, frames):
    simulator = simulate(data_root, hide=1, leave=1)
    track = simulator.draw(np.random.default_rng(0), frames)
    assert len(track) == frames


@pytest.mark.parametrize("frames", [4, 5, 9, 32])
def test_excursions_go_and_come_back(frames):
    for seed in range(50):
        share = excursion(np.random.default_rng(seed), frames, frames // 3)
        assert share[0] == share[-1] == 0
        assert share.max() == 1


def test_a_share_is_the_share_of_tracks(data_root):
    simulator = simulate(data_root, leave=0.3)
    rng = np.random.default_rng(0)
    left = [(~simulator.draw(rng, 16).in_frame).any() for _ in range(150)]
    assert 0.2 < np.mean(left) < 0.45  # a few leave without being told to


def test_a_target_takes_on_another_look_in_its_own_shape(ellipse):
    blue = np.zeros((20, 30, 3), np.uint8) + np.array([0, 0, 255], np.uint8)
    (over,) = changed_appearance(np.random.default_rng(0), ellipse, blue)
    np.testing.assert_allclose(over.boxes(), ellipse.boxes())
    assert over.opacity[0] == 0
    assert (np.diff(over.opacity) >= 0).all()
    layers = grey_ground(FRAMES), ellipse, replace(over, opacity=np.linspace(0, 1, FRAMES))
    before, after = picture(layers, 0), picture(layers, FRAMES - 1)
    y, x = 163, 160  # the middle of the ellipse
    assert before[y, x, 0] > 240
    assert after[y, x, 2] > 240
    assert after[y, x, 0] < 15


def test_a_shaking_camera_moves_everything_alike(ellipse):
    rng = np.random.default_rng(0)
    assert camera(rng, SimulatorConfig(), FRAMES) is None
    shake = camera(rng, SimulatorConfig(shake=1, shake_size=0.05), FRAMES)
    still = grey_ground(FRAMES)
    steps = np.diff(moved(ellipse, shake).boxes(), axis=0)
    assert np.abs(steps).max() > 5
    together = np.linalg.inv(moved(still, shake).motion) @ moved(ellipse, shake).motion
    np.testing.assert_allclose(together, ellipse.motion, atol=1e-9)


def test_white_balance_drifts_for_each_channel_alone():
    tables = np.tile(np.arange(256, dtype=np.uint8), (FRAMES, 1))
    coloured = tinted(np.random.default_rng(0), tables, 0.2).astype(int)
    assert coloured.shape == (FRAMES, 256, 3)
    grey = coloured[:, 100]
    assert np.ptp(grey, axis=1).min() > 3
    assert np.ptp(grey, axis=0).max() > 1


def test_fast_layers_blur_along_their_motion_and_slow_ones_do_not(ellipse):
    fast = moved(ellipse, translation(12.0 * np.arange(FRAMES) - 60, np.zeros(FRAMES)))
    ground = grey_ground(FRAMES)
    sharp, blurred = (picture((ground, fast), 6, exposure)[160] for exposure in (0.0, 1.0))
    edges = [((row[:, 0] > 100) & (row[:, 0] < 245)).sum() for row in (sharp, blurred)]
    assert edges[1] > edges[0] + 12
    at_rest = [picture((ground, ellipse), 6, exposure) for exposure in (0.0, 1.0)]
    np.testing.assert_array_equal(*at_rest)


def test_ground_is_one_small_picture_in_mirrors():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    laid = ground(np.random.default_rng(2), picture)
    assert laid.shape == (360, 480, 3)
    again = next(k for k in range(20, 480) if (laid[:, 2 * k] == laid[:, 0]).all())
    np.testing.assert_array_equal(laid[:, again : 2 * again], laid[:, :again][:, ::-1])
    assert 40 < again < 145  # the side of a tile is 40 to 120 pixels, this one wider than high


def test_targets_over_ground_are_those_without(data_root):
    tracks = [simulate(data_root, ground=g).draw(np.random.default_rng(7), 3) for g in (0, 1)]
    np.testing.assert_array_equal(tracks[0].boxes, tracks[1].boxes)
    assert tracks[0].layers[0].cutout.colours.shape != tracks[1].layers[0].cutout.colours.shape


def test_everything_at_once_is_deterministic(data_root):
    simulator = simulate(data_root, **ALL, colour_drift=0.1)
    one, two = (simulator.draw(np.random.default_rng(4), FRAMES) for _ in range(2))
    for frame in range(FRAMES):
        box = one.boxes[frame]
        np.testing.assert_array_equal(one.crop(frame, box, 64, 2), two.crop(frame, box, 64, 2))


def test_shares_beyond_one_and_unknown_names_are_refused():
    with pytest.raises(ValidationError, match="hide"):
        SimulatorConfig(hide=1.5)
    with pytest.raises(ValidationError, match="hode"):
        SimulatorConfig(hode=0.5)


def test_a_configuration_file_says_what_happens(tmp_path):
    stage = "{steps: 1, unroll: 2, batch: 1, self_training: 0, rate: [1, 1]}"
    path = tmp_path / "config.yaml"
    path.write_text(f"simulator: {{hide: 0.2, shake: 0.1}}\nstages: [{stage}]\n")
    assert read_config(path).simulator == SimulatorConfig(hide=0.2, shake=0.1)
    path.write_text(f"simulator: {{hode: 0.2}}\nstages: [{stage}]\n")
    with pytest.raises(ConfigError, match=r"simulator\.hode"):
        read_config(path)


def test_training_draws_from_the_simulator_of_its_configuration(data_root):
    stage = {"steps": 1, "unroll": 12, "batch": 20, "self_training": 0, "rate": [1e-3, 1e-3]}
    config = TrainingConfig.model_validate(
        {"stills": "stills", "videos": "", "simulator": {"leave": 1}, "stages": [stage]}
    )
    tracks = read_data(config, data_root).batch(config, config.stages[0], 0)
    assert all((~track.in_frame).any() for track in tracks)


def test_a_steady_world_keeps_within_bounds(data_root):
    stills = read_stills(data_root / "stills")
    spans = []
    for steady in (True, False):
        simulator = Simulator(stills, SimulatorConfig(steady=steady))
        tracks = [simulator.draw(np.random.default_rng([9, k]), 97) for k in range(25)]
        light = [np.ptp(np.log(t.photometry.tables[:, 128].clip(1).astype(float))) for t in tracks]
        spans.append(np.max(light))
    assert spans[0] < 1.1 < spans[1]
