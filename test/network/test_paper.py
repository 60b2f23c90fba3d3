# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch.nn import functional

from re3_ros import network
from re3_ros.errors import ConfigError
from re3_ros.network._trunk import normalise_response


def count(meta, **options):
    with meta:
        return sum(p.numel() for p in network.build("paper", **options).parameters())


def test_features_are_skip1_skip2_skip5_pool5_channel_by_channel(small, crops):
    net = small("paper", skip_widths=[16, 32, 64])
    images = crops(1, 227)
    features = net.embed(images)[0]
    taps, last = net.trunk(images)
    assert [tuple(t.shape[1:]) for t in (*taps, last)] == [
        (8, 27, 27), (8, 13, 13), (8, 13, 13), (8, 6, 6)
    ]  # fmt: skip
    for k, (start, stop) in enumerate([(0, 11664), (11664, 17072), (17072, 27888)]):
        torch.testing.assert_close(features[start:stop], net.skips[k](taps[k])[0].flatten())
    torch.testing.assert_close(features[27888:], last[0].flatten())


def test_full_features_a_crop(meta):
    with meta:
        assert network.build("paper").features == 37104


@pytest.mark.parametrize("name", ["paper", "tf-small", "pt-small"])
def test_the_halves_of_fc6_make_the_joint_layer(small, name):
    net = small(name)
    previous, current = torch.randn(2, 2, net.features)
    joint = torch.cat([net.fc6_previous.weight, net.fc6_current.weight], 1)
    sums = functional.linear(torch.cat([previous, current], 1), joint, net.fc6_previous.bias)
    expected = functional.elu(sums) if name == "pt-small" else functional.relu(sums)
    found = net.fuse(net.remember(previous), current, previous[:, :0])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_the_joint_layer_starts_as_msra():
    net = network.build("paper", trunk_widths=[8] * 5, fc_width=64)
    joint = torch.cat([net.fc6_previous.weight, net.fc6_current.weight], 1)
    assert joint.std().item() == pytest.approx((2 / joint.shape[1]) ** 0.5, rel=0.02)


def test_nothing_is_kept_of_the_initial_crop(small, crops):
    net = small("paper")
    assert net.template(net.embed(crops(2, 227)), crops(2, 227)).shape == (2, 0)


def test_the_input_is_rgb_less_its_mean(small):
    net = small("paper")
    pixels = net.trunk.normalise(torch.tensor([200, 100, 0]).view(1, 3, 1, 1))
    torch.testing.assert_close(
        pixels.flatten(), torch.tensor([200 - 123.151630838, 100 - 115.902882574, -103.062623801])
    )
    small_pixels = small("pt-small").trunk.normalise(torch.full((1, 3, 1, 1), 255))
    expected = torch.tensor([131.325 / 58.395, 138.72 / 57.12, 151.47 / 57.375])
    torch.testing.assert_close(small_pixels.flatten(), expected)


def test_normalisation_is_caffes():
    """k 1, alpha 1e-4 divided by the five channels, beta 0.75, zeros past the borders."""
    x = torch.randn(1, 7, 2, 2) * 300
    squares = functional.pad(x.square(), (0, 0, 0, 0, 2, 2))
    sums = sum(squares[:, k : k + 7] for k in range(5))
    torch.testing.assert_close(normalise_response(x), x / (1 + 1e-4 / 5 * sums) ** 0.75)


@pytest.mark.parametrize(
    ("rows", "options", "parameters"),
    [
        # fc6 on two pool5 maps, two more layers of 4096, the head, and the trunk without skips
        ("A B", {"skip_widths": [], "fc_width": 4096, "fc_layers": 3, "lstm_layers": 0},
         (2 * 9216 + 1 + 2 * 4097) * 4096 + 4 * 4097 + 2_334_080),
        ("C D E", {"skip_widths": [], "lstm_layers": 1},
         (2 * 9216 + 1) * 2048 + 15_732_736 + 4100 + 2_334_080),
        ("F", {"lstm_layers": 1}, 190_004_324 - 19_927_040),
        ("G H I J", {}, 190_004_324),
    ],
)  # fmt: skip
def test_rows_of_table_1_are_options(meta, rows, options, parameters):
    assert count(meta, **options) == parameters, rows


def test_a_network_without_recurrence_has_an_empty_state(small, crops):
    net = small("paper", skip_widths=[], fc_layers=3, lstm_layers=0)
    state = net.initial_state(2)
    assert state.shape == (2, 0, 12)
    images = crops(2, 227)
    out, new = net(images, images, state)
    assert new.shape == state.shape
    torch.testing.assert_close(net(images, images, new)[0].corners, out.corners)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"trunk": "vgg"}, "'vgg'; choose one of caffenet, googlenet, small"),
        ({"trunk_widths": [8, 8, 8]}, r"trunk widths are \[8, 8, 8\]; CaffeNet has five, all even"),
        ({"trunk_widths": [8, 7, 8, 8, 8]}, "all even"),
        ({"trunk": "small", "skip_widths": [], "trunk_widths": [8] * 5}, "multiples of 32"),
        ({"trunk": "googlenet", "trunk_widths": [8]}, "those of GoogLeNet are fixed"),
        ({"skip_widths": [16]}, r"skip_widths is \[16\]; give 3 widths"),
        ({"trunk": "small", "skip_widths": [16, 32, 64]}, "give 0 widths"),
        ({"peephole": "round"}, "'round'; choose one of dense"),
        ({"fc_width": 0}, "fc_width has 0; expected a whole number of 1 or more"),
        ({"fc_layers": 0}, "fc_layers has 0"),
        ({"lstm_layers": -1}, "lstm_layers has -1; expected a whole number of 0 or more"),
        ({"lstm_width": 2.5}, "lstm_width has 2.5"),
        ({"lstm_width": "8"}, "lstm_width has '8'"),
        ({"skip_widths": [16, 0, 64]}, "skip_widths has 0"),
    ],
)
def test_widths_that_do_not_fit_are_named(meta, options, says):
    with meta, pytest.raises(ConfigError, match=says):
        network.build("paper", **options)
