# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of simulated crops, on the device, as `SimulatedTrack.crop` makes them on the host."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ._layers import SMEAR
from ._lens import blur, compress
from ._order import CHANCE, Order, order
from ._scene import Scene, Views

_GREY = (0.299, 0.587, 0.114)
_MATRIX = [tuple(row) for row in ("012", "345", "678")]
"""Names of the fields of a matrix, by row."""


class Painter:
    """Renders crops of a scene: in a fixed number of steps, whichever the tracks."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def crops(self, views: Views, size: int) -> Tensor:
        """Return uint8 (N, 3, size, size)."""
        todo = order(self.scene, views, size)
        at = torch.arange(size, device=self.scene.device, dtype=torch.float32)
        canvas = self._compose(todo, at)
        canvas.mul_(_on_screen(todo, at))
        _blur(canvas, todo, at)
        _whiten(canvas, todo)
        out = self._develop(canvas, todo)
        _add_noise(out, todo)
        _compress(out, todo)
        _enlarge(out, todo, at)
        return out

    def _compose(self, todo: Order, at: Tensor) -> Tensor:
        """Return (3, N, size, size) the layers over each other."""
        sample = self.scene.texture.sample(_places(todo, at))
        colours, alpha = sample.split_with_sizes([3, 1])
        alpha[:, : todo.grounds].fill_(1)
        alpha.mul_(todo.sample["opacity"])
        colours.mul_(alpha)
        stamps = _averaged(sample, todo.counts)
        colours, alpha = stamps.split_with_sizes([3, 1])
        through = 1 - alpha
        canvas = at.new_empty((3, todo.crops, len(at), len(at)))
        for depth, (crops, rows) in enumerate(todo.depths):
            above = colours.index_select(1, rows)
            if depth:
                below = canvas.index_select(1, crops)
                above.addcmul_(below, through.index_select(1, rows))
            canvas.index_copy_(1, crops, above)
        return canvas

    def _develop(self, canvas: Tensor, todo: Order) -> Tensor:
        """Return the crops (N, 3, size, size) uint8 after the tables; spoils the canvas."""
        value = canvas.round_().to(torch.int64).add_(todo.tables.view(3, -1, 1, 1))
        return torch.take(self.scene.tables, value).permute(1, 0, 2, 3).contiguous()


def _places(todo: Order, at: Tensor) -> Tensor:
    """Return (samples, size, size, 2) where in the texture the stamps look."""
    field, down = todo.sample, at.view(-1, 1)
    across = [
        torch.addcmul(field[c], field[b], down).addcmul(field[a], at)
        for a, b, c in _MATRIX[: 2 + todo.in_perspective]
    ]
    if todo.in_perspective:
        depth = across.pop()
        depth.masked_fill_(depth.abs() < 1e-9, 1e-9)
        across = [axis.div_(depth) for axis in across]
    if todo.wavy:
        sway = torch.sin((field["pitch"] * across[1]).add_(field["phase"]))
        across[0].addcmul_(field["amplitude"], sway)
    places = torch.stack(across, -1)
    extent = torch.stack([field["width"], field["height"]], -1)
    parts = [todo.grounds, len(places) - todo.grounds]
    (ground, others), (behind, before) = (t.split_with_sizes(parts) for t in (places, extent))
    _fold(ground, behind)
    # Beyond the border, all is as transparent as in it.
    torch.minimum(others.clamp_(min=-1), before, out=others)
    corner, scale = (torch.stack([field[x], field[y]], -1) for x, y in (("x", "y"), ("u", "v")))
    return torch.addcmul(corner, places, scale, out=places)


def _on_screen(todo: Order, at: Tensor) -> Tensor:
    """Return (N, size, size) whether a crop shows the screen there, not what is beyond it."""
    left, top, right, bottom = todo.screen
    down = at.view(-1, 1)
    return ((at >= left) & (at < right)) & ((down >= top) & (down < bottom))


def _blur(canvas: Tensor, todo: Order, at: Tensor) -> None:
    """Blur the crops of tracks with a soft lens, and of frames that are smeared along their rows.

    The host takes the colours of grey tracks in between, which is the same but for rounding.
    """
    crops = todo.chosen["blurred"]
    if len(crops):
        part = canvas.index_select(1, crops)
        canvas.index_copy_(1, crops, blur(part, at, *todo.effects["blurred"]).round_())


def _whiten(canvas: Tensor, todo: Order) -> None:
    """Take the colours from the crops of grey tracks."""
    crops = todo.chosen["grey"]
    if len(crops):
        red, green, blue = canvas.index_select(1, crops).unbind()
        grey = (_GREY[0] * red).add_(green, alpha=_GREY[1]).add_(blue, alpha=_GREY[2]).round_()
        canvas.index_copy_(1, crops, grey.expand(3, *grey.shape))


def _add_noise(out: Tensor, todo: Order) -> None:
    """Add grain that is a function of the track's seed, the frame and the pixel."""
    crops = todo.chosen["noisy"]
    if len(crops):
        (amount,) = todo.effects["noisy"]
        grain = _grain(todo.keys, out.shape[1:])
        noisy = torch.addcmul(out.index_select(0, crops), grain, amount)
        out.index_copy_(0, crops, noisy.clamp_(0, 255).to(torch.uint8))


