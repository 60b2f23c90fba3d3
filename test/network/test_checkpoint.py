# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import subprocess

import pytest
import torch
from safetensors.torch import load_file, save_file

from re3_ros import network
from re3_ros.errors import ConfigError, WeightsError

NAMES = ["compact", "paper", "paper-googlenet", "tf-small", "pt-small"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


@pytest.fixture
def saved(small, path):
    """Return a small network that is saved at `path`."""
    net = small("paper")
    network.save(net, path, {"data": "stills"})
    return net


def beside(path):
    return path.with_name(path.name + ".sha256")


def rewrite(path, change=None, **metadata):
    """Write the tensors of a file anew with other metadata, or after a change of them."""
    tensors = load_file(path)
    if change:
        change(tensors)
    save_file(tensors, path, {**network.read_metadata(path), **metadata})
    beside(path).unlink()


@pytest.mark.parametrize("name", NAMES)
def test_a_network_survives_the_round_trip(small, path, name):
    net = small(name)
    network.save(net, path, {"trained on": "stills"})
    loaded = network.load(path)
    assert type(loaded) is type(net)
    assert loaded.architecture == name
    assert loaded.options == net.options
    assert not loaded.training
    for key, tensor in net.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], tensor, rtol=0, atol=0)


def test_half_precision_is_half_the_size_and_loads_as_single(small, path, tmp_path):
    net = small("tf-small")
    network.save(net, tmp_path / "single.safetensors")
    network.save(net, path, dtype=torch.float16)
    assert path.stat().st_size < 0.6 * (tmp_path / "single.safetensors").stat().st_size
    for key, tensor in network.load(path).state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, net.state_dict()[key].half().float(), rtol=0, atol=0)


def test_metadata_can_be_read_alone(saved, path):
    metadata = network.read_metadata(path)
    assert metadata["architecture"] == "paper"
    assert json.loads(metadata["options"]) == saved.options
    assert metadata["data"] == "stills"


def test_description(saved, path):
    info = network.describe(path)
    assert info.parameters == sum(p.numel() for p in saved.parameters())
    assert info.tensors == len(saved.state_dict())
    assert info.dtypes == ("F32",)
    assert info.size == path.stat().st_size
    assert info.intact is True
    beside(path).write_text("0" * 64)
    assert network.describe(path).intact is False
    beside(path).unlink()
    assert network.describe(path).intact is None


def test_the_hash_beside_it_is_what_sha256sum_checks(saved, path):
    text = beside(path).read_text()
    assert text == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  net.safetensors\n"
    subprocess.run(["sha256sum", "-c", beside(path).name], cwd=path.parent, check=True)


def test_the_file_can_be_read_by_others(saved, path):
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_changed_file_is_refused(saved, path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"has sha256 \w{64}, the one in net.safetensors.sha256"):
        network.load(path)


def test_the_hash_asked_for_counts(saved, path):
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    network.load(path, expect_sha256=right.upper())
    with pytest.raises(WeightsError, match=f"the one asked for is {'1' * 64}"):
        network.load(path, expect_sha256="1" * 64)


def test_a_file_without_hash_is_loaded(saved, path):
    beside(path).unlink()
    network.load(path)


def test_a_hash_file_without_hash_is_named(saved, path):
    beside(path).write_text("<html>")
    with pytest.raises(WeightsError, match=r"net.safetensors.sha256 holds no sha256"):
        network.load(path)


def test_missing_extra_and_misshaped_tensors_are_named(saved, path):
    def change(tensors):
        del tensors["fc6_previous.bias"]
        tensors["fc7.weight"] = torch.zeros(1)
        tensors["head.bias"] = torch.zeros(5)

    rewrite(path, change)
    with pytest.raises(WeightsError) as caught:
        network.load(path)
    for fault in (
        "fc6_previous.bias is missing",
        "fc7.weight does not belong there",
        r"head.bias has shape (5,), expected (4,)",
        str(path),
    ):
        assert fault in str(caught.value)


def test_nothing_there(path, tmp_path):
    with pytest.raises(WeightsError, match=r"no weights at .*net.safetensors; give the path"):
        network.load(path)
    with pytest.raises(WeightsError, match="no weights at"):
        network.load(tmp_path)


@pytest.mark.parametrize("kept", [9, 200, -1, 0.5])
def test_a_truncated_file_is_named(saved, path, kept):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(WeightsError, match=r"net.safetensors is truncated: \d+ bytes of \d+"):
        network.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a zip",
        b"\x80\x02 a pickle of torch",
        b"\x07" + bytes(7) + b"{not js",
        b"\x02" + bytes(7) + b"[]",
    ],
)
def test_another_kind_of_file_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"is not a safetensors file.*re3 weights import"):
        network.load(path)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F9", "shape": [1], "data_offsets": [0, 4]}},
        {"__metadata__": {"format": 1}},
    ],
)
def test_a_damaged_header_is_named(path, header):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 4)
    with pytest.raises(WeightsError, match="is damaged, safetensors says"):
        network.load(path)


def test_weights_of_another_program_are_named(path):
    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match="of another program"):
        network.load(path)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"architecture": "transformer"}, "no network is named 'transformer'"),
        ({"options": '{"colour": "red"}'}, "has no option 'colour'"),
        ({"options": '{"fc_width": -3}'}, "fc_width has -3"),
        ({"options": "[1]"}, "cannot build"),
        ({"options": "{"}, "cannot build"),
        ({"format_version": "2"}, "format version 2, this re3_ros reads 1"),
    ],
)
def test_networks_that_cannot_be_built_are_named(saved, path, metadata, says):
    rewrite(path, **metadata)
    with pytest.raises(WeightsError, match=says):
        network.load(path)


@pytest.mark.parametrize("metadata", [{"options": "{}"}, {"epochs": 3}, {3: "x"}])
def test_metadata_that_cannot_be_stored_are_refused(small, path, metadata):
    with pytest.raises(ConfigError, match="cannot be stored; keys and values are text"):
        network.save(small("paper"), path, metadata)
    assert not path.exists()


@pytest.mark.parametrize(("value", "dtype"), [(1e6, torch.float16), (float("nan"), torch.float32)])
def test_what_does_not_fit_leaves_the_older_file(saved, path, value, dtype):
    before = path.read_bytes()
    with torch.no_grad():
        saved.head.bias[0] = value
    with pytest.raises(WeightsError, match=r"tensor head.bias holds values that are not finite"):
        network.save(saved, path, dtype=dtype)
    assert path.read_bytes() == before
    network.load(path)
    assert [file.name for file in path.parent.iterdir()].count(".net.safetensors.partial") == 0


def test_folders_are_made(small, tmp_path):
    network.save(small("paper"), tmp_path / "a" / "b" / "net.safetensors")
    network.load(str(tmp_path / "a" / "b" / "net.safetensors"))


INSTEAD = {
    "web page": (b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "it is a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
}


@pytest.mark.parametrize("what", INSTEAD)
def test_what_a_download_leaves_in_the_place_of_weights_is_named(tmp_path, what):
    content, says = INSTEAD[what]
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"is not a safetensors file: .*{says}") as caught:
        network.load(path)
    assert "\n" not in str(caught.value)
