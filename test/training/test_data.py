# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import logging
import shutil

import numpy as np
import pytest

from re3_ros.errors import ConfigError, SourceError
from re3_ros.simulation._track import SimulatedTrack
from re3_ros.simulation._videos import VideoTrack
from re3_ros.training import TrainingConfig, read_config
from re3_ros.training._data import read_data

STAGE = {"steps": 1, "unroll": 3, "batch": 16, "self_training": 0.0, "rate": [1e-3, 1e-3]}
VIDEOS = {"layout": "simple", "path": "videos"}
STILLS = {"layout": "index", "path": "stills"}


def config_of(**values):
    plain = {"stills": "", "videos": "", "held_stills": 0, "stages": [STAGE]}
    return TrainingConfig.model_validate({**plain, **values})


def drawn(config, root, step=0):
    data = read_data(config, root)
    return data.batch(config, config.stages[0], step)


def test_videos_alone_will_do(data_root):
    tracks = drawn(config_of(datasets=[VIDEOS], video_share=1.0), data_root)
    assert all(isinstance(t, VideoTrack) for t in tracks)
    assert {t.images[0].shape for t in tracks} == {(100, 140, 3)}


def test_stills_alone_will_do(data_root):
    tracks = drawn(config_of(datasets=[STILLS]), data_root)
    assert all(isinstance(t, SimulatedTrack) for t in tracks)


def test_stills_of_a_data_set_join_the_others(data_root):
    both = config_of(stills="stills", datasets=[STILLS])
    assert len(read_data(both, data_root).simulator.stills) == 12


def test_shares_divide_the_videos(data_root, tmp_path):
    shutil.copytree(data_root, tmp_path / "data")
    shutil.move(tmp_path / "data" / "videos" / "one", tmp_path / "data" / "other" / "one")
    twice = [{**VIDEOS, "share": 3}, {**VIDEOS, "path": "other"}]
    config = config_of(datasets=twice, video_share=1.0)
    data = read_data(config, tmp_path / "data")
    drawn = []
    for path, videos in (("videos", data.videos[0]), ("other", data.videos[1])):
        videos.draw = lambda rng, frames, path=path: drawn.append(path)
    for step in range(25):
        data.batch(config, config.stages[0], step)
    assert len(drawn) == 400
    assert 270 < drawn.count("videos") < 330


def test_a_step_is_the_same_again(data_root):
    config = config_of(stills="stills", datasets=[VIDEOS], video_share=0.5)
    once, again = (drawn(config, data_root, step=5) for _ in range(2))
    assert {type(t) for t in once} == {SimulatedTrack, VideoTrack}
    for one, two in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.boxes, two.boxes)


def test_a_run_without_data_sets_draws_what_it_drew_before_there_were_any(data_root):
    tracks = drawn(config_of(stills="stills", videos="videos", video_share=0.5), data_root)
    kinds = "".join("sv"[isinstance(t, VideoTrack)] for t in tracks)
    assert kinds == "sssvvssvsvssvsvs"
    left = [t.boxes[1, 0] for t in tracks[:8]]
    kept = [206.433, 255.178, 226.23, 26.0, 29.0, -3.08, 228.241, 72.0]
    np.testing.assert_allclose(left, kept, atol=1e-3)


def test_clips_to_validate_on_are_not_trained_on(data_root):
    held = {**VIDEOS, "role": "validate", "limit": 1}
    data = read_data(config_of(stills="stills", datasets=[held]), data_root)
    assert not data.videos
    assert [len(c.images) for c in data.held_out_clips] == [8]


def test_a_corrupt_still_is_named_once_and_others_drawn(data_root, tmp_path, caplog):
    shutil.copytree(data_root, tmp_path / "data")
    (tmp_path / "data" / "stills" / "img" / "s2.png").write_bytes(b"no picture")
    config = config_of(stills="stills")
    with caplog.at_level(logging.WARNING, "re3_ros.training"):
        tracks = drawn(config, tmp_path / "data")
    assert len(tracks) == 16
    assert len([r for r in caplog.records if "s2.png is not a readable" in r.getMessage()]) == 1
    again = drawn(config, tmp_path / "data")
    for one, two in zip(tracks, again, strict=True):
        np.testing.assert_array_equal(one.boxes, two.boxes)


def test_all_stills_corrupt(data_root, tmp_path):
    shutil.copytree(data_root, tmp_path / "data")
    for path in (tmp_path / "data" / "stills" / "img").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(SourceError, match="1000 draws in a row met a still that cannot be read"):
        drawn(config_of(stills="stills"), tmp_path / "data")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"videos": "missing", "stills": "stills"}, "missing is not a folder; give `videos`"),
        ({"stills": "missing"}, r"index.csv does not exist"),
        ({"video_share": 0.5}, "list no still that may be used"),
        ({"datasets": [{"layout": "otb", "path": "videos"}], "stills": "stills"}, "layout otb"),
        ({"datasets": [{"layout": "otb", "path": "none"}], "stills": "stills"}, "not a folder"),
        ({"datasets": [{"layout": "coco", "path": "videos"}]}, "videos holds no stills"),
    ],
)
def test_wrong_folders_are_named(data_root, values, message):
    with pytest.raises(SourceError, match=message):
        read_data(config_of(**values), data_root)


def test_data_sets_in_yaml(tmp_path):
    path = tmp_path / "run.yaml"
    stage = "{steps: 1, unroll: 2, batch: 1, self_training: 0, rate: [0.1, 0.1]}"
    text = f"stages: [{stage}]\ndatasets:\n  - {{layout: got10k, path: G, split: val, limit: 20}}\n"
    path.write_text(text)
    (source,) = read_config(path).datasets
    assert (source.layout, source.split, source.limit, source.share) == ("got10k", "val", 20, 1.0)
    path.write_text(text.replace("got10k", "gotcha"))
    with pytest.raises(ConfigError, match=r"datasets.0.*layout 'gotcha' is unknown"):
        read_config(path)
