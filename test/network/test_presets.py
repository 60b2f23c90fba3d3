# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for every network."""

import json

import pytest
import torch

from re3_ros import network
from re3_ros.errors import ConfigError

NAMES = ["compact", "paper", "paper-googlenet", "tf-small", "pt-small"]


def run(net, previous, current, steps=3):
    """Return corners of the last step and the state after it; the pair is fed again and again."""
    state = net.initial_state(len(previous))
    with torch.no_grad():
        for _ in range(steps):
            out, state = net(previous, current, state)
    return out.corners, state


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("paper", 190_004_324), ("tf-small", 85_699_684), ("pt-small", 116_144_132)],
)
def test_parameter_counts_are_the_published_ones(meta, name, parameters):
    with meta:
        net = network.build(name)
    assert sum(p.numel() for p in net.parameters()) == parameters


def test_compact_fits_25_megabytes_in_half_precision():
    net = network.build("compact")
    assert 2 * sum(t.numel() for t in net.state_dict().values()) < 25e6


def test_all_presets_are_tested_here():
    assert set(network.PRESETS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_shapes(small, crops, name):
    net = small(name)
    images = crops(2, net.crop_size)
    state = net.initial_state(2)
    assert state.shape == (2, *net.state_shape)
    assert not state.any()
    out, new = net(images, images, state)
    assert out.corners.shape == (2, 4)
    assert out.visibility is None or out.visibility.shape == (2,)
    assert (out.visibility is not None) == (name == "compact")
    assert new.shape == state.shape
    assert new.any()
    assert not state.any()


@pytest.mark.parametrize("name", NAMES)
def test_the_batch_is_the_targets_one_by_one(small, crops, name):
    net = small(name)
    previous, current = crops(3, net.crop_size, 1), crops(3, net.crop_size, 2)
    corners, state = run(net, previous, current)
    for k in range(3):
        one, alone = run(net, previous[k : k + 1], current[k : k + 1])
        torch.testing.assert_close(one[0], corners[k], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(alone[0], state[k], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_both_crops_and_the_state_matter(small, crops, name):
    net = small(name)
    a, b = crops(1, net.crop_size, 1), crops(1, net.crop_size, 2)
    results = [run(net, *pair, steps=n)[1] for pair, n in (((a, a), 1), ((a, b), 1), ((b, a), 1))]
    results.append(run(net, a, a, steps=2)[1])
    for k, one in enumerate(results):
        for other in results[:k]:
            assert (one - other).abs().max() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_float_crops_give_what_bytes_give(small, crops, name):
    net = small(name)
    images = crops(1, net.crop_size)
    with torch.no_grad():
        torch.testing.assert_close(net.embed(images.float()), net.embed(images))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_reaches_every_parameter(small, crops, name):
    net = small(name).train()
    state, loss = net.initial_state(1), 0
    for step in range(2):
        pair = crops(1, net.crop_size, 2 * step), crops(1, net.crop_size, 2 * step + 1)
        out, state = net(*pair, state)
        loss = loss + out.corners.square().mean()
        if out.visibility is not None:
            loss = loss + out.visibility.square().mean()
    loss.backward()
    for key, parameter in net.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@pytest.mark.parametrize("name", NAMES)
def test_options_build_an_equal_network(small, crops, name):
    net = small(name)
    options = json.loads(json.dumps(net.options))
    twin = network.build(net.architecture, **options).eval()
    assert net.architecture == twin.architecture == name
    twin.load_state_dict(net.state_dict())
    images = crops(1, net.crop_size)
    torch.testing.assert_close(run(twin, images, images), run(net, images, images))


def test_unknown_names_list_the_choices():
    with pytest.raises(ConfigError, match=r"'alexnet'; choose one of compact, paper, .*pt-small"):
        network.build("alexnet")
    with pytest.raises(ConfigError, match=r"'paper' has no option 'width'.*fc_width.*lstm_width"):
        network.build("paper", width=3)
