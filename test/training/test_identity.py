# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.training import identity

FRAMES = 11


def still(x):
    return np.tile([x, 50.0, x + 20, 70], (FRAMES, 1))


def test_a_tracker_that_stays_on_its_target_is_on_no_rival():
    kept = identity([(still(50), still(50), still(90)[None])])
    assert kept == (FRAMES - 1, 1.0, 0.0, 0.0)


def test_frames_on_a_rival_and_switches_are_counted():
    """Four frames on the target, three on one rival, two on nothing, one on the other rival."""
    rivals = np.stack([still(90), still(130)])
    found = still(50)
    found[5:8], found[8:10], found[10:] = rivals[0, 5:8], [200, 200, 220, 220], rivals[1, 10:]
    kept = identity([(found, still(50), rivals)])
    assert kept.frames == 10
    assert kept.on_rival == pytest.approx(0.4)
    assert kept.mean_iou == pytest.approx(0.4)
    assert kept.switches == pytest.approx(20)


def test_what_is_between_both_is_on_the_one_that_it_overlaps_more():
    for shift, expected in ((8, 0.0), (12, 1.0)):
        kept = identity([(still(50 + shift), still(50), still(70)[None])])
        assert kept.on_rival == expected


def test_only_frames_with_both_in_view_count():
    truth, rival = still(50), still(90)
    truth[3:5] = np.nan
    rival[5:8] += [400, 0, 400, 0]
    assert identity([(still(50), truth, rival[None])]).frames == 10 - 5


def test_videos_without_rivals_give_no_figure():
    kept = identity([(still(50), still(50), np.zeros((0, FRAMES, 4)))])
    assert kept.frames == 0
    assert np.isnan(kept.on_rival)


def test_videos_are_pooled():
    good = still(50), still(50), still(90)[None]
    bad = still(90), still(50), still(90)[None]
    kept = identity([good, bad])
    assert (kept.frames, kept.on_rival, kept.switches) == (20, 0.5, 5.0)
