# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from unittest.mock import patch

import pytest
import torch

from re3_ros.network.runtimes import _cache, _export, _onnx, _openvino, _program


@pytest.fixture(scope="session", autouse=True)
def _programs_made_once():
    """Let tests that convert equal networks share the first step, which takes seconds."""
    made: dict[str, object] = {}
    whole: Callable = _program.export_program

    def once(graph):
        key = _cache._key(graph, "")
        if key not in made:
            made[key] = whole(graph)
        return made[key]

    users = [patch.object(module, "export_program", once) for module in (_export, _onnx, _openvino)]
    with users[0], users[1], users[2]:
        yield


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
