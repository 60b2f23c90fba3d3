# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json

import pytest
import torch

from re3_ros.errors import WeightsError
from re3_ros.network import build, load, save
from re3_ros.training import average_weights

SMALL = {"trunk_widths": [2] * 5, "skip_widths": [1, 1, 1], "fc_width": 4, "lstm_width": 2}


@pytest.fixture
def files(tmp_path):
    paths = []
    for k, steps in enumerate(("10", "20", "30")):
        torch.manual_seed(k)
        paths.append(tmp_path / f"weights-{steps}.safetensors")
        save(build("paper", **SMALL), paths[-1], {"steps": steps})
    return paths


def test_the_average_is_the_arithmetic_mean(files):
    network, _ = average_weights(files)
    states = [load(path).state_dict() for path in files]
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, sum(s[name] for s in states) / 3)
    assert not torch.equal(network.head.weight, states[0]["head.weight"])


def test_all_parents_are_kept(files):
    parents = json.loads(average_weights(files)[1]["parents"])
    assert [p["metadata"] for p in parents] == [{"steps": s} for s in ("10", "20", "30")]
    assert parents[1]["sha256"] == hashlib.sha256(files[1].read_bytes()).hexdigest()


def test_networks_of_different_structure_are_refused(files, tmp_path):
    wide = tmp_path / "wide.safetensors"
    save(build("paper", **SMALL | {"fc_width": 5}), wide)
    with pytest.raises(WeightsError, match=r"wide\.safetensors is paper .*'fc_width': 5"):
        average_weights([files[0], wide])


def test_a_single_file_is_refused(files):
    with pytest.raises(WeightsError, match="needs two or more"):
        average_weights(files[:1])
