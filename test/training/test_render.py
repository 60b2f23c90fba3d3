# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.training import Simulator, read_stills
from re3_ros.training._render import HostRenderer, make_renderer


@pytest.fixture
def tracks(data_root):
    simulator = Simulator(read_stills(data_root / "stills"))
    return [simulator.draw(np.random.default_rng(seed), 6) for seed in range(12)]


@pytest.fixture
def executor():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def test_the_host_renders_what_tracks_crop(tracks, executor):
    renderer = HostRenderer(executor, torch.device("cpu"))
    boxes = np.stack([track.boxes[1] for track in tracks])
    crops = renderer.crops(tracks, [2] * len(tracks), boxes, 40, 2.0)
    assert crops.dtype == torch.uint8
    for crop, track, box in zip(crops, tracks, boxes, strict=True):
        np.testing.assert_array_equal(crop.permute(1, 2, 0), track.crop(2, box, 40, 2.0))


def test_an_unknown_renderer_is_named(executor):
    with pytest.raises(ConfigError, match="'opengl' is unknown"):
        make_renderer("opengl", executor, torch.device("cpu"))
