# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.network import build, load, pick_device, save
from re3_ros.network.runtimes import make_runtime
from re3_ros.tracking import Tracker, TrackingSession


def test_a_device_that_exists_is_taken():
    assert pick_device("cpu") == "cpu"


def test_auto_prefers_cuda():
    assert pick_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["warp", "cuda:77", "", "gpu"])
def test_a_device_that_does_not_exist_is_named_with_the_choices(name):
    with pytest.raises(ConfigError, match=rf"device '{name}' .*expected one of auto, cpu"):
        pick_device(name)


@pytest.fixture
def small(tmp_path):
    """Return a file of weights."""
    network = build("paper", trunk_widths=[8] * 5, fc_width=8, lstm_width=8)
    save(network, tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


@pytest.mark.parametrize(
    "use",
    [
        lambda path: load(path, "gpu"),
        lambda path: TrackingSession(path, device="gpu"),
        lambda path: Tracker(load(path), device="gpu"),
        lambda path: make_runtime(load(path), device="gpu"),
    ],
    ids=["load", "session", "tracker", "runtime"],
)
def test_whatever_takes_a_device_names_those_there_are(small, use):
    with pytest.raises(ConfigError, match=r"device 'gpu' .*expected one of auto, cpu"):
        use(small)


def test_auto_is_taken_everywhere(small):
    assert str(TrackingSession(small, device="auto").device).startswith(("cpu", "cuda"))
