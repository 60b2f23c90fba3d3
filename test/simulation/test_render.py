# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError
from re3_ros.simulation import Simulator
from re3_ros.simulation._atlas import pack, shelve
from re3_ros.simulation._config import SimulatorConfig
from re3_ros.simulation._render import HostRenderer, TorchRenderer, make_renderer
from re3_ros.simulation._videos import VideoTrack

CPU = torch.device("cpu")
EVERYTHING = dict.fromkeys(("hide", "leave", "shake", "bend", "renew", "motion_blur"), 1.0)
EVERYTHING |= {"tilt": 1.0, "colour_drift": 0.1}
MIXED = dict.fromkeys(EVERYTHING, 0.4) | {"colour_drift": 0.1}


@pytest.fixture
def draw(data_root):
    """Return tracks of a simulator with the settings given; quiet: without grain."""

    def tracks(number, frames=6, quiet=True, **settings):
        simulator = Simulator(read_stills(data_root / "stills"), SimulatorConfig(**settings))
        drawn = [simulator.draw(np.random.default_rng(seed), frames) for seed in range(number)]
        if not quiet:
            return drawn
        return [replace(track, photometry=replace(track.photometry, noise=0.0)) for track in drawn]

    return tracks


@pytest.fixture
def host():
    with ThreadPoolExecutor(2) as executor:
        yield HostRenderer(executor, CPU)


def around(tracks, frame, seed=0):
    """Return boxes (N, 4) near the targets."""
    boxes = np.stack([track.boxes[frame] for track in tracks])
    return boxes + np.random.default_rng(seed).normal(0, 4, boxes.shape)


def filmed(seed=0, frames=4):
    rng = np.random.default_rng(seed)
    images = tuple(rng.integers(0, 256, (90, 120, 3), np.uint8) for _ in range(frames))
    return VideoTrack(images, np.tile([20.0, 30, 70, 60], (frames, 1)), np.ones(frames))


def test_the_host_renders_what_tracks_crop(draw, host):
    tracks = draw(6, quiet=False)
    boxes = around(tracks, 1)
    crops = host.crops(tracks, [2] * len(tracks), boxes, 40, 2.0)
    assert crops.dtype == torch.uint8
    for crop, track, box in zip(crops, tracks, boxes, strict=True):
        np.testing.assert_array_equal(crop.permute(1, 2, 0), track.crop(2, box, 40, 2.0))


@pytest.mark.parametrize(
    "settings",
    [{}, EVERYTHING, MIXED, {"mode": "paper"}],
    ids=["plain", "everything", "mixed", "paper"],
)
@pytest.mark.parametrize("size", [40, 127])
def test_the_device_renders_what_the_host_does(draw, host, settings, size):
    """The stills are noise, the hardest of textures: any shift of a pixel would show."""
    tracks = draw(24, **settings)
    renderer = TorchRenderer(CPU)
    for frame in (0, 3):
        boxes, frames = around(tracks, frame), [frame] * len(tracks)
        expected = host.crops(tracks, frames, boxes, size, 2.0).int()
        apart = (renderer.crops(tracks, frames, boxes, size, 2.0).int() - expected).abs()
        assert apart.float().mean() < 0.5
        assert apart.float().mean(dim=(1, 2, 3)).max() < 1.5
        assert (apart > 8).float().mean() < 1e-3
    assert expected.float().std() > 20


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here that torch can use")
@pytest.mark.parametrize("settings", [{}, MIXED], ids=["plain", "mixed"])
def test_a_gpu_renders_what_the_host_does(draw, host, settings):
    tracks = [*draw(24, **settings), filmed()]
    boxes, frames = around(tracks, 2), [2] * len(tracks)
    expected = host.crops(tracks, frames, boxes, 127, 2.0).int()
    crops = TorchRenderer(torch.device("cuda")).crops(tracks, frames, boxes, 127, 2.0)
    assert crops.is_cuda
    apart = (crops.cpu().int() - expected).abs()
    assert apart.float().mean() < 0.5
    assert apart.float().mean(dim=(1, 2, 3)).max() < 1.5


def test_windows_off_the_screen_are_black(draw):
    tracks = draw(3)
    boxes = np.tile([-300.0, -200, -250, -150], (3, 1))
    assert not TorchRenderer(CPU).crops(tracks, [0, 1, 2], boxes, 32, 2.0).any()


def test_crops_do_not_depend_on_their_company(draw):
    tracks = [*draw(5, quiet=False, **EVERYTHING), filmed()]
    frames, boxes = [0, 1, 2, 3, 0, 1], around(tracks, 1)
    together = TorchRenderer(CPU, chunk=16).crops(tracks, frames, boxes, 48, 2.0)
    apart = TorchRenderer(CPU, chunk=1)
    for i, track in enumerate(tracks):
        alone = apart.crops([track], frames[i : i + 1], boxes[i : i + 1], 48, 2.0)[0]
        assert (alone.int() - together[i].int()).abs().max() <= 2


def test_a_track_may_appear_several_times(draw):
    tracks = draw(3)
    boxes = around(tracks, 1)
    renderer = TorchRenderer(CPU)
    twice = renderer.crops([*tracks, *tracks], [1] * 6, np.concatenate([boxes, boxes]), 32, 2.0)
    assert torch.equal(*twice.chunk(2))
    # Sent once: the second call finds all of them.
    assert torch.equal(renderer.crops(tracks, [1] * 3, boxes, 32, 2.0), twice[:3])
    assert len({painter for painter, _ in renderer._uploaded.values()}) == 1


