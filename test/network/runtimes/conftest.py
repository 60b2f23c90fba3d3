# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch


@pytest.fixture
def lively(small):
    """Return a maker of networks whose output tells different crops apart."""

    def make(name, **options):
        torch.manual_seed(0)
        network = small(name, **options)
        with torch.no_grad():
            network.head.weight.normal_(std=0.2)
        return network

    return make
