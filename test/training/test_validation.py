# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from re3_ros.boxes import iou
from re3_ros.errors import ConfigError
from re3_ros.network import build
from re3_ros.simulation import read_clip
from re3_ros.simulation._procedural import procedural_stills
from re3_ros.training import closed_loop, track_video
from re3_ros.training._validation import validation_videos

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}


@pytest.fixture(scope="module")
def videos():
    return validation_videos([], procedural_stills(12), 3, frames=12)


def test_simulated_videos_are_always_the_same(videos):
    again = validation_videos([], procedural_stills(12), 3, frames=12)
    for one, two in zip(videos, again, strict=True):
        assert one.name == two.name
        np.testing.assert_array_equal(one.image(7), two.image(7))
        np.testing.assert_array_equal(one.boxes, two.boxes)


def test_clips_come_first(data_root):
    clip = read_clip(data_root / "videos" / "one")
    videos = validation_videos([clip], procedural_stills(3), 1)
    assert [video.name for video in videos] == ["one", "simulated 0", "rivals 0"]


def test_simulation_needs_stills():
    with pytest.raises(ConfigError, match="raise held_stills"):
        validation_videos([], [], 1)


def test_an_untrained_network_stays_where_it_was(videos):
    torch.manual_seed(0)
    figures, kept = closed_loop(build("compact", **SMALL), videos)
    assert 0 <= kept.on_rival <= 1
    for video in videos:
        known = np.isfinite(video.boxes).all(1)
        still = iou(np.tile(video.boxes[0], (12, 1)), video.boxes)[known].mean()
        assert figures[video.name] == pytest.approx(still, abs=0.15)


def test_the_given_box_is_followed_from_the_first_frame(videos):
    boxes = track_video(build("compact", **SMALL), videos[0])
    assert boxes.shape == (12, 4)
    np.testing.assert_array_equal(boxes[0], videos[0].boxes[0])


def test_the_interval_of_resets_reaches_the_tracker(videos, monkeypatch):
    from re3_ros.training import _validation

    seen = []
    tracker = _validation.Tracker
    monkeypatch.setattr(
        _validation, "Tracker", lambda *args: seen.append(args[2]) or tracker(*args)
    )
    closed_loop(build("compact", **SMALL), videos[:1], None)
    assert seen == [None]
