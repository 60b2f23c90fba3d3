# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Small networks whose answers can be predicted, and scenes for them."""

import numpy as np
import pytest
import torch
from torch import nn

from re3_ros.network import Output, Re3Network, build
from re3_ros.tracking import Frame, SessionConfig, TrackingSession

PERIOD = 33_000_000
CENTRED = (2.5, 2.5, 7.5, 7.5)


class Tiny(Re3Network):
    """Random, fast, and its output depends on both crops, the initial crop and the state."""

    architecture = "tiny"
    crop_size = 24
    context = 2.0
    state_shape = (4, 10)
    options = {}  # noqa: RUF012

    def __init__(self, visibility=True, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 4, 5, stride=4)
        self.previous = nn.Linear(100, 20)
        self.current = nn.Linear(100, 20)
        self.initial = nn.Linear(100, 6)
        self.initial_out = nn.Linear(6, 20)
        self.cells = nn.ModuleList([nn.LSTMCell(20, 10), nn.LSTMCell(30, 10)])
        self.head = nn.Linear(30, 5)
        self.visibility = visibility
        self.embedded = 0
        with torch.no_grad():
            self.head.weight *= 0.2
            self.head.bias.copy_(torch.tensor([*CENTRED, 1.0]))

    def embed(self, crops):
        self.embedded += len(crops)
        return torch.relu(self.conv(crops.to(self.conv.weight.dtype) / 64 - 2)).flatten(1)

    def remember(self, features):
        return self.previous(features)

    def template(self, features, crops):
        return self.initial(features)

    def fuse(self, remembered, features, template):
        return torch.tanh(remembered + self.current(features) + self.initial_out(template))

    def recur(self, embedding, state):
        h1, c1, h2, c2 = state.unbind(1)
        h1, c1 = self.cells[0](embedding, (h1, c1))
        h2, c2 = self.cells[1](torch.cat([embedding, h1], 1), (h2, c2))
        return h2, torch.stack([h1, c1, h2, c2], 1)

    def predict(self, hidden, embedding):
        out = self.head(torch.cat([hidden, embedding], 1))
        return Output(out[:, :4], out[:, 4] if self.visibility else None)


class Told(Re3Network):
    """Answers what the test tells it, and counts the passes in its state."""

    architecture = "told"
    crop_size = 8
    context = 2.0
    state_shape = (1, 1)
    options = {}  # noqa: RUF012

    def __init__(self, visibility=True):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))
        self.corners = CENTRED
        self.logit = 4.0 if visibility else None
        self.step = 1.0
        self.fail = None

    def embed(self, crops):
        if self.fail:
            raise self.fail
        return crops.float().flatten(1)

    def remember(self, features):
        return features

    def template(self, features, crops):
        return features[:, :0]

    def fuse(self, remembered, features, template):
        return features

    def recur(self, embedding, state):
        return embedding[:, :1], state + self.step

    def predict(self, hidden, embedding):
        n = len(hidden)
        corners = torch.tensor(self.corners, dtype=torch.float32).expand(n, 4)
        return Output(corners, None if self.logit is None else torch.full((n,), self.logit))


class Blob(Told):
    """Sees what is red: the corners are the extent of the red in the current crop."""

    architecture = "blob"
    crop_size = 40

    def predict(self, hidden, embedding):
        crops = embedding.view(-1, 3, 40, 40)
        red = (crops[:, 0] > 150) & (crops[:, 1] < 100)
        answers = torch.tensor([self._extent(r) for r in red])
        return Output(answers[:, :4], answers[:, 4])

    def _extent(self, red):
        y, x = torch.nonzero(red, as_tuple=True)
        if len(x) < 20:
            return (*self.corners, -4.0)
        edges = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        return (*(float(e) / 4 for e in edges), self.logit)


@pytest.fixture
def tiny():
    return Tiny


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def blob():
    return Blob()


@pytest.fixture
def lively():
    """Return a maker of real networks whose boxes move a little from frame to frame."""

    def make(name, **options):
        torch.manual_seed(1)
        network = build(name, **options)
        with torch.no_grad():
            weight = network.head.weight
            weight.normal_(std=0.04 / weight.shape[1] ** 0.5)
            network.head.bias[:4] = torch.tensor(CENTRED)
        return network.eval()

    return make


@pytest.fixture
def noise():
    """Return a maker of image k, always the same for the same k."""

    def make(k, width=160, height=120):
        rng = np.random.default_rng(k)
        coarse = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
        return np.ascontiguousarray(coarse.repeat(8, 0).repeat(8, 1)[:height, :width])

    return make


@pytest.fixture
def scene():
    """Return a maker of a grey image with a red rectangle at a box, or without one."""

    def make(box=None, width=320, height=240):
        image = np.full((height, width, 3), 120, np.uint8)
        if box is not None:
            x1, y1, x2, y2 = box
            image[y1:y2, x1:x2] = (250, 20, 20)
        return image

    return make


@pytest.fixture
def session():
    """Return a maker of sessions, settings by name."""

    def make(network, cameras=("camera",), **settings):
        return TrackingSession(network, cameras, SessionConfig(**settings))

    return make


@pytest.fixture
def frame():
    """Return a maker of frame k of a camera."""

    def make(k, image, camera="camera"):
        return Frame(camera, (k + 1) * PERIOD, image)

    return make
