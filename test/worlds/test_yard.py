# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The yard's depth camera: it measures what is drawn, where it is drawn, and changes nothing."""

import numpy as np

from re3_ros.worlds import Yard


def inside(depth, box):
    """Return the metres (H, W) of a depth image in the middle half of a box, NaN for holes."""
    centre, quarter = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 4
    left, top = (centre - quarter).astype(int)
    right, bottom = (centre + quarter).astype(int)
    return depth.metres(slice(top, bottom), slice(left, right))


def test_the_suitcase_is_as_far_as_the_truth_says_and_the_sky_is_a_hole():
    yard = Yard(0, 12.0)
    yard.drive(0.1, 0.05, 1.0)
    view, depth = yard.view(), yard.depth()
    assert (depth.width, depth.height) == (640, 480)
    assert abs(np.nanmedian(inside(depth, view.box)) - view.ahead) < 0.01
    lens, row = yard.lens, 470
    assert np.isnan(depth.metres(slice(0, 200), slice(0, 640))).all()
    ground = depth.metres(slice(row, row + 1), slice(0, 640))
    assert abs(np.median(ground) - lens.focal * lens.height_above / (row + 0.5 - 240)) < 0.01


def test_the_crate_is_measured_where_it_hides_the_suitcase():
    yard = Yard(0, 12.0)
    while yard.time < yard.hidden_at:
        _ahead, left = yard.robot.to_robot(yard.object_position())
        yard.drive(0.0, left, 0.05)
    view = yard.view()
    assert view.visibility < 0.1
    assert np.nanmedian(inside(yard.depth(), view.box)) < view.ahead - 0.5


def test_to_measure_depth_changes_no_image():
    one, other = Yard(3, 12.0), Yard(3, 12.0)
    one.depth()
    for yard in (one, other):
        yard.drive(0.3, 0.0, 0.5)
    assert (one.view().image == other.view().image).all()
