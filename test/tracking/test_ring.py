# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from re3_ros.errors import StampError
from re3_ros.tracking import Frame
from re3_ros.tracking._ring import FrameRing, evenly

SECOND = 10**9


def filled(stamps, frames=10, nbytes=10**9, tolerance=0):
    ring = FrameRing(frames, nbytes, tolerance)
    for stamp in stamps:
        ring.append(Frame("camera", stamp, np.zeros((4, 4, 3), np.uint8)))
    return ring


def test_count_is_bounded():
    ring = filled(range(25))
    assert len(ring) == 10
    assert ring.newest.stamp == 24
    assert ring.nbytes == 10 * 48


def test_bytes_are_bounded_but_the_newest_stays():
    assert len(filled(range(25), nbytes=100)) == 2
    assert len(filled(range(25), nbytes=1)) == 1


def test_exact_stamps_and_the_nearest_within_half_a_period():
    ring = filled([100, 200, 300, 400])
    assert ring.find(200).stamp == 200
    assert ring.find(249).stamp == 200
    assert ring.find(251).stamp == 300
    assert ring.find(450).stamp == 400
    with pytest.raises(StampError):
        ring.find(451)


def test_a_dropped_frame_has_no_neighbour_near_enough():
    ring = filled([100, 200, 300, 600, 700])
    with pytest.raises(StampError):
        ring.find(450)


def test_given_tolerance():
    ring = filled([100, 200, 300], tolerance=5)
    assert ring.find(205).stamp == 200
    with pytest.raises(StampError):
        ring.find(206)


def test_forgotten_stamp_names_the_range():
    ring = filled([k * SECOND for k in range(1, 21)])
    with pytest.raises(StampError, match=r"2\.0+ s; remembered are 10 from 11\.0+ s to 20\.0+ s"):
        ring.find(2 * SECOND)
    with pytest.raises(StampError, match="none was received"):
        filled([]).find(5)


def test_of_equal_stamps_the_newest_is_meant():
    ring = filled([7, 7, 7])
    assert ring.find(7) is ring.newest


def test_frames_since():
    ring = filled([1, 2, 3, 4])
    assert [f.stamp for f in ring.newer(ring.find(2))] == [3, 4]
    assert ring.newer(ring.newest) == []
    gone = ring.find(1)
    ring = filled([8, 9])
    assert [f.stamp for f in ring.newer(gone)] == [8, 9]


@pytest.mark.parametrize(("n", "limit"), [(3, 5), (5, 5), (10, 5), (64, 7), (9, 1), (0, 4)])
def test_evenly_chosen_frames_end_with_the_newest(n, limit):
    frames = [Frame("camera", k, np.zeros((1, 1, 3), np.uint8)) for k in range(n)]
    chosen = [f.stamp for f in evenly(frames, limit)]
    assert len(chosen) == min(n, limit)
    assert chosen[-1:] == [f.stamp for f in frames[-1:]]
    steps = np.diff([-1, *chosen])
    assert n == 0 or steps.max() - steps.min() <= 1
