# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import torch

from re3_ros import network

SMALL = {
    "compact": {"skip": 4, "fine_skip": 2, "match": 4, "mixed": 8, "heat_maps": 3, "fc_width": 12},
    "paper": {"trunk_widths": [8, 8, 8, 8, 8], "fc_width": 12},
    "paper-googlenet": {"fc_width": 12},
    "tf-small": {"trunk_widths": [8, 8, 8, 8, 8], "fc_width": 12},
    "pt-small": {"trunk_widths": [32] * 5, "fc_width": 12, "head_width": 6},
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture
def small():
    """Return a function that builds a preset with few channels, its weights drawn anew."""

    def build(name, **options):
        return network.build(name, **{"lstm_width": 7, **SMALL[name], **options}).eval()

    return build


@pytest.fixture
def crops():
    """Return a function that draws smooth uint8 crops (n, 3, size, size)."""

    def draw(n, size, seed=0):
        generator = torch.Generator().manual_seed(seed)
        cells = torch.randint(0, 256, (n, 3, 9, 9), generator=generator).float()
        return torch.nn.functional.interpolate(cells, size=size, mode="bilinear").byte()

    return draw


@pytest.fixture
def fixtures():
    return Path(__file__).parent / "fixtures"


@pytest.fixture
def meta():
    """Return a context in which networks take no memory."""
    pytest.importorskip("torch", minversion="2.0", reason="torch 1 has no such context")
    return torch.device("meta")
