# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A network with other maps, another trunk or a wider look begins as good as the one before it."""

import cv2
import numpy as np
import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.network import build, load
from re3_ros.network._pyramid import central
from re3_ros.training._inherit import inherit
from re3_ros.training._trunk import start_trunk
from re3_ros.weights import default_weights

PAPER = {"trunk_widths": [4, 4, 6, 6, 4], "skip_widths": [], "fc_width": 4, "lstm_width": 2}


@pytest.fixture(scope="module")
def source():
    return load(default_weights())


@pytest.fixture
def picture():
    """Return an image of 512 pixels, textured, with a bright patch of 128 in its middle."""
    rng = np.random.default_rng(0)
    ground = rng.integers(60, 140, (32, 32, 3)).astype(np.uint8)
    ground = cv2.resize(ground, (512, 512), interpolation=cv2.INTER_CUBIC)
    patch = rng.integers(100, 256, (8, 8, 3)).astype(np.uint8)
    ground[192:320, 192:320] = cv2.resize(patch, (128, 128), interpolation=cv2.INTER_NEAREST)
    return ground


def window(picture, size, centre=(256, 256)):
    """Return 2 * size pixels around a centre, at half their size, as a crop (1, 3, size, size)."""
    x, y = centre
    part = picture[y - size : y + size, x - size : x + size]
    small = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None]


def refuse(*_):
    raise AssertionError("not asked for")


def grown(source, **options):
    return inherit(source, options, refuse, refuse)


def boxes_of(network, picture, shift):
    """Return corners in tenths of two boxes from the window's middle, after a shift in pixels."""
    before = window(picture, network.crop_size)
    now = window(picture, network.crop_size, (256 - shift, 256))
    with torch.no_grad():
        out, _ = network.eval()(before, now, network.initial_state(1))
    return (out.corners[0] - 5) * network.context / 2


def test_without_other_options_the_network_stays_itself(source):
    assert grown(source) is source
    assert grown(source, skip=64, wide=False) is source


def test_a_coarse_look_changes_nothing_at_first(source, picture):
    network = grown(source, wide=True)
    assert (network.crop_size, network.context) == (256, 4.0)
    ground = np.pad(picture, ((128, 128), (128, 128), (0, 0)))
    before = window(ground, 256, (384, 384))
    now = window(ground, 256, (364, 384))
    with torch.no_grad():
        wide, state = network.eval()(before, now, network.initial_state(1))
        inner = [central(crop, 128) for crop in (before, now)]
        narrow, same = source(*inner, source.initial_state(1))
    torch.testing.assert_close((wide.corners - 5) * 2, narrow.corners - 5, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(wide.visibility, narrow.visibility, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state, same, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("side", [160, 192])
def test_a_wider_window_finds_what_the_narrow_one_found(source, picture, side):
    network = grown(source, side=side, context=side / 64)
    assert (network.crop_size, network.context) == (side, side / 64)
    for shift in (0, 20):
        found, wanted = (boxes_of(net, picture, shift) for net in (network, source))
        assert (found - wanted).abs().max() < 0.8
    untrained = build("compact", side=side, context=side / 64)
    lost = (boxes_of(untrained, picture, 20) - boxes_of(source, picture, 20)).abs().max()
    assert lost > 0.8


def test_skip_layers_on_another_trunk_give_what_the_others_gave(source, tmp_path):
    def draw(side):
        rng = np.random.default_rng(1)
        small = rng.integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
        large = [cv2.resize(s, (side, side), interpolation=cv2.INTER_CUBIC) for s in small]
        return torch.from_numpy(np.stack(large)).permute(0, 3, 1, 2)

    torch.manual_seed(0)
    network = inherit(
        source, {"trunk": "mobilenet"}, lambda net: start_trunk(net, "", tmp_path), draw
    )
    pixels = draw(128)[:8].float()
    with torch.no_grad():
        wanted = source.skips.match_middle(source.trunk(pixels)[1])
        found = network.skips.match_middle(network.trunk(pixels)[1])
    assert (found - wanted).var() < 0.5 * wanted.var()
    assert torch.equal(network.head.weight, source.head.weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lstm_width": 8}, r"lstm.* has shape .* in start_from and .* widths are handed on"),
        (
            {"side": 144},
            "side 144 cannot take over what was learned at side 128; .* in steps of 32",
        ),
        ({"side": 96}, "side 96 cannot take over what was learned at side 128"),
        ({"side": 100}, "side 100 makes no maps; give a multiple of 16 from 96"),
        ({"context": 1.0}, "context 1.0 shows nothing around a box"),
        ({"trunk": "resnet"}, "no trunk 'resnet'; choose one of squeezenet, mobilenet"),
        ({"depth": 3}, "no option 'depth'"),
    ],
)
def test_what_cannot_be_handed_on_is_named(source, options, message):
    with pytest.raises(ConfigError, match=message):
        grown(source, **options)


def test_only_compact_hands_on_to_others():
    with pytest.raises(ConfigError, match=r"start_from is a network 'paper'.* leave `options` out"):
        grown(build("paper", **PAPER), lstm_width=4)
