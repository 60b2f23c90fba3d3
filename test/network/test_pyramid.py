# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Magnified initial crops: what they look like, and that comparing them tells size and place."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional

from re3_ros.network._pyramid import CELLS, MAGNIFICATIONS, Pyramid, cells_of, positions, sum_up

SIDE = 64


@pytest.fixture
def pyramid():
    torch.manual_seed(0)
    return Pyramid(SIDE, 6, 10)


def test_magnified_crops_show_the_middle_larger_or_smaller(pyramid):
    crop = cv2.GaussianBlur(np.random.default_rng(0).normal(128, 400, (SIDE, SIDE, 3)), (0, 0), 5)
    magnified = pyramid.magnify(torch.from_numpy(crop).permute(2, 0, 1)[None].float())
    middle = slice(24, 40)
    for (x, y), found in zip(MAGNIFICATIONS[1:], magnified, strict=True):
        place = np.array([[np.exp(x), 0, 0], [0, np.exp(y), 0]])
        place[:, 2] = (SIDE - 1) / 2 * (1 - place.diagonal())
        wanted = cv2.warpAffine(crop, place, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        error = np.abs(found.permute(1, 2, 0).numpy() - wanted)[middle, middle].mean()
        assert error < 0.1 * crop.std(), (x, y)


def test_even_colour_stays_what_it_is(pyramid):
    crops = torch.full((2, 3, SIDE, SIDE), 200, dtype=torch.uint8)
    torch.testing.assert_close(pyramid.magnify(crops), torch.full((16, 3, SIDE, SIDE), 200.0))


def likeness_of(pyramid, cells, current):
    """Return what the pyramid compares, before it is summarised."""
    kept = []
    pyramid.maps.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    pyramid(cells, current)
    return kept[0]


def test_likeness_is_the_correlation_of_whole_patches(pyramid):
    torch.manual_seed(1)
    count = len(MAGNIFICATIONS)
    patches = torch.randn(2, count, 5, CELLS, CELLS)
    current = torch.randn(2, 5, 15, 15)
    cells = torch.stack([cells_of(p).flatten() for p in patches])
    found = likeness_of(pyramid, cells, current)
    for n in range(2):
        wanted = functional.conv2d(current[n][None], patches[n], padding=CELLS // 2)[0] / CELLS**2
        torch.testing.assert_close(found[n], wanted, rtol=1e-4, atol=1e-5)


def test_the_best_patch_tells_magnification_and_place(pyramid):
    torch.manual_seed(2)
    count = len(MAGNIFICATIONS)
    patches = functional.normalize(torch.randn(1, count, 32, CELLS, CELLS), dim=2)
    for best, (x, y) in enumerate(MAGNIFICATIONS):
        current = torch.zeros(1, 32, 15, 15)
        current[..., 2:9, 6:13] = patches[:, best]  # its middle is two right and two above
        cells = torch.cat([cells_of(p).flatten() for p in patches[0][:, None]])[None]
        alike = likeness_of(pyramid, cells, current)
        summary = sum_up(alike, pyramid.sharpness, pyramid.logarithms, positions(alike))[0]
        assert int(summary[:count].argmax()) == best
        found = summary[2 * count : 2 * count + 2] / 10
        torch.testing.assert_close(found, torch.tensor([x, y]), rtol=0, atol=0.01)
        place = summary[2 * count + 2 : 2 * count + 4] / 2
        torch.testing.assert_close(place, torch.tensor([2 / 7, -2 / 7]), rtol=0, atol=0.01)
