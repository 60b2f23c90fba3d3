# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import gc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from dispatching import Counted
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError
from re3_ros.simulation import Simulator
from re3_ros.simulation._atlas import Intervals, Texture, pack, shelve
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


RECIPE = {"steady": True, "hide": 0.15, "leave": 0.08, "shake": 0.15, "tilt": 0.2, "bend": 0.12}
RECIPE |= {
    "renew": 0.05,
    "colour_drift": 0.05,
    "motion_blur": 0.2,
    "ground": 0.25,
    "compress": 0.25,
}


def test_what_crops_cost_does_not_depend_on_when_their_tracks_began(draw):
    """256 crops of tracks that took their slots at one step, or at sixteen different ones."""
    tracks = draw(64, frames=8, quiet=False, **RECIPE) * 4
    frames = np.arange(256) // 64 * 2
    boxes = np.stack([track.boxes[frame] for track, frame in zip(tracks, frames, strict=True)])
    counts = []
    TorchRenderer(CPU, chunk=256).crops(tracks, frames, boxes, 24, 2.0)  # makes the constants
    for steps in (1, 16):
        renderer = TorchRenderer(CPU, chunk=256)
        for step in range(steps):
            part = tracks[step:64:steps]
            renderer.crops(part, [0] * len(part), around(part, 0), 8, 2.0)
        with Counted(views=True) as counted:
            renderer.crops(tracks, frames, boxes, 24, 2.0)
        counts.append(Counter(counted.operations))
    assert counts[0] == counts[1]
    assert 100 < counts[0].total() < 300
    assert counts[0]["aten.lift_fresh.default"] == 1, "one array comes from the host"


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
    assert len(renderer.scene) == 3


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


@pytest.mark.parametrize("size", [40, 127, 128])
@pytest.mark.parametrize("quality", [25, 60, 95])
def test_compressed_tracks_look_as_the_host_compresses_them(draw, host, size, quality):
    tracks = [
        replace(t, photometry=replace(t.photometry, quality=quality, soft=0.0))
        for t in draw(12, compress=1)
    ]
    apart = difference(tracks, host, size)
    assert apart.mean() < 1.5
    assert (apart > 8).mean() < 0.03


@pytest.mark.parametrize("soft", [0.3, 1.2])
def test_soft_lenses_are_as_the_host_has_them(draw, host, soft):
    tracks = [
        replace(t, photometry=replace(t.photometry, quality=0, soft=soft))
        for t in draw(12, compress=1)
    ]
    apart = difference(tracks, host, 127)
    assert apart.mean() < 0.6
    assert (apart > 8).mean() < 3e-3


def difference(tracks, host, size):
    boxes, frames = around(tracks, 1), [2] * len(tracks)
    expected = host.crops(tracks, frames, boxes, size, 2.0).int()
    apart = TorchRenderer(CPU).crops(tracks, frames, boxes, size, 2.0).int() - expected
    assert expected.float().std() > 20
    return apart.abs().float().numpy()


def test_reduced_precision_of_the_network_does_not_reach_the_crops(draw):
    tracks = [*draw(2, **EVERYTHING), *draw(2, **EVERYTHING, compress=1.0), filmed()]
    call = tracks, [1] * 5, around(tracks, 1), 48, 2.0
    plain = TorchRenderer(CPU).crops(*call)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(TorchRenderer(CPU).crops(*call), plain)


def test_tracks_leave_the_device_when_they_are_done(draw):
    renderer = TorchRenderer(CPU)
    tracks = draw(3)
    renderer.crops(tracks, [0] * 3, around(tracks, 0), 16, 2.0)
    assert len(renderer.scene) == 3
    assert not renderer.scene.texture._rows.is_free
    del tracks
    gc.collect()
    assert len(renderer.scene) == 0
    assert renderer.scene.texture._rows.is_free


def test_a_place_that_was_freed_is_taken_again(draw):
    """However many tracks come and go, the texture is as large as those that live need."""
    renderer, heights = TorchRenderer(CPU), []
    for seed in range(6):
        tracks = draw(4 + seed)[seed:]
        crops = renderer.crops(tracks, [1] * 4, around(tracks, 1), 32, 2.0)
        alone = TorchRenderer(CPU).crops(tracks, [1] * 4, around(tracks, 1), 32, 2.0)
        assert torch.equal(crops, alone)
        heights.append(renderer.scene.texture.pixels.shape[1])
        assert len(renderer.scene) == 4
        del tracks
        gc.collect()
    assert max(heights) <= 2 * heights[0]


def test_parts_of_a_line_are_taken_and_freed():
    line = Intervals(10)
    assert [line.take(4), line.take(4), line.take(4), line.take(2)] == [0, 4, None, 8]
    line.free(4, 4)
    assert line.take(5) is None
    line.free(0, 4)
    assert line.take(8) == 0
    line.grow(20)
    assert line.take(10) == 10
    for start, length in ((10, 10), (0, 8), (8, 2)):
        assert not line.is_free
        line.free(start, length)
    assert line.is_free


@given(st.lists(st.integers(1, 12), max_size=40), st.randoms(use_true_random=False))
def test_parts_of_a_line_never_overlap(lengths, random):
    line, taken = Intervals(60), {}
    for length in lengths:
        start = line.take(length)
        if start is None:
            chosen = random.choice(sorted(taken))
            line.free(chosen, taken.pop(chosen))
        else:
            assert 0 <= start <= 60 - length
            assert not any(s < start + length and start < s + n for s, n in taken.items())
            taken[start] = length
    for start, length in taken.items():
        line.free(start, length)
    assert line.is_free


def test_pictures_wider_than_the_texture_fit(draw):
    texture = Texture(CPU)
    rng = np.random.default_rng(0)
    pictures = [(rng.integers(0, 256, (9, w, 3), np.uint8), None) for w in (30, 2300, 50)]
    corners = np.concatenate([texture.put(pictures[:1]), texture.put(pictures[1:])])
    for (colours, _), (x, y) in zip(pictures, corners, strict=True):
        h, w = colours.shape[:2]
        found = texture.pixels[:, y : y + h, x : x + w].permute(1, 2, 0)
        np.testing.assert_array_equal(found[..., :3], colours)
        assert (found[..., 3] == 1).all()
        assert (texture.pixels[3, y - 1, x : x + w] == 0).all()


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
