# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a call has to draw: worked out on the host, and sent to the device in one copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ._layers import SMEAR
from ._motion import Array
from ._parcel import Index, Parcel
from ._scene import Scene, Stamps, Views

CHANCE = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35
"""Odd numbers whose multiples scatter over 32 bits."""
_SAMPLE = (*"012345678", "amplitude", "phase", "pitch", "width", "height", *"xyuv", "opacity")
"""Fields of a sample: the matrix from the crop to the picture, its sway, its extent, and by which
offset (x, y) and scale (u, v) a pixel of the picture becomes a place in the texture."""


_ONES = {"blurred": 3, "noisy": 3, "compressed": 3, "small": 2}
"""What happens to some crops, and the number of axes of length one of its fields."""


@dataclass(frozen=True)
class Order:
    """Samples, of which a stamp has one for each of its poses, and what happens to N crops.

    Samples come in this order: grounds at rest, grounds that blur, other layers at rest, other
    layers that blur. A field is a tensor (n, 1, 1), or with an axis more.
    """

    crops: int
    counts: Sequence[int]
    """Stamps of each of the four kinds."""
    in_perspective: bool
    wavy: bool
    depths: Sequence[tuple[Tensor, Tensor]]
    """Which crops are drawn on, and with which stamps, one a crop, from the lowest up."""
    tables: Tensor
    """(3 N,) where the tables of each crop begin, of all reds, then greens, then blues."""
    keys: Tensor
    """Of the grain of noisy crops."""
    sample: dict[str, Tensor]
    screen: Sequence[Tensor]
    """Left, top, right and bottom of the screen in the crops."""
    chosen: dict[str, Tensor]
    """The crops to which something happens that does not happen to all."""
    effects: dict[str, Sequence[Tensor]]
    """The fields of what happens to them."""

    @property
    def grounds(self) -> int:
        """The number of samples of grounds, which come first."""
        return self.counts[0] + SMEAR * self.counts[1]


def order(scene: Scene, views: Views, size: int) -> Order:
    """Return what to draw for crops of ``size``."""
    still, moving = scene.stamps(views)
    parts = [
        (stamps, np.flatnonzero((stamps.depths == 0) == ground))
        for ground in (True, False)
        for stamps in (still, moving)
    ]
    samples = np.concatenate([_samples(scene, stamps, at) for stamps, at in parts])
    depths = np.concatenate([stamps.depths[at] for stamps, at in parts])
    drawn = np.concatenate([stamps.crops[at] for stamps, at in parts])
    ranks = _ranks(drawn, depths)
    layers = [np.flatnonzero(ranks == rank) for rank in range(ranks.max(initial=-1) + 1)]
    chosen, effects = _chosen(scene, views, size)
    noisy = chosen["noisy"]
    seeds = scene.seeds[views.slots[noisy]] + views.frames[noisy] * CHANCE[1]
    rows = (views.slots * scene.tables.shape[1] + views.frames) * 3
    tables = ((rows + np.arange(3)[:, None]) * 256).reshape(-1)
    lists = [tables, seeds, *(drawn[at] for at in layers), *layers, *chosen.values()]
    fields = [samples, _screen(scene, views), *(effects[name] for name in _ONES)]
    parcel = Parcel()
    parcel.add(np.concatenate(lists), np.int64)
    parcel.add(np.concatenate([values.reshape(-1) for values in fields]), np.float32)
    integers, numbers = parcel.send(scene.device)
    tables_sent, keys, *sent = integers.split_with_sizes([len(part) for part in lists])
    apart = numbers.split_with_sizes([values.size for values in fields])
    sample, screen, *others = (
        part.view(*values.shape, *(1,) * ones).unbind(1)
        for part, values, ones in zip(apart, fields, (2, 2, *_ONES.values()), strict=True)
    )
    count = len(layers)
    return Order(
        crops=len(views.slots),
        counts=[len(at) for _, at in parts],
        in_perspective=bool((samples[:, 6:9] != [0, 0, 1]).any()),
        wavy=bool(samples[:, _SAMPLE.index("amplitude")].any()),
        depths=list(zip(sent[:count], sent[count : 2 * count], strict=True)),
        tables=tables_sent,
        keys=keys,
        sample=dict(zip(_SAMPLE, sample, strict=True)),
        screen=screen,
        chosen=dict(zip(chosen, sent[2 * count :], strict=True)),
        effects=dict(zip(_ONES, others, strict=True)),
    )


