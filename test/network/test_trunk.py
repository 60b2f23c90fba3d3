# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from re3_ros import network
from re3_ros.errors import WeightsError


@pytest.fixture
def net(small):
    return small("paper")


def arrays(net, seed=0):
    random = np.random.RandomState(seed)
    shapes = {name: p.shape for name, p in net.trunk.convs.named_parameters()}
    return {name: random.normal(size=shape).astype(np.float16) for name, shape in shapes.items()}


def test_caffenet_is_turned_from_bgr_to_rgb(net, tmp_path):
    given = arrays(net) | {"fc7/classifier.weight": np.zeros((2, 2))}
    np.savez(tmp_path / "caffenet.npz", **given)
    network.initialise_trunk(net.trunk, tmp_path / "caffenet.npz")
    convs = net.trunk.convs
    np.testing.assert_array_equal(convs["conv1"].weight.detach(), given["conv1.weight"][:, ::-1])
    np.testing.assert_array_equal(convs["conv1"].bias.detach(), given["conv1.bias"])
    np.testing.assert_array_equal(convs["conv4"].weight.detach(), given["conv4.weight"])


def test_an_rgb_trained_file_is_taken_as_it_is(net, tmp_path):
    given = arrays(net)
    np.savez(tmp_path / "rgb.npz", **given)
    network.initialise_trunk(net.trunk, tmp_path / "rgb.npz", channels="rgb")
    np.testing.assert_array_equal(net.trunk.convs["conv1"].weight.detach(), given["conv1.weight"])


def test_what_does_not_fit_is_named_and_changes_nothing(net, tmp_path):
    given = arrays(net)
    del given["conv2.bias"]
    given["conv3.weight"] = given["conv3.weight"][:, :2]
    np.savez(tmp_path / "other.npz", **given)
    before = {name: p.clone() for name, p in net.trunk.named_parameters()}
    says = (
        r"CaffeNet: conv2.bias is missing; conv3.weight has shape \(8, 2, 3, 3\), expected \(8, 8"
    )
    with pytest.raises(WeightsError, match=says):
        network.initialise_trunk(net.trunk, tmp_path / "other.npz")
    for name, parameter in net.trunk.named_parameters():
        torch.testing.assert_close(parameter, before[name], rtol=0, atol=0)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short", None])
def test_an_unreadable_file_is_named(net, tmp_path, content):
    path = tmp_path / "broken.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken.npz is not a readable .npz"):
        network.initialise_trunk(net.trunk, path)


def test_a_pickle_is_not_read(net, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(WeightsError, match="not a readable"):
        network.initialise_trunk(net.trunk, tmp_path / "objects.npy")


def test_googlenet_maps(small, crops):
    trunk = small("paper-googlenet").trunk
    taps, last = trunk(crops(1, 227))
    assert [tuple(t.shape[1:]) for t in taps] == list(trunk.taps)
    assert tuple(last.shape[1:]) == trunk.out


def test_googlenet_sees_bgr_less_its_mean(small):
    pixels = small("paper-googlenet").trunk.normalise(torch.tensor([200, 100, 0]).view(1, 3, 1, 1))
    assert pixels.flatten().tolist() == [-104, 100 - 117, 200 - 123]


def test_googlenet_takes_the_pretrained_weights(small, shared, crops):
    path = shared / "backbones/bvlc_googlenet/bvlc_googlenet_fp16.npz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    trunk = small("paper-googlenet").trunk
    network.initialise_trunk(trunk, path)
    with np.load(path) as file:
        for name, parameter in trunk.convs.named_parameters():
            np.testing.assert_array_equal(parameter.detach(), file[name].astype(np.float32))
    (*_, inception_5b), _ = trunk(crops(2, 227))
    assert 0.1 < inception_5b.max() < 1000
