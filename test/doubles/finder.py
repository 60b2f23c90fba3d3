# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A network that finds what is red, and clips in which something red moves."""

import numpy as np
import torch

from re3_ros.network import Output, Re3Network

H, W = 120, 160
SIDE = 24


class Finder(Re3Network):
    """Answers with the bounding box of the red pixels of the current crop, and whether any are."""

    architecture = "finder"
    crop_size = 48
    context = 2.0
    state_shape = (4, 2)
    options = {}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def embed(self, crops):
        crops = crops.float()
        red = (crops[:, 0] > 180) & (crops[:, 1] < 90)
        return torch.stack([self._corners(mask) for mask in red])

    def _corners(self, mask):
        rows, columns = (mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten())
        if len(rows) == 0:
            return torch.tensor([2.5, 2.5, 7.5, 7.5, -6.0])
        ends = torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]).float()
        return torch.cat([ends / self.crop_size * 10, torch.tensor([6.0])])

    def remember(self, features):
        return features[:, :1]

    def template(self, features, crops):
        return features[:, :0]

    def fuse(self, remembered, features, template):
        return features

    def recur(self, embedding, state):
        return embedding[:, :2], state

    def predict(self, hidden, embedding):
        return Output(embedding[:, :4], embedding[:, 4])


def truth(index):
    """Return the box x1, y1, x2, y2 of the square in a frame of a clip."""
    left, top = 20 + 3 * index, 30 + 2 * index
    return np.array([left, top, left + SIDE, top + SIDE], float)


def picture(index, hidden=False):
    """Return frame ``index`` of a clip: a red square on noise, unless it is hidden."""
    grey = np.random.default_rng(5).integers(60, 150, (H, W, 1), dtype=np.uint8)
    image = np.repeat(grey, 3, axis=2)
    if not hidden:
        x1, y1, x2, y2 = truth(index).astype(int)
        image[y1:y2, x1:x2] = (230, 30, 40)
    return image


def xywh(box):
    """Return a box as the text of a --box option."""
    return f"{box[0]:g},{box[1]:g},{box[2] - box[0]:g},{box[3] - box[1]:g}"
