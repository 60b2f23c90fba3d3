# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json
import shutil

import numpy as np
import pytest

from re3_ros.boxes import clip
from re3_ros.datasets import read_stills
from re3_ros.errors import ConfigError, SourceError, WeightsError
from re3_ros.network import build, save
from re3_ros.simulation import Simulator
from re3_ros.training import (
    RenderedVideo,
    TrainingConfig,
    held_out_videos,
    read_run_config,
    run_data_folder,
    simulated_videos,
)
from re3_ros.training._data import read_data

STAGE = {"steps": 1, "unroll": 2, "batch": 1, "self_training": 0, "rate": [0, 0]}


def make_config(**changes):
    values = {"stills": "stills", "videos": "videos", "held_out": ["two"], "held_stills": 0.5}
    return TrainingConfig.model_validate({**values, "stages": [STAGE], **changes})


@pytest.fixture
def video(data_root):
    """Return a simulated video of 12 frames."""
    return simulated_videos(Simulator(read_stills(data_root / "stills")), 3, 12)[2]


def test_the_same_videos_every_time(data_root, video):
    again = simulated_videos(Simulator(read_stills(data_root / "stills")), 3, 12)[2]
    assert np.array_equal(video.boxes, again.boxes, equal_nan=True)
    assert np.array_equal(video.image(7), again.image(7))
    other = simulated_videos(Simulator(read_stills(data_root / "stills")), 3, 12)[1]
    assert not np.array_equal(video.image(7), other.image(7))


def test_a_frame_is_what_the_crops_are_cut_from(video):
    image = video.image(5)
    assert image.shape == (240, 320, 3)
    assert image.flags.c_contiguous
    window = np.array([80.0, 60.0, 208.0, 188.0])
    crop = video.track.crop(5, window, 128, 1.0)
    part = image[60:188, 80:208]
    if not video.track.photometry.noise:  # noise is drawn afresh for each size
        assert np.abs(part.astype(int) - crop).mean() < 2


def test_every_fifth_frame_of_a_rendered_video(video):
    shown = RenderedVideo.of(video).every(5)
    assert np.array_equal(shown.boxes, video.boxes[[0, 5, 10]], equal_nan=True)
    assert shown.rivals.shape == (len(video.rivals), 3, 4)
    assert np.array_equal(shown.image(1), video.image(5))


def test_the_box_is_where_the_object_is(data_root):
    simulator = Simulator([s for s in read_stills(data_root / "stills") if s.mask_path])
    shares = []
    for video in simulated_videos(simulator, 6, 3):
        if video.track.photometry.grey:
            continue
        x1, y1, x2, y2 = clip(video.boxes[0], 320, 240).round().astype(int)
        image = video.image(0).astype(int)
        red = (image[..., 0] > 2 * image[..., 1]) & (image[..., 0] > 60)
        shares.append(red[y1:y2, x1:x2].mean())
    assert np.median(shares) > 0.4


def test_an_object_out_of_view_has_no_box(video):
    seen = video.track.visibility > 0
    assert np.isfinite(video.boxes[seen]).all()
    video.track.visibility[4] = 0.0
    assert np.isnan(video.boxes[4]).all()


def test_only_what_was_held_back_is_shown(data_root):
    held = held_out_videos(make_config(), data_root, count=2, frames=4)
    assert [v.name for v in held.clips] == ["two"]
    assert [len(v.boxes) for v in held.simulated] == [4, 4]
    assert [v.rivals.shape[1:] for v in held.rivals] == [(4, 4), (4, 4)]
    assert all(len(v.rivals) for v in held.rivals)
    assert held.clips[0].rivals.shape == (0, 8, 4)


def test_held_stills_are_not_those_of_training(data_root, monkeypatch):
    shown = []

    def spy(stills, events):
        shown.append(stills)
        return Simulator(stills, events)

    monkeypatch.setattr("re3_ros.training._held_out.Simulator", spy)
    held_out_videos(make_config(), data_root, 1, 2)
    every = {s.image_path for s in read_stills(data_root / "stills")}
    held = {s.image_path for s in shown[0]}
    training = {s.image_path for s in read_data(make_config(), data_root).simulator.stills}
    assert held
    assert held | training == every
    assert not held & training


def test_nothing_held_back(data_root):
    with pytest.raises(ConfigError, match="held nothing back"):
        held_out_videos(make_config(held_out=[], held_stills=0.0), data_root)
    held = held_out_videos(make_config(held_stills=0.0), data_root)
    assert (len(held.simulated), len(held.clips), len(held.rivals)) == (0, 1, 0)


def test_a_clip_that_is_missing_is_named(data_root):
    with pytest.raises(SourceError, match=r"no clip three in .*videos"):
        held_out_videos(make_config(held_out=["three"]), data_root, 1, 2)


def test_clips_of_several_folders(data_root, tmp_path):
    data_root = shutil.copytree(data_root, tmp_path / "data")
    both = make_config(videos=["videos", "more"], held_out=["two", "three"])
    (data_root / "more").mkdir()
    shutil.copytree(data_root / "videos" / "one", data_root / "more" / "three")
    assert [v.name for v in held_out_videos(both, data_root, 1, 2).clips] == ["two", "three"]
    assert [c.name for c in read_data(both, data_root).clips] == ["one"]
    with pytest.raises(SourceError, match=r"no clip four in .*videos, .*more"):
        read_data(both.model_copy(update={"held_out": ("four",)}), data_root)


def test_the_run_is_read_from_the_weights(tmp_path):
    config, path = make_config(), tmp_path / "w.safetensors"
    small = build("compact", skip=4, fine_skip=2, match=4, mixed=4, heat_maps=2, fc_width=8)
    save(small, path, {"training": config.model_dump_json()})
    assert read_run_config(path) == config
    save(small, path, {})
    with pytest.raises(ConfigError, match="does not say what it was trained on"):
        read_run_config(path)
    save(small, path, {"training": json.dumps({"unheard_of": 1})})
    with pytest.raises(ConfigError, match="unheard_of"):
        read_run_config(path)
    with pytest.raises(WeightsError, match="no weights"):
        read_run_config(tmp_path / "none.safetensors")


def test_a_file_may_tell_the_run(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(json.dumps(make_config().model_dump(mode="json")))
    assert read_run_config(tmp_path / "none.safetensors", path) == make_config()


@pytest.mark.parametrize(
    ("stills", "there", "expected"),
    [
        ("stills", "data/train/stills", "data/train"),
        ("data/train/stills", "data/train/stills", "."),
        ("stills", "nothing", "data/train"),
    ],
)
def test_the_data_of_a_run_is_found_where_none_is_named(
    tmp_path, monkeypatch, stills, there, expected
):
    monkeypatch.setenv("RE3_SHARED", str(tmp_path))
    (tmp_path / there).mkdir(parents=True)
    assert run_data_folder(make_config(stills=stills, videos="")) == tmp_path / expected
