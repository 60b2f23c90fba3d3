# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network import build, load
from re3_ros.training._trunk import start_trunk
from re3_ros.weights import default_weights

COMPACT = {"skip": 4, "fine_skip": 2, "match": 4, "mixed": 8, "heat_maps": 2}
COMPACT |= {"fc_width": 8, "lstm_width": 4}
PAPER = {"trunk_widths": [4, 4, 6, 6, 4], "skip_widths": [], "fc_width": 4, "lstm_width": 2}


def test_the_shipped_trunk_is_taken_over(tmp_path):
    network = build("compact", **COMPACT)
    start_trunk(network, "shipped", tmp_path)
    theirs = load(default_weights()).get_submodule("trunk").state_dict()
    for name, tensor in network.get_submodule("trunk").state_dict().items():
        assert torch.equal(tensor, theirs[name])


def test_the_shipped_trunk_does_not_fit_every_network(tmp_path):
    with pytest.raises(ConfigError, match="a SqueezeNet, but the network paper has a CaffeNet"):
        start_trunk(build("paper", **PAPER), "shipped", tmp_path)


def test_without_pretrained_weights_maps_neither_vanish_nor_explode(tmp_path):
    """As torch draws convolutions, the last maps would be constant to a thousandth."""
    torch.manual_seed(0)
    network = build("compact", **COMPACT)
    start_trunk(network, "", tmp_path)
    pixels = torch.rand(2, 3, 128, 128) * 255
    for depth in network.get_submodule("trunk")(pixels):
        assert 0.1 < depth.std() < 10


def test_a_trunk_of_the_paper_is_read_from_arrays(tmp_path):
    network = build("paper", **PAPER)
    convs = network.get_submodule("trunk").convs
    arrays = {name: np.full(p.shape, 0.5, np.float32) for name, p in convs.named_parameters()}
    np.savez(tmp_path / "trunk.npz", **arrays)
    start_trunk(network, "trunk.npz", tmp_path)
    assert all((p == 0.5).all() for p in convs.parameters())


@pytest.mark.parametrize("name", ["paper", "compact"])
def test_a_file_that_is_none_is_named(tmp_path, name):
    network = build(name, **(PAPER if name == "paper" else COMPACT))
    with pytest.raises(WeightsError, match=r"none\.npz"):
        start_trunk(network, "none.npz", tmp_path)