def _samples(scene: Scene, stamps: Stamps, chosen: Index) -> Array:
    """Return (samples, k) the fields of the chosen stamps, a row for each of their poses."""
    corners, extents = scene.pictures(stamps.layers[chosen])
    offset, scale = scene.texture.places(corners)
    # Grounds are folded at their last pixel, others end at the border after it.
    extents = np.where(stamps.depths[chosen, None], extents, np.maximum(extents - 1, 1e-6))
    once = [stamps.waves[chosen], extents, offset, np.broadcast_to(scale, offset.shape)]
    once.append(stamps.opacity[chosen, None])
    poses = stamps.sources.shape[1]
    return np.concatenate(
        [
            stamps.sources[chosen].reshape(-1, 9),
            np.repeat(np.concatenate(once, axis=1), poses, axis=0),
        ],
        axis=1,
    )


def _ranks(crops: Index, depths: Index) -> Index:
    """Return for each stamp how many stamps of its crop lie below it."""
    by_depth = np.lexsort((depths, crops))
    starts = np.searchsorted(crops[by_depth], crops[by_depth])
    ranks = np.empty_like(crops)
    ranks[by_depth] = np.arange(len(crops)) - starts
    return ranks


def _screen(scene: Scene, views: Views) -> Array:
    """Return (N, 4) left, top, right and bottom of the screen in the crops."""
    scale, corner = views.scale, views.windows[:, :2]
    low = np.rint(-corner * scale).clip(0)
    high = np.rint((scene.photometry("screen", views) - corner) * scale).clip(0)
    return np.concatenate([low, high], axis=1)


def _chosen(scene: Scene, views: Views, size: int) -> tuple[dict[str, Index], dict[str, Array]]:
    """Return to which crops something happens that does not happen to all, and its fields."""
    sigma = scene.photometry("soft", views)[:, None] * views.scale
    sigma[(sigma <= 0.2).all(axis=1)] = 0  # less does not show
    side, quality = (scene.photometry(name, views) for name in ("blur", "quality"))
    noise = scene.photometry("noise", views)
    masks: dict[str, NDArray[np.bool_]] = {
        "blurred": np.asarray((side > 1) | (sigma > 0).any(axis=1)),
        "grey": scene.photometry("grey", views) > 0,
        "noisy": noise > 0,
        "compressed": quality > 0,
        "small": np.asarray((views.shapes < size).any(axis=1)),
    }
    at = {name: np.flatnonzero(mask) for name, mask in masks.items()}
    coarse = np.where(quality < 50, 5000 // np.maximum(quality, 1), 200 - 2 * quality)
    fields = {
        "blurred": _kernels(views.shapes, sigma, side, at["blurred"]),
        "noisy": noise[at["noisy"], None],
        "compressed": np.column_stack([views.shapes - 1.0, coarse])[at["compressed"]],
        "small": views.shapes[at["small"]].T.reshape(-1, 1),
    }
    return at, fields


def _kernels(shapes: Index, sigma: Array, side: Array, chosen: Index) -> Array:
    """Return (3 n, 3) last pixel, width and reach of the kernels that blur the chosen crops.

    Rows are blurred by a Gaussian, then averaged; columns are blurred by a Gaussian. How far that
    reaches is as with OpenCV's kernels for 8-bit images.
    """
    reach = np.where(sigma > 0, (np.rint(sigma.clip(0.05) * 6 + 1).astype(int) | 1) // 2, 0)
    last, wide = shapes - 1.0, np.full(len(side), 1e9)
    sigma = sigma.clip(0.05)
    kernels = [
        (last[:, 0], sigma[:, 0], reach[:, 0]),
        (last[:, 0], wide, side // 2),
        (last[:, 1], sigma[:, 1], reach[:, 1]),
    ]
    return np.concatenate([np.stack(kernel, axis=1)[chosen] for kernel in kernels])
