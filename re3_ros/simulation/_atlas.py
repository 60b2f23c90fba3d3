# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Many images in one texture, so that one call samples them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from re3_ros.images import Image

from ._parcel import Index, Parcel

Alpha = NDArray[np.uint8] | None
Picture = tuple[Image, Alpha]
"""Colours HxWx3 and, unless opaque, opacity HxW."""
WIDTH = 2048
"""Of a texture, unless a picture is wider."""
_STEP = 16
"""Shelves are multiples of this high, so that pictures of like height share them."""
_SLACK = 1.3
"""Times its own height, a shelf that a picture may stand on."""


@dataclass
class Intervals:
    """A line of which parts are taken and given back; the first gap that is long enough is cut."""

    length: int
    _gaps: list[tuple[int, int]] = field(default_factory=list)
    """(start, end), in order and apart."""

    def __post_init__(self) -> None:
        """Begin with everything free."""
        self._gaps = [(0, self.length)] if self.length else []

    @property
    def is_free(self) -> bool:
        """Whether nothing is taken."""
        return self._gaps == [(0, self.length)]

    def take(self, length: int) -> int | None:
        """Return the start of a part that was free, or None if no gap is long enough."""
        for k, (start, end) in enumerate(self._gaps):
            if end - start >= length:
                self._gaps[k : k + 1] = [(start + length, end)] if end - start > length else []
                return start
        return None

    def free(self, start: int, length: int) -> None:
        """Give a part back."""
        gaps = sorted([*self._gaps, (start, start + length)])
        joined = gaps[:1]
        for low, high in gaps[1:]:
            if low == joined[-1][1]:
                joined[-1] = (joined[-1][0], high)
            else:
                joined.append((low, high))
        self._gaps = joined

    def grow(self, length: int) -> None:
        """Make the line longer, up to ``length``."""
        start, self.length = self.length, length
        self.free(start, length - start)


@dataclass
class _Shelf:
    height: int
    places: Intervals


class Texture:
    """Pictures side by side that come and go, each with a transparent border of one pixel.

    The border has the colours of the picture's edge. They stand on shelves; an empty one is taken
    down.
    """

    def __init__(self, device: torch.device) -> None:
        self.pixels = torch.zeros((4, 0, WIDTH), device=device)
        """(4, H, W) float32 RGB 0 ... 255 and opacity 0 ... 1."""
        self._shelves: dict[int, _Shelf] = {}
        self._rows = Intervals(0)

    def put(self, pictures: Sequence[Picture]) -> Index:
        """Upload pictures in one copy; return the places (K, 2), x and y, of their first pixels."""
        if not pictures:
            return np.zeros((0, 2), np.int64)
        bordered = [_bordered(*picture) for picture in pictures]
        sizes = np.array([image.shape[1::-1] for image in bordered], np.int64)
        if sizes[:, 0].max() > self.pixels.shape[2]:
            self._widen(int(sizes[:, 0].max()))
        order = np.argsort(-sizes[:, 1], kind="stable")  # the tallest first: fewer shelves
        corners = np.zeros_like(sizes)
        for k in order:
            corners[k] = self._place(*sizes[k].tolist())
        self._write(bordered, corners)
        return corners + 1

    def free(self, origin: Sequence[int], size: Sequence[int]) -> None:
        """Give the place of a picture back, of which ``origin`` is the first pixel."""
        x, y = origin[0] - 1, origin[1] - 1
        shelf = self._shelves[y]
        shelf.places.free(x, size[0] + 2)
        if shelf.places.is_free:
            del self._shelves[y]
            self._rows.free(y, shelf.height)

    def places(self, corners: Index) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return offset (n, 2) and scale (2,) by which pixels of pictures become places.

        ``corners`` (n, 2) are those of the pictures; the centres of pixels are whole numbers.
        """
        sides = np.array(self.pixels.shape[:0:-1])
        return (2 * corners + 1) / sides - 1, 2 / sides

    def sample(self, places: Tensor) -> Tensor:
        """Return (4, N, H, W) at ``places`` (N, H, W, 2), bilinear."""
        return _sample(self.pixels.unsqueeze(0), places)

    def _place(self, width: int, height: int) -> tuple[int, int]:
        """Return the corner of a free rectangle, taken now."""
        fitting = [
            (shelf.height, y)
            for y, shelf in self._shelves.items()
            if height <= shelf.height <= max(_SLACK * height, height + _STEP)
        ]
        for _, y in sorted(fitting):
            x = self._shelves[y].places.take(width)
            if x is not None:
                return x, y
        high = -(-height // _STEP) * _STEP
        row = self._rows.take(high)
        if row is None:
            self._heighten(high)
            row = self._rows.take(high)
        assert row is not None
        shelf = self._shelves[row] = _Shelf(high, Intervals(self.pixels.shape[2]))
        x = shelf.places.take(width)
        assert x is not None
        return x, row

    def _heighten(self, height: int) -> None:
        more = max(height, self.pixels.shape[1] // 2)
        self.pixels = functional.pad(self.pixels, (0, 0, 0, more))
        self._rows.grow(self.pixels.shape[1])

    def _widen(self, width: int) -> None:
        self.pixels = functional.pad(self.pixels, (0, width - self.pixels.shape[2]))
        for shelf in self._shelves.values():
            shelf.places.grow(width)

    def _write(self, bordered: Sequence[Image], corners: Index) -> None:
        """Upload all pictures as one row of pixels; put each of their rows where it belongs."""
        device, across = self.pixels.device, self.pixels.shape[2]
        widths = np.concatenate([np.full(len(i), i.shape[1]) for i in bordered])
        starts = np.concatenate(
            [
                (y + np.arange(len(i))) * across + x
                for i, (x, y) in zip(bordered, corners, strict=True)
            ]
        )
        shifts = starts - (np.cumsum(widths) - widths)
        parcel = Parcel()
        parcel.add(np.stack([shifts, widths]), np.int64)
        parcel.add(np.concatenate([image.reshape(-1, 4) for image in bordered]), np.uint8)
        rows, pixels = parcel.send(device)
        total = len(pixels)
        shift = torch.repeat_interleave(rows[0], rows[1], output_size=total)
        values = pixels.t().to(torch.float32)
        values[3] /= 255
        target = torch.arange(total, device=device) + shift
        self.pixels.view(4, -1).index_copy_(1, target, values)


@dataclass(frozen=True)
class Atlas:
    """Pictures side by side for a single use, each with a border as in a `Texture`."""

    texture: Tensor
    """(1, 4, H, W) float32 RGB 0 ... 255 and opacity 0 ... 1."""
    origins: Index
    """(K, 2) x, y of each image's first pixel."""
    sizes: Index
    """(K, 2) width and height of each image."""

    def sample(self, places: Tensor) -> Tensor:
        """Return (4, N, H, W) at ``places`` (N, H, W, 2), bilinear; pixel centres are whole.

        ``places`` are pixels of the texture and are overwritten.
        """
        height, width = self.texture.shape[2:]
        scale = torch.tensor([2 / width, 2 / height], device=places.device)
        return _sample(self.texture, places.mul_(scale).add_(scale / 2 - 1))