def _compress(out: Tensor, todo: Order) -> None:
    """Give crops the look of JPEG files."""
    crops = todo.chosen["compressed"]
    if len(crops):
        files = compress(out.index_select(0, crops), *todo.effects["compressed"])
        out.index_copy_(0, crops, files)


def _enlarge(out: Tensor, todo: Order, at: Tensor) -> None:
    """Stretch crops that were rendered at the resolution of a smaller window."""
    crops = todo.chosen["small"]
    if not len(crops):
        return
    (pixels,) = todo.effects["small"]
    size = len(at)
    at = ((at + 0.5) * (pixels / size)).sub_(0.5).clamp_(min=0).minimum(pixels - 1)
    columns, rows = at.mul_(2 / size).add_(1 / size - 1).chunk(2)
    shape = (len(crops), size, size)
    grid = torch.stack([columns.expand(shape), rows.transpose(1, 2).expand(shape)], -1)
    part = out.index_select(0, crops).to(torch.float32)
    part = functional.grid_sample(part, grid, "bilinear", "border", align_corners=False)
    out.index_copy_(0, crops, part.round_().to(torch.uint8))


def _averaged(sample: Tensor, counts: Sequence[int]) -> Tensor:
    """Return (4, stamps, h, w): the mean over the poses of the stamps that blur."""
    if not counts[1] + counts[3]:
        return sample
    poses = [1, SMEAR, 1, SMEAR]
    samples = [count * n for count, n in zip(counts, poses, strict=True)]
    parts = sample.split_with_sizes(samples, 1)
    return torch.cat(
        [
            part if n == 1 else part.view(4, -1, n, *part.shape[2:]).mean(2)
            for part, n in zip(parts, poses, strict=True)
        ],
        dim=1,
    )


def _fold(places: Tensor, last: Tensor) -> None:
    """Fold places back into 0 ... ``last``, without repeating the outermost pixel."""
    torch.sub(last, places.remainder_(2 * last).sub_(last).abs_(), out=places)


def _grain(keys: Tensor, shape: torch.Size) -> Tensor:
    """Return whole numbers (N, *shape) from -128 to 127, each a hash of key and position."""
    low = 0xFFFFFFFF
    value = torch.arange(0, shape.numel() * CHANCE[0], CHANCE[0], device=keys.device)
    value = value + keys.view(-1, 1)
    for bits, factor in ((16, CHANCE[1]), (13, CHANCE[2])):
        value.bitwise_and_(low)
        value.bitwise_xor_(value >> bits).mul_(factor)
    value.bitwise_and_(low)
    value.bitwise_xor_(value >> 16)
    return value.bitwise_and_(255).sub_(128).view(-1, *shape).to(torch.float32)
