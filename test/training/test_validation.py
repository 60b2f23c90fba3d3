# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from re3_ros.boxes import iou
from re3_ros.network import build
from re3_ros.training import closed_loop
from re3_ros.training._procedural import draw_stills
from re3_ros.training._track import SCREEN
from re3_ros.training._validation import simulate_clips

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}


@pytest.fixture(scope="module")
def clips():
    return simulate_clips(draw_stills(12), 3, frames=12)


def test_simulated_clips_are_always_the_same(clips):
    again = simulate_clips(draw_stills(12), 3, frames=12)
    for one, two in zip(clips, again, strict=True):
        assert one.name == two.name
        np.testing.assert_array_equal(one.images[7], two.images[7])
        np.testing.assert_array_equal(one.boxes, two.boxes)


def test_simulated_clips_show_the_screen_and_their_object_at_the_start(clips):
    for clip in clips:
        assert clip.images[0].shape == (int(SCREEN[1]), int(SCREEN[0]), 3)
        assert len(clip.images) == 12
        assert np.isfinite(clip.boxes[0]).all()
        lower = clip.images[0][-20:]
        assert lower.any()  # nothing of the screen was cut


def test_an_untrained_network_stays_where_it_was(clips):
    torch.manual_seed(0)
    figures = closed_loop(build("compact", **SMALL), clips)
    for clip in clips:
        known = np.isfinite(clip.boxes).all(1)
        still = iou(np.tile(clip.boxes[0], (12, 1)), clip.boxes)[known].mean()
        assert figures[clip.name] == pytest.approx(still, abs=0.15)


def test_the_interval_of_resets_reaches_the_tracker(clips, monkeypatch):
    from re3_ros.training import _validation

    seen = []
    tracker = _validation.Tracker
    monkeypatch.setattr(
        _validation, "Tracker", lambda *args: seen.append(args[2]) or tracker(*args)
    )
    closed_loop(build("compact", **SMALL), clips[:1], None)
    assert seen == [None]