def pack(images: Sequence[Picture], device: torch.device) -> Atlas:
    """Return an atlas of pictures."""
    sizes = np.array([colours.shape[1::-1] for colours, _ in images], np.int64).reshape(-1, 2)
    origins, width, height = shelve(sizes + 2)
    canvas = np.zeros((height, width, 4), np.uint8)
    for (x, y), (w, h), image in zip(origins, sizes + 2, images, strict=True):
        canvas[y : y + h, x : x + w] = _bordered(*image)
    texture = torch.from_numpy(canvas).to(device).permute(2, 0, 1).to(torch.float32)[None]
    texture = texture.contiguous()
    texture[:, 3] /= 255
    return Atlas(texture, origins + 1, sizes)


def shelve(sizes: Index) -> tuple[Index, int, int]:
    """Return places (K, 2) of rectangles (K, 2) that do not overlap, and the width and height.

    The tallest come first, in rows from left to right.
    """
    width = max(int(sizes[:, 0].max()), int(np.sqrt(sizes.prod(axis=1).sum() * 1.1)))
    places = np.zeros_like(sizes)
    x = y = shelf = 0
    for k in np.argsort(-sizes[:, 1], kind="stable"):
        w, h = sizes[k]
        if x + w > width:
            x, y, shelf = 0, y + shelf, 0
        places[k] = x, y
        x, shelf = x + int(w), max(shelf, int(h))
    return places, width, y + shelf


def _sample(texture: Tensor, places: Tensor) -> Tensor:
    """Return (4, N, H, W) of a texture (1, 4, ...) at places (N, H, W, 2) from -1 to 1."""
    n, rows, columns, _ = places.shape
    grid = places.view(1, n * rows, columns, 2)
    out = functional.grid_sample(texture, grid, "bilinear", "zeros", align_corners=False)
    return out.view(-1, n, rows, columns)


def _bordered(colours: Image, alpha: Alpha) -> Image:
    out = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2RGBA)
    if alpha is not None:
        out[..., 3] = alpha
    out = cv2.copyMakeBorder(out, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    out[[0, -1], :, 3] = out[:, [0, -1], 3] = 0
    return np.asarray(out, np.uint8)
