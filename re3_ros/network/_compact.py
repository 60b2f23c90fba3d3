# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``compact``: the method of the paper in a network that two CPU cores run at camera rate.

What is the paper's: a crop pair, convolutional features with skip layers from three depths, late
fusion of the two crops, two factored peephole LSTM layers with the embedding fed to both, four
regressed corner coordinates, the recurrent state as the only adaptation. What is new:

- a SqueezeNet 1.1 trunk on crops of 128 pixels;
- the late fusion also sees cosine similarities between every position of the current crop and every
  position of the object in the previous and in the template crop, at strides 8 and 16;
- the fully connected layer is preceded by two convolutions, and the expected position of each of
  a few learned heat maps enters beside the flattened map;
- the head also reads the embedding, and gives the logit of the object being seen.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._base import Output, Re3Network
from ._prelu import PReLU
from ._pyramid import Pyramid, cells_of, positions
from ._recurrent import FactoredLSTM
from ._squeezenet import SqueezeNet

CROP_SIZE = 128
FINE, MIDDLE, COARSE = 30, 15, 7
"""Sides of the three maps of a 128-pixel crop (the last row and column of the finest is cut)."""
OBJECT_MIDDLE, OBJECT_COARSE = slice(3, 12), slice(1, 6)
"""Rows and columns of a map that show the object, which fills the middle half of its crop."""


