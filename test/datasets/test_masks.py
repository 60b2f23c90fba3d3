# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from re3_ros.datasets._masks import decode_rle, mask_to_box, polygons_to_mask


def runs_of(mask):
    """Return the run lengths of a mask, column after column, counted pixel by pixel."""
    counts, last = [0], False
    for pixel in mask.T.ravel():
        if pixel != last:
            counts.append(0)
            last = pixel
        counts[-1] += 1
    return counts


def text_of(counts):
    """Write run lengths as COCO does: differences, 5 bits a character, lowest first."""
    text = ""
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + (bits | 32 * more))
            if not more:
                break
    return text


@given(arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_run_lengths_in_both_forms(mask):
    height, width = mask.shape
    counts = runs_of(mask)
    np.testing.assert_array_equal(decode_rle(counts, width, height) > 0, mask)
    np.testing.assert_array_equal(decode_rle(text_of(counts), width, height) > 0, mask)


def test_the_examples_of_the_mask_api():
    np.testing.assert_array_equal(decode_rle([2, 3, 1, 1], 1, 7).ravel() > 0, [0, 0, 1, 1, 1, 0, 1])
    np.testing.assert_array_equal(decode_rle([0, 6, 1], 1, 7).ravel() > 0, [1, 1, 1, 1, 1, 1, 0])


def test_the_example_of_the_mots_challenge():
    """A car of 1242 x 375 pixels, from the description of that benchmark's text format."""
    text = (
        "WSV:2d;1O10000O10000O1O100O100O1O100O1000000000000000O100O102N5K00O1O1N2O110OO2O001O1NTga3"
    )
    mask = decode_rle(text, 1242, 375)
    assert mask_to_box(mask > 0).tolist() == [890, 168, 931, 179]
    assert cv2.connectedComponents(mask)[0] == 2  # one piece, and what is around it


@pytest.mark.parametrize("counts", [[3, 4], [], [10, -1, 3], "61X1"])
def test_runs_that_do_not_fit(counts):
    with pytest.raises(ValueError, match="not to 4 x 3 pixels"):
        decode_rle(counts, 4, 3)


def test_polygons_cover_the_pixels_whose_centres_they_hold():
    mask = polygons_to_mask([[2, 1, 7, 1, 7, 4, 2, 4], [0, 6, 2, 6, 2, 8, 0, 8]], 9, 8)
    expected = np.zeros((8, 9), bool)
    expected[1:4, 2:7] = True
    expected[6:8, 0:2] = True
    np.testing.assert_array_equal(mask > 0, expected)


def test_bounds_go_around_the_outermost_pixels():
    mask = np.zeros((8, 9), bool)
    mask[3, 2] = mask[5, 7] = True
    assert mask_to_box(mask).tolist() == [2, 3, 8, 6]
    assert np.isnan(mask_to_box(mask & False)).all()
