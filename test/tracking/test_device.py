# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.tracking import pick_device


def test_a_device_that_exists_is_taken():
    assert pick_device("cpu") == "cpu"


def test_auto_prefers_cuda():
    assert pick_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["warp", "cuda:77", ""])
def test_a_device_that_does_not_exist_is_named_with_the_choices(name):
    with pytest.raises(ConfigError, match=rf"device '{name}' .*expected one of auto, cpu"):
        pick_device(name)
