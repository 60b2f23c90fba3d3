# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from re3_ros.spatial import DepthImage, find_surfaces

WHOLE = np.array([0.0, 0, 40, 40])


def image(metres):
    return DepthImage(np.asarray(metres, np.float32))


def test_a_plane_is_one_surface():
    (surface,) = find_surfaces(image(np.full((40, 40), 1.5)), WHOLE)
    assert surface.distance == surface.near == surface.far == 1.5
    assert surface.spread == 0
    assert surface.share == pytest.approx(1)


def test_what_is_in_front_and_behind_are_surfaces_nearest_first():
    metres = np.full((40, 40), 3.0)
    metres[5:35, 5:35] = 1.0
    metres[:, 10:16] = 0.7
    surfaces = find_surfaces(image(metres), WHOLE)
    assert [s.distance for s in surfaces] == pytest.approx([0.7, 1, 3])
    assert sum(s.share for s in surfaces) == pytest.approx(1)


def test_the_middle_counts_more_than_the_rim():
    metres = np.full((40, 40), 3.0)
    metres[8:32, 8:32] = 1.0  # 36 % of the pixels
    near, far = find_surfaces(image(metres), WHOLE)
    assert near.share > 0.6
    assert far.share < 0.4


def test_noise_and_slopes_do_not_tear_a_surface():
    rng = np.random.default_rng(1)
    slope = np.linspace(1.8, 2.2, 40)[None, :] + rng.normal(0, 0.008, (40, 40))
    (surface,) = find_surfaces(image(slope), WHOLE)
    assert surface.distance == pytest.approx(2, rel=0.01)
    assert surface.far - surface.near > 0.2


def test_holes_are_nobodys_share():
    metres = np.full((40, 40), 2.0)
    metres[:20] = np.nan
    (surface,) = find_surfaces(image(metres), WHOLE)
    assert surface.share == pytest.approx(0.5)


def test_a_few_pixels_are_no_surface():
    metres = np.full((40, 40), np.nan)
    metres[20, 18:22] = 1.0
    assert find_surfaces(image(metres), WHOLE) == []


@pytest.mark.parametrize(
    "box", [(50, 50, 60, 60), (-20, -20, -5, -5), (10, 10, 10, 10), (30, 30, 20, 20)]
)
def test_a_box_beside_the_image_or_without_area_shows_nothing(box):
    assert find_surfaces(image(np.full((40, 40), 1.0)), np.array(box, float)) == []


def test_a_box_over_the_rim_shows_what_is_inside():
    metres = np.full((40, 40), np.nan)
    metres[:, :10] = 1.0
    (surface,) = find_surfaces(image(metres), np.array([-10.0, 10, 10, 30]))
    assert surface.share == pytest.approx(1)


def test_large_boxes_are_thinned_out_and_mean_the_same():
    metres = np.full((900, 1200), 3.0)
    metres[200:700, 300:900] = 1.0
    box = np.array([200.0, 100, 1000, 800])
    large = find_surfaces(image(metres), box)
    small = find_surfaces(image(metres[::20, ::20]), box / 20)
    for one, other in zip(large, small, strict=True):
        assert one.distance == other.distance
        assert one.share == pytest.approx(other.share, abs=0.03)


@given(
    metres=hnp.arrays(np.float32, (12, 16), elements=st.floats(width=32)),
    box=hnp.arrays(float, 4, elements=st.floats(-30, 30)),
)
def test_whatever_is_measured_surfaces_are_sound(metres, box):
    for surface in find_surfaces(DepthImage(metres), box):
        assert np.isfinite(surface).all()
        assert 0 < surface.near <= surface.distance <= surface.far
        assert surface.spread >= 0
        assert 0 < surface.share <= 1 + 1e-9
