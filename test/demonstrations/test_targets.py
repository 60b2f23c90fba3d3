# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A target's values in every frame, where it starts, and where it stops."""

import numpy as np

from re3_ros.bags import TrackRow
from re3_ros.demonstrations._targets import SPACE, TargetTrack


def row(x, z=None, state="tracking", side=20.0):
    box = (x, 10.0, x + side, 10.0 + side)
    spot = (0.1, 0.2, z, 1e-4, 2e-4, 3e-4, 1e-5, 2e-5, 3e-5) if z is not None else (None,) * 9
    middle = (x + side / 2, 10 + side / 2, side, side)
    return TrackRow(0, "lens", "camera", "cup", state, 0.9, *box, *middle, *spot, 1)


def test_what_is_not_known_repeats_what_was_and_says_so():
    track = TargetTrack([None, row(5, 1.0), None, row(9, state="lost"), row(11, 2.0)])
    values = track.values(space=True)
    assert values[:, 0].tolist() == [5, 5, 5, 9, 11]
    assert values[:, 4].tolist() == [0, 0.9, 0, 0.9, 0.9]
    assert values[:, 5].tolist() == [0, 1, 0, 0, 1]
    z = 6 + SPACE.index("z")
    assert values[:, z].tolist() == [1, 1, 1, 1, 2]
    assert values[:, -1].tolist() == [0, 1, 0, 0, 1]
    assert np.allclose(values[1, 9:15], [1e-4, 2e-4, 3e-4, 1e-5, 2e-5, 3e-5])
    assert np.isfinite(values).all()
    assert track.values(space=False).shape == (5, 6)


def test_ways_begin_where_the_target_was_first_seen():
    track = TargetTrack([row(0, state="lost"), row(10, 1.5), row(16, 1.75, side=40.0)])
    relative = track.relative(space=True)
    assert relative[1].tolist() == [0, 0, 1, 0, 0, 0]
    assert relative[2].tolist() == [16, 10, 2, 0, 0, 0.25]


def test_keyframes_are_where_it_starts_and_stops():
    rest, way = [0.0] * 20, [4.0 * i for i in range(1, 21)]
    places = [*rest, *way, *[80.0] * 20]
    found = TargetTrack([row(x) for x in places]).keyframes(20)[:, 0]
    (start,), (stop,) = np.flatnonzero(found == 1), np.flatnonzero(found == -1)
    assert abs(start - 20) <= 4
    assert abs(stop - 40) <= 4
    jump = TargetTrack([row(x) for x in [0.0] * 30 + [1.0] * 30]).keyframes(20)
    assert not jump.any(), "a twitch is no motion"


def test_with_positions_in_space_a_camera_that_moves_is_no_motion():
    rows = [row(4.0 * i, 1.0) for i in range(40)]
    assert not TargetTrack(rows).keyframes(20).any()
    ahead = [row(0, 1.0) for _ in range(20)] + [row(0, 1 + 0.01 * i) for i in range(20)]
    assert TargetTrack(ahead).keyframes(20).sum() == 1