class Compact(Re3Network):
    """The shipped default; see the module for its structure."""

    architecture = "compact"
    crop_size = CROP_SIZE
    context = 2.0

    def __init__(
        self,
        skip: int = 64,
        fine_skip: int = 8,
        match: int = 64,
        mixed: int = 96,
        heat_maps: int = 32,
        fc_width: int = 512,
        lstm_width: int = 384,
        pyramid: bool = True,
    ) -> None:
        """Widths: skip layers, matched features, mixing convolutions, heat maps, FC and LSTM.

        ``pyramid``: compare with magnified template crops.
        """
        super().__init__()
        self._options = {
            "skip": skip,
            "fine_skip": fine_skip,
            "match": match,
            "mixed": mixed,
            "heat_maps": heat_maps,
            "fc_width": fc_width,
            "lstm_width": lstm_width,
            "pyramid": pyramid,
        }
        self.state_shape = (4, lstm_width)
        self.trunk = SqueezeNet()
        self.skips = Skips(skip, fine_skip, match)
        self.fusion = Fusion(self.skips, mixed)
        self.pyramid = Pyramid(CROP_SIZE, mixed, fc_width) if pyramid else None
        self.summary = Summary(mixed, heat_maps, fc_width)
        self.lstm = FactoredLSTM(fc_width, lstm_width, peephole="diagonal")
        self.head = nn.Linear(lstm_width + fc_width, 5)
        _start_centred(self.head)

    @property
    def options(self) -> dict[str, Any]:
        """The widths given at construction."""
        return dict(self._options)

    def embed(self, crops: Tensor) -> Tensor:
        """Return the skip layers' maps of crops, flattened."""
        features: Tensor = self.skips(*self.trunk(_prepared(crops, self.trunk)))
        return features

    def remember(self, features: Tensor) -> Tensor:
        """Return the previous crop's share of the fusion and its object's matched features."""
        return self.fusion.remember(features, self.fusion.previous)

    def template(self, features: Tensor, crops: Tensor) -> Tensor:
        """Return the template crop's share of the fusion and its object's matched features, then
        those of the magnified crops."""
        share = self.fusion.remember(features, self.fusion.initial)
        if self.pyramid is None:
            return share
        kept = cells_of(self.skips.split(features)[2])
        with torch.no_grad():  # the trunk learns from the other crops: this halves the cost
            _, middle = self.trunk.early(_prepared(self.pyramid.magnify(crops), self.trunk))
        others = cells_of(self.skips.matched_middle(middle))
        return torch.cat([share, kept, others.reshape(features.shape[0], -1)], 1)

    def fuse(self, remembered: Tensor, features: Tensor, template: Tensor) -> Tensor:
        """Return the embedding (N, E)."""
        width = self.fusion.width
        maps, figures = None, None
        if self.pyramid is not None:
            current = self.skips.split(features)[2]
            maps, figures = self.pyramid(template[:, width:], current)
        mixed = self.fusion(remembered, features, template[:, :width], maps)
        embedding: Tensor = self.summary(mixed, figures)
        return embedding

    def recur(self, embedding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return hidden (N, H) and the new state (N, 4, H)."""
        hidden, state = self.lstm(embedding, state)
        return hidden, state

    def predict(self, hidden: Tensor, embedding: Tensor) -> Output:
        """Return corners and the visibility logit."""
        out = self.head(torch.cat([hidden, embedding], 1))
        return Output(out[:, :4], out[:, 4])

    @torch.no_grad()
    def rescale_visibility(self, scale: float, offset: float) -> None:
        """Make the visibility logit ``scale * logit + offset``: the head's last row is linear."""
        self.head.weight[4] *= scale
        self.head.bias[4] = scale * self.head.bias[4] + offset


class Skips(nn.Module):
    """1x1 convolutions with PReLU on the trunk's three maps, and what is matched between crops."""

    def __init__(self, skip: int, fine_skip: int, match: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(128, fine_skip, 1), PReLU(fine_skip))
        self.middle = nn.Sequential(nn.Conv2d(256, skip, 1), PReLU(skip))
        self.coarse = nn.Sequential(nn.Conv2d(512, skip, 1), PReLU(skip))
        self.match_middle = nn.Conv2d(256, match, 1)
        self.match_coarse = nn.Conv2d(512, match, 1)
        self.shapes = (  # of one crop's maps, in the order in which they are flattened
            (4 * fine_skip + skip, MIDDLE, MIDDLE),
            (skip, COARSE, COARSE),
            (match, MIDDLE, MIDDLE),
            (match, COARSE, COARSE),
        )

    def forward(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> Tensor:
        """Return (N, F)."""
        detail = functional.pixel_unshuffle(self.fine(fine)[..., :FINE, :FINE], 2)
        maps = (
            torch.cat([detail, self.middle(middle)], 1),
            self.coarse(coarse),
            self.matched_middle(middle),
            _unit(self.match_coarse(coarse)),
        )
        return torch.cat([m.flatten(1) for m in maps], 1)

    def matched_middle(self, middle: Tensor) -> Tensor:
        """Return unit features (N, match, h, w) of the trunk's map of stride 8."""
        return _unit(self.match_middle(middle))

    def split(self, features: Tensor) -> list[Tensor]:
        """Return the four maps of (N, F), the inverse of the flattening."""
        sizes = [c * h * w for c, h, w in self.shapes]
        parts = torch.split(features, sizes, 1)
        return [p.view(-1, *shape) for p, shape in zip(parts, self.shapes, strict=True)]


class Enlarge(nn.Module):
    """A map of stride 16 at the positions of stride 8: cell m lies on cell 2m + 1.

    Between its cells it is bilinear, beyond the outer ones constant. As one product with a matrix
    this is the same in every runtime; its weights, quarters, are exact in bfloat16.
    """

    matrix: Tensor

    def __init__(self) -> None:
        super().__init__()
        eye = torch.eye(COARSE**2).view(1, -1, COARSE, COARSE)
        inner = functional.interpolate(
            eye, size=(MIDDLE - 2, MIDDLE - 2), mode="bilinear", align_corners=True
        )
        matrix = functional.pad(inner, (1, 1, 1, 1), mode="replicate").flatten(2)[0]
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, coarse: Tensor) -> Tensor:
        """Return (N, C, 15, 15) of (N, C, 7, 7)."""
        n, channels = coarse.shape[:2]
        return (coarse.flatten(2) @ self.matrix).view(n, channels, MIDDLE, MIDDLE)


class Share(nn.Module):
    """One crop's linear share of the first mixing layer."""

    def __init__(self, skips: Skips, mixed: int) -> None:
        super().__init__()
        self.middle = nn.Conv2d(skips.shapes[0][0], mixed, 1, bias=False)
        self.coarse = nn.Conv2d(skips.shapes[1][0], mixed, 1, bias=False)
        self.enlarge = Enlarge()

    def forward(self, middle: Tensor, coarse: Tensor) -> Tensor:
        """Return (N, mixed, 15, 15)."""
        out: Tensor = self.middle(middle) + self.enlarge(self.coarse(coarse))
        return out


class Fusion(nn.Module):
    """Late fusion of previous, current and template crop into one map."""

    def __init__(self, skips: Skips, mixed: int) -> None:
        super().__init__()
        self.split = skips.split
        self.mixed = mixed
        self.match = skips.shapes[2][0]
        self.previous = Share(skips, mixed)
        self.current = Share(skips, mixed)
        self.initial = Share(skips, mixed)
        cells_middle = (OBJECT_MIDDLE.stop - OBJECT_MIDDLE.start) ** 2
        cells_coarse = (OBJECT_COARSE.stop - OBJECT_COARSE.start) ** 2
        self.match_middle = nn.Conv2d(2 * cells_middle, mixed, 1)
        self.match_coarse = nn.Conv2d(2 * cells_coarse, mixed, 1, bias=False)
        self.enlarge = Enlarge()
        self.sizes = [mixed * MIDDLE**2, self.match * cells_middle, self.match * cells_coarse]
        self.width = sum(self.sizes)
        """Numbers kept of an earlier crop."""

    def remember(self, features: Tensor, share: Share) -> Tensor:
        """Return one earlier crop's share and the matched features of its object, flattened."""
        middle, coarse, match_middle, match_coarse = self.split(features)
        kept = (
            share(middle, coarse),
            match_middle[..., OBJECT_MIDDLE, OBJECT_MIDDLE],
            match_coarse[..., OBJECT_COARSE, OBJECT_COARSE],
        )
        return torch.cat([k.flatten(1) for k in kept], 1)

    def forward(
        self, remembered: Tensor, features: Tensor, template: Tensor, further: Tensor | None
    ) -> Tensor:
        """Return the mixed map (N, mixed, 15, 15); ``further`` is added to it before its ReLU."""
        middle, coarse, match_middle, match_coarse = self.split(features)
        share0, middle0, coarse0 = torch.split(remembered, self.sizes, 1)
        share1, middle1, coarse1 = torch.split(template, self.sizes, 1)
        matched_middle = torch.cat(
            [_similarity(middle0, match_middle), _similarity(middle1, match_middle)], 1
        )
        matched_coarse = torch.cat(
            [_similarity(coarse0, match_coarse), _similarity(coarse1, match_coarse)], 1
        )
        shares = (share0 + share1).view(-1, self.mixed, MIDDLE, MIDDLE)
        matches = self.match_middle(matched_middle)
        matches = matches + self.enlarge(self.match_coarse(matched_coarse))
        mixed: Tensor = self.current(middle, coarse) + shares + matches
        return functional.relu(mixed if further is None else mixed + further)


class Summary(nn.Module):
    """The mixed map as one vector: convolutions, heat maps' positions, fully connected layer."""

    def __init__(self, mixed: int, heat_maps: int, fc_width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(mixed, mixed, 3, padding=1)
        self.heat = nn.Conv2d(mixed, heat_maps, 1)
        self.reduce = nn.Conv2d(mixed, 64, 3, stride=2, padding=1)
        flat = 64 * ((MIDDLE + 1) // 2) ** 2
        self.fc = nn.Linear(flat + 3 * heat_maps, fc_width)

    def forward(self, x: Tensor, further: Tensor | None) -> Tensor:
        """Return (N, E); ``further`` (N, E) is added before the last ReLU."""
        x = functional.relu(x + self.conv(x))
        flat = functional.relu(self.reduce(x)).flatten(1)
        out = self.fc(torch.cat([flat, _expected_positions(self.heat(x))], 1))
        return functional.relu(out if further is None else out + further)


def _prepared(crops: Tensor, trunk: SqueezeNet) -> Tensor:
    """Return crops as the trunk wants them."""
    pixels = crops.to(trunk.conv1.weight.dtype)
    return pixels.contiguous(memory_format=torch.channels_last)


def _unit(features: Tensor) -> Tensor:
    """Return features (N, C, h, w) of length 1 along C, or shorter where they are nearly 0."""
    length: Tensor = features.norm(dim=1, keepdim=True)
    return features / length.clamp_min(1e-3)


def _similarity(earlier: Tensor, current: Tensor) -> Tensor:
    """Return (N, cells, h, w): products of earlier cells (N, C * cells) with every position."""
    n, channels, h, w = current.shape
    cells = earlier.view(n, channels, -1).transpose(1, 2)
    return torch.bmm(cells, current.flatten(2)).view(n, -1, h, w)


def _expected_positions(heat: Tensor) -> Tensor:
    """Return (N, 3 * maps): expected x and y in [-1, 1] under each map's softmax, and its peak."""
    flat = heat.flatten(2)
    weights = flat.softmax(2)
    x, y = (weights @ positions(heat).to(weights.dtype)).unbind(2)
    return torch.cat([x, y, flat.amax(2)], 1).to(heat.dtype)


def _start_centred(head: nn.Linear) -> None:
    """Let the untrained network answer that the object has not moved and is seen."""
    nn.init.normal_(head.weight, std=1e-3)
    with torch.no_grad():
        head.bias.copy_(torch.tensor([2.5, 2.5, 7.5, 7.5, 1.0]))
