# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from re3_ros import crops
from re3_ros.crops._warp import _fit

WHITE = np.full((480, 640, 3), 255, np.uint8)
NOISE = np.random.RandomState(0).randint(1, 256, (480, 640, 3)).astype(np.uint8)


def content(crop):
    """Return the first and last row, then column, that are not black; None if all are."""
    rows, columns = crop.any(axis=(1, 2)).nonzero()[0], crop.any(axis=(0, 2)).nonzero()[0]
    return (rows[0], rows[-1], columns[0], columns[-1]) if len(rows) else None


def published(image, box, size=227):
    """Return the crop of the published method, step by step."""
    (x1, y1, x2, y2), (height, width) = box, image.shape[:2]
    window = [x1 - (x2 - x1) / 2, y1 - (y2 - y1) / 2, x2 + (x2 - x1) / 2, y2 + (y2 - y1) / 2]
    left, top, right, bottom = (int(v) for v in np.rint(window))
    part = image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    w = max(1, round(size * part.shape[1] / (right - left)))
    h = max(1, round(size * part.shape[0] / (bottom - top)))
    before = int(max(0, -top * size / (bottom - top))), int(max(0, -left * size / (right - left)))
    after = size - h - before[0], size - w - before[1]
    part = cv2.resize(part, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.pad(part, ((before[0], after[0]), (before[1], after[1]), (0, 0)))


def random_boxes(count, seed):
    random = np.random.RandomState(seed)
    centres, sides = random.uniform(0, (640, 480), (count, 2)), random.uniform(8, 300, (count, 2))
    return np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)


@pytest.mark.parametrize(
    ("box", "window", "expected"),
    [
        ((100, 100, 200, 220), (50, 40, 250, 280), (0, 226, 0, 226)),
        ((0, 0, 50, 40), (-25, -20, 75, 60), (56, 225, 56, 225)),
        ((600, 440, 660, 500), (570, 410, 690, 530), (0, 131, 0, 131)),
        ((-30, -30, 20, 10), (-55, -50, 45, 30), (141, 225, 124, 225)),
        ((620, 100, 640, 140), (610, 80, 650, 160), (0, 226, 0, 169)),
        ((700, 100, 800, 200), (650, 50, 850, 250), None),
        ((100, 100, 100, 100), (100, 100, 100, 100), None),
        ((np.nan, 0, 10, 10), None, None),
        ((200, 220, 100, 100), None, None),
        ((100.1, 100.1, 100.3, 100.3), (100, 100, 100.4, 100.4), None),
    ],
)
@pytest.mark.parametrize("image", [WHITE, NOISE])
def test_content_lies_where_the_published_code_puts_it(image, box, window, expected):
    if window is not None:
        np.testing.assert_allclose(crops.search_window(box), window)
    crop = crops.crop(image, box)
    assert crop.shape == (227, 227, 3)
    assert crop.dtype == np.uint8
    assert content(crop) == expected


def test_crops_are_those_of_the_published_method():
    for box in random_boxes(400, seed=1):
        np.testing.assert_array_equal(crops.crop(NOISE, box), published(NOISE, box))


def test_no_window_that_meets_the_image_is_blackened():
    """The published code blackens the crop where offset and length, rounded apart, exceed it."""
    for side in (*range(1, 300), 453, 454, 455, 909, 1999):
        for start in range(-side + 1, 1):
            for limit in (1, 100, 227, 480):
                offset, length = _fit(start, start + side, min(start + side, limit), 227)
                assert offset >= 0
                assert length >= 1
                assert offset + length <= 227


@pytest.mark.parametrize("box", [(-40.6, -9, 0.4, 31), (637.7, 470, 700, 540), (-1, -1, 2e4, 2e4)])
def test_a_sliver_of_the_image_is_shown(box):
    crop = crops.crop(WHITE, box)
    assert content(crop) is not None
    assert (crop[crop > 0] == 255).all()


def test_pixels_are_bilinear_with_centres_at_half():
    ramp = np.arange(16, dtype=np.uint8) * 16
    image = np.stack(np.broadcast_arrays(ramp[None], ramp[:, None], np.uint8(9)), axis=2)
    crop = crops.crop(np.ascontiguousarray(image), (4, 4, 12, 12), size=128).astype(float)
    place = np.clip((np.arange(128) + 0.5) * 16 / 128 - 0.5, 0, 15)
    np.testing.assert_allclose(crop[:, :, 0], np.tile(place * 16, (128, 1)), atol=1)
    np.testing.assert_allclose(crop[:, :, 1], np.tile(place * 16, (128, 1)).T, atol=1)
    assert (crop[:, :, 2] == 9).all()


@given(st.lists(st.floats(), min_size=4, max_size=4))
@settings(max_examples=300)
def test_any_four_numbers_give_a_crop(box):
    crop = crops.crop(WHITE[:48, :64], box, size=32)
    assert crop.shape == (32, 32, 3)
    if not np.isfinite(box).all():
        assert not crop.any()


@pytest.mark.parametrize("far", [1e6, 1e12, 1e30, 1e300])
def test_huge_boxes_neither_fail_nor_take_memory(far):
    crop = crops.crop(WHITE, (-far, -far, far, far))
    assert crop.shape == (227, 227, 3)
    assert not crops.crop(WHITE, (far, far, 2 * far, 2 * far)).any()


@given(st.floats(-300, 900), st.floats(-300, 700), st.floats(4, 500), st.floats(4, 500))
def test_a_crop_is_black_exactly_where_its_window_misses_the_image(x, y, width, height):
    box = (x, y, x + width, y + height)
    x1, y1, x2, y2 = np.rint(crops.search_window(box))
    meets = min(x2, 640) > max(x1, 0) and min(y2, 480) > max(y1, 0)
    assert crops.crop(WHITE, box, size=64).any() == meets


def test_many_crops_are_the_single_ones_and_the_image_is_unchanged():
    image, boxes = NOISE.copy(), random_boxes(5, seed=3)
    many = crops.crop_many(image, boxes, size=128, context=3.0)
    for crop, box in zip(many, boxes, strict=True):
        np.testing.assert_array_equal(crop, crops.crop(image, box, size=128, context=3.0))
    np.testing.assert_array_equal(image, NOISE)
    assert crops.crop_many(image, np.empty((0, 4))).shape == (0, 227, 227, 3)


def test_context_widens_the_window():
    np.testing.assert_allclose(crops.search_window([10, 10, 20, 30], 3.0), [0, -10, 30, 50])
    assert content(crops.crop(WHITE, (0, 0, 100, 100), context=4.0))[0] == 85  # 150 / 400 of 227
