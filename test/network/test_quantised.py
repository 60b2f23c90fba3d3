# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What int8 does to convolutions."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network import (
    ActivationRange,
    _quantised,
    corner_change,
    harmless,
    load,
    quantised,
    recorded_ranges,
    rounding,
    save,
)
from re3_ros.training import average_weights


@pytest.fixture
def network(small):
    made = small("compact")
    with torch.no_grad():
        made.head.weight.normal_(std=0.2)
    return made


@pytest.fixture
def pairs(network, crops):
    return crops(6, network.crop_size, 1), crops(6, network.crop_size, 2)


@pytest.fixture
def ranges(network, pairs):
    with recorded_ranges(network) as found, torch.no_grad():
        network(*pairs, network.initial_state(6))
    return found


def test_a_range_holds_what_most_passes_give_a_convolution(network, crops):
    layer, seen = network.skips.middle[0], []
    hook = layer.register_forward_pre_hook(lambda _, given: seen.append(torch.aminmax(given[0])))
    with recorded_ranges(network) as ranges, torch.no_grad():
        for seed in range(21):
            network.embed(crops(1, network.crop_size, seed))
    hook.remove()
    network.embed(crops(1, network.crop_size, 99))  # recording has ended: nothing changes any more
    lows, highs = ([float(end) for end in ends] for ends in zip(*seen, strict=True))
    low, high = ranges["skips.middle.0"]
    assert low == sorted(lows)[2]
    assert high == sorted(highs)[-3], "a tenth of 21 passes went beyond"
    assert ranges["trunk.conv1"].low < 0 < ranges["trunk.conv1"].high
    assert "fusion.match_middle" not in ranges, "its weights enter by a product of matrices"


@pytest.mark.parametrize(("name", "least"), [("trunk.conv1", -128), ("skips.middle.0", 0)])
def test_a_convolution_is_one_of_integers(network, ranges, name, least):
    whole, exact = quantised(network, ranges).get_submodule(name), network.get_submodule(name)
    low, most, scale = rounding(ranges[name])
    assert low == least
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(2, exact.in_channels, 9, 9, generator=generator)
    low_edge, high = ranges[name]
    x = low_edge + x * (high - low_edge) * 1.1  # a little beyond what was seen
    integers = (x / scale).round().clamp(low, most).double()
    largest = exact.weight.detach().abs().amax((1, 2, 3), keepdim=True)
    weights = (exact.weight.detach() / (largest / 63)).round().double()
    assert weights.abs().max() <= 63
    sums = nn.functional.conv2d(integers, weights, None, exact.stride, exact.padding)
    wanted = sums * scale * (largest / 63).view(-1, 1, 1) + exact.bias.detach().view(-1, 1, 1)
    found = whole(x).detach().double()
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))
    assert not torch.equal(whole(x), exact(x))


def test_the_network_itself_stays_as_it_is(network, pairs, ranges):
    before = network(*pairs, network.initial_state(6))[0].corners
    assert corner_change(network, ranges, *pairs) > 0
    assert torch.equal(network(*pairs, network.initial_state(6))[0].corners, before)


def test_as_many_are_left_out_as_it_takes_the_worst_first(network, pairs, ranges, monkeypatch):
    names = ("trunk.conv1", "skips.middle.0", "trunk.fire5.expand1x1")
    some = {name: ranges[name] for name in names}
    some["trunk.conv1"] = ActivationRange(0.0, 1.0)  # much too small
    some["skips.middle.0"] = ActivationRange(0.0, 0.9 * ranges["skips.middle.0"].high)
    alone = {name: corner_change(network, {name: some[name]}, *pairs) for name in names}
    worst, second, last = sorted(alone, key=lambda name: -alone[name])
    assert worst == "trunk.conv1"
    for limit, kept in ((1.0, set(names)), (alone[worst] / 2, {second, last}), (0.0, set())):
        monkeypatch.setattr(_quantised, "LARGEST_CHANGE", limit)
        assert set(harmless(network, some, *pairs)) == kept
        assert all(limits == some[n] for n, limits in harmless(network, some, *pairs).items())


def test_a_name_that_is_no_convolution_is_refused(network):
    with pytest.raises(ConfigError, match=r"no convolution 'trunk\.conv7' in compact; .*calibrate"):
        quantised(network, {"trunk.conv7": ActivationRange(0, 1)})


def test_ranges_go_with_the_weights(network, ranges, tmp_path):
    network.activation_ranges = ranges
    save(network, tmp_path / "w.safetensors", {"licence": "mine"})
    again = load(tmp_path / "w.safetensors")
    assert again.activation_ranges == ranges
    assert isinstance(again.activation_ranges["trunk.conv1"], ActivationRange)


def test_weights_without_ranges_say_nothing_of_them(network, tmp_path):
    save(network, tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "numpy") as file:
        assert "activation_ranges" not in file.metadata()
    assert not load(tmp_path / "w.safetensors").activation_ranges


@pytest.mark.parametrize(
    "text",
    ["[1]", "{", '{"trunk.conv1": 3}', '{"trunk.conv1": [2, 1]}', '{"trunk.conv1": [0, Infinity]}'],
)
def test_ranges_that_make_no_sense_are_named(network, tmp_path, text):
    path = tmp_path / "w.safetensors"
    save(network, path)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    path.with_name("w.safetensors.sha256").unlink()
    save_file(load_file(path), path, {**metadata, "activation_ranges": text})
    with pytest.raises(WeightsError, match=r"w\.safetensors says of its activation_ranges .*anew"):
        load(path)


def test_ranges_of_a_convolution_that_is_not_there_are_named(network, tmp_path):
    path = tmp_path / "w.safetensors"
    network.activation_ranges = {"trunk.conv7": ActivationRange(0, 1)}
    save(network, path)
    with pytest.raises(WeightsError, match=r"trunk\.conv7"):
        load(path)


def test_a_mean_of_weights_has_no_ranges(network, ranges, tmp_path):
    network.activation_ranges = ranges
    files = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for file in files:
        save(network, file)
    mean, metadata = average_weights(files)
    assert not mean.activation_ranges
    assert "activation_ranges" not in json.dumps(metadata)