def test_tracks_of_other_lengths_share_a_batch(draw, host):
    tracks = [*draw(2, frames=3), *draw(2, frames=9, tilt=1, motion_blur=1)]
    frames, boxes = [2, 2, 8, 8], np.stack([track.boxes[-1] for track in tracks])
    expected = host.crops(tracks, frames, boxes, 32, 2.0).int()
    apart = TorchRenderer(CPU).crops(tracks, frames, boxes, 32, 2.0).int() - expected
    assert apart.abs().float().mean() < 0.5


def test_grain_is_a_function_of_track_and_frame(draw):
    (track,) = draw(1)
    noisy = replace(track, photometry=replace(track.photometry, noise=0.1))
    renderer = TorchRenderer(CPU)
    box = track.boxes[:1]

    def crop(track, frame):
        return renderer.crops([track], [frame], box, 64, 2.0)[0].int()

    grain = (crop(noisy, 1) - crop(track, 1)).float()
    assert torch.equal(crop(noisy, 1), crop(noisy, 1))
    assert not torch.equal(crop(noisy, 1) - crop(track, 1), crop(noisy, 2) - crop(track, 2))
    host = noisy.crop(1, box[0], 64, 2.0).astype(float) - track.crop(1, box[0], 64, 2.0)
    assert grain.std().item() == pytest.approx(host.std(), rel=0.1)
    assert grain.mean().item() == pytest.approx(host.mean(), abs=0.5)


@pytest.mark.parametrize(
    "box",
    [
        [20, 30, 70, 60],
        [-10, -20, 30, 25],
        [100, 70, 140, 110],
        [40.4, 40.2, 46.3, 45.1],
        [-500, -500, 700, 600],
        [300, 300, 320, 330],
        [1e30, 0, 2e30, 5],
        [np.nan, 0, 5, 5],
    ],
)
def test_videos_are_cropped_as_in_tracking(box, host):
    track = filmed()
    boxes = np.array([box], np.float64)
    with np.errstate(over="ignore"):
        expected = host.crops([track], [2], boxes, 50, 2.0).int()
        crops = TorchRenderer(CPU).crops([track], [2], boxes, 50, 2.0).int()
    assert (crops - expected).abs().max() <= 2


def test_any_other_track_is_cropped_on_the_host(draw, host):
    class Mine:
        boxes, visibility = np.tile([2.0, 2, 8, 8], (3, 1)), np.ones(3)

        def crop(self, frame, box, size, context):
            return np.full((size, size, 3), 7 * frame, np.uint8)

    tracks = [Mine(), *draw(1)]
    crops = TorchRenderer(CPU).crops(tracks, [2, 1], around([tracks[1]] * 2, 1), 16, 2.0)
    assert (crops[0] == 14).all()
    assert crops[1].float().std() > 0


def test_compressed_tracks_are_cropped_on_the_host(draw, host):
    tracks = draw(4, quiet=False, compress=1)
    boxes = around(tracks, 1)
    expected = host.crops(tracks, [2] * 4, boxes, 40, 2.0)
    assert torch.equal(TorchRenderer(CPU).crops(tracks, [2] * 4, boxes, 40, 2.0), expected)


def test_reduced_precision_of_the_network_does_not_reach_the_crops(draw):
    tracks = [*draw(4, **EVERYTHING), filmed()]
    call = tracks, [1] * 5, around(tracks, 1), 48, 2.0
    plain = TorchRenderer(CPU).crops(*call)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(TorchRenderer(CPU).crops(*call), plain)


def test_tracks_leave_the_device_when_they_are_done(draw):
    renderer = TorchRenderer(CPU)
    tracks = draw(3)
    renderer.crops(tracks, [0] * 3, around(tracks, 0), 16, 2.0)
    assert len(renderer._uploaded) == 3
    del tracks
    gc.collect()
    assert len(renderer._uploaded) == 0


def test_pictures_in_an_atlas_do_not_overlap():
    sizes = np.random.default_rng(0).integers(3, 60, (40, 2))
    places, width, height = shelve(sizes)
    taken = np.zeros((height, width), int)
    for (x, y), (w, h) in zip(places, sizes, strict=True):
        assert x + w <= width
        taken[y : y + h, x : x + w] += 1
    assert taken.max() == 1
    assert taken.mean() > 0.6


def test_an_atlas_gives_back_its_pictures():
    rng = np.random.default_rng(0)
    pictures = [
        (rng.integers(0, 256, (h, w, 3), np.uint8), rng.integers(0, 256, (h, w), np.uint8))
        for h, w in ((5, 9), (12, 3))
    ]
    atlas = pack(pictures, CPU)
    for (colours, alpha), (x, y) in zip(pictures, atlas.origins, strict=True):
        h, w = alpha.shape
        rows, columns = np.mgrid[y : y + h, x : x + w]
        places = torch.tensor(np.stack([columns, rows], -1), dtype=torch.float32)[None]
        sample = atlas.sample(places)[:, 0]
        np.testing.assert_allclose(sample[:3].permute(1, 2, 0), colours, atol=0.05)
        np.testing.assert_allclose(sample[3] * 255, alpha, atol=0.05)


def test_the_configuration_names_renderers():
    with ThreadPoolExecutor(1) as executor:
        assert isinstance(make_renderer("auto", executor, CPU), HostRenderer)
        assert isinstance(make_renderer("numpy", executor, CPU), HostRenderer)
        assert isinstance(make_renderer("torch", executor, CPU), TorchRenderer)
        assert isinstance(make_renderer("auto", executor, torch.device("cuda")), TorchRenderer)
        with pytest.raises(ConfigError, match="'opengl' is unknown"):
            make_renderer("opengl", executor, CPU)
