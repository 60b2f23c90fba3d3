# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of simulated crops, on the device, as `SimulatedTrack.crop` makes them on the host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from re3_ros.boxes import Boxes

from ._motion import Array
from ._scene import Index, Scene, Stamps, Views
from ._track import SimulatedTrack

_GREY = (0.299, 0.587, 0.114)
_CHANCE = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35
"""Odd numbers whose multiples scatter over 32 bits."""


class Painter:
    """Renders crops of a scene."""

    def __init__(self, tracks: Sequence[SimulatedTrack], device: torch.device) -> None:
        """Upload images and photometry of the tracks."""
        self.device = device
        self.scene = Scene(tracks, device)
        photometries = [track.photometry for track in tracks]
        self.screens = np.array([track.screen for track in tracks])
        self.grey = np.array([p.grey for p in photometries])
        self.noise = np.array([p.noise for p in photometries])
        self.seeds = np.array([p.seed for p in photometries])
        self.blur = np.stack([self._padded(p.blur) for p in photometries])
        tables = np.stack([self._padded(_channels(p.tables)) for p in photometries])
        self.tables = torch.from_numpy(tables.reshape(-1)).to(device)

    def crops(self, views: Views, size: int) -> Tensor:
        """Return uint8 (N, 3, size, size)."""
        canvas = self._compose(views, size)
        canvas *= self._on_screen(views, size)
        self._whiten(canvas, views)
        self._smear(canvas, views)
        out = self._develop(canvas, views)
        self._add_noise(out, views)
        self._enlarge(out, views, size)
        return out

    def _padded(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        missing = self.scene.frames - len(values)
        return np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])

    def _compose(self, views: Views, size: int) -> Tensor:
        """Return (3, N, size, size) the layers over each other."""
        canvas = torch.zeros((3, len(views.slots), size, size), device=self.device)
        for depth, groups in enumerate(self.scene.stamps(views)):
            for stamps in groups:
                if len(stamps.crops):
                    self._stamp(canvas, stamps, ground=depth == 0)
        return canvas

    def _stamp(self, canvas: Tensor, stamps: Stamps, ground: bool) -> None:
        crops = self._send(stamps.crops)
        size, poses = canvas.shape[-1], stamps.sources.shape[1]
        sample = self.scene.atlas.sample(self._places(stamps, size, ground))
        sample = sample.view(4, len(crops), poses, size, size)
        if ground:
            canvas[:, crops] = sample[:3].mean(2)
            return
        alpha = sample[3]
        if (stamps.opacity < 1).any():
            alpha = alpha * self._send(stamps.opacity, torch.float32).view(-1, 1, 1, 1)
        below = canvas[:, crops]
        if poses == 1:
            canvas[:, crops] = torch.lerp(below, sample[:3, :, 0], alpha[:, 0])
        else:
            canvas[:, crops] = below * (1 - alpha.mean(1)) + (sample[:3] * alpha).mean(2)

    def _places(self, stamps: Stamps, size: int, ground: bool) -> Tensor:
        """Return (n * poses, size, size, 2) pixels of the atlas that the stamps show."""
        poses = stamps.sources.shape[1]
        sources = stamps.sources.reshape(-1, 9)
        matrix = self._send(sources, torch.float32).view(-1, 9, 1, 1)
        at = torch.arange(size, device=self.device, dtype=torch.float32)
        x, y = at.view(1, 1, size), at.view(1, size, 1)
        places = torch.empty((len(sources), size, size, 2), device=self.device)
        for axis in range(2):
            a, b, c = (matrix[:, 3 * axis + k] for k in range(3))
            torch.addcmul(b * y + c, a, x, out=places[..., axis])
        if (sources[:, 6:] != [0, 0, 1]).any():
            depth = matrix[:, 6] * x + matrix[:, 7] * y + matrix[:, 8]
            places /= torch.where(depth.abs() < 1e-9, 1e-9, depth)[..., None]
        if stamps.waves[:, 0].any():
            amplitude, phase, pitch = self._each(stamps.waves, poses)
            places[..., 0] += amplitude * torch.sin(pitch * places[..., 1] + phase)
        image = self.scene.images[stamps.layers]
        extent = self._send(self.scene.atlas.sizes[image], torch.float32)
        extent = extent.repeat_interleave(poses, 0).view(-1, 1, 1, 2)
        origin = self._send(self.scene.atlas.origins[image], torch.float32)
        origin = origin.repeat_interleave(poses, 0).view(-1, 1, 1, 2)
        if ground:
            places = _mirrored(places, extent - 1)
        else:  # beyond the border, all is as transparent as in it
            torch.clamp(places, torch.full_like(extent, -1), extent, out=places)
        return places.add_(origin)

    def _on_screen(self, views: Views, size: int) -> Tensor:
        """Return (N, size, size) 1 where a crop shows the screen and 0 beyond it."""
        windows, shapes = views.windows, views.shapes
        scale = shapes / np.maximum(windows[:, 2:] - windows[:, :2], 1)
        low = np.rint(-windows[:, :2] * scale).clip(0)
        high = np.rint((self.screens[views.slots] - windows[:, :2]) * scale).clip(0)
        left, top, right, bottom = self._each(np.concatenate([low, high], axis=1))
        at = torch.arange(size, device=self.device)
        x, y = at.view(1, 1, size), at.view(1, size, 1)
        inside = ((x >= left) & (x < right)) & ((y >= top) & (y < bottom))
        return inside.to(torch.float32)

    def _whiten(self, canvas: Tensor, views: Views) -> None:
        """Take the colours from the crops of grey tracks."""
        chosen = np.flatnonzero(self.grey[views.slots])
        if len(chosen):
            crops = self._send(chosen)
            weight = torch.tensor(_GREY, device=self.device).view(3, 1, 1, 1)
            canvas[:, crops] = (canvas[:, crops] * weight).sum(0, keepdim=True).round()

    def _smear(self, canvas: Tensor, views: Views) -> None:
        """Blur the crops of blurred frames along their rows."""
        sides = self.blur[views.slots, views.frames]
        for side in np.unique(sides[sides > 1]):
            chosen = np.flatnonzero(sides == side)
            crops = self._send(chosen)
            last = self._send(views.shapes[chosen, 0] - 1).view(-1, 1)
            at = torch.arange(canvas.shape[-1], device=self.device)
            part = canvas[:, crops]
            total = torch.zeros_like(part)
            for shift in range(-(side // 2), side // 2 + 1):
                column = last - (last - (at + shift).abs()).abs()
                column = column.clamp(0, canvas.shape[-1] - 1)[None, :, None].expand(part.shape)
                total += part.gather(-1, column)
            canvas[:, crops] = (total / float(side)).round()

    def _develop(self, canvas: Tensor, views: Views) -> Tensor:
        """Return the crops (N, 3, size, size) uint8 after the tables; spoils the canvas."""
        rows = views.slots * self.scene.frames + views.frames
        offset = self._send((rows[None] * 3 + np.arange(3)[:, None]) * 256)
        value = canvas.round_().to(torch.int64).add_(offset[..., None, None])
        return torch.take(self.tables, value).permute(1, 0, 2, 3).contiguous()

    def _add_noise(self, out: Tensor, views: Views) -> None:
        """Add grain that is a function of the track's seed, the frame and the pixel."""
        chosen = np.flatnonzero(self.noise[views.slots] > 0)
        if not len(chosen):
            return
        crops, slots = self._send(chosen), views.slots[chosen]
        keys = self._send(self.seeds[slots] + views.frames[chosen] * _CHANCE[1])
        amount = self._send(self.noise[slots], torch.float32).view(-1, 1, 1, 1)
        grain = _grain(keys, out.shape[1:])
        noisy = out[crops].to(torch.float32) + grain * amount
        out[crops] = noisy.clamp_(0, 255).to(torch.uint8)

    def _enlarge(self, out: Tensor, views: Views, size: int) -> None:
        """Stretch crops that were rendered at the resolution of a smaller window."""
        chosen = np.flatnonzero((views.shapes < size).any(axis=1))
        if not len(chosen):
            return
        crops = self._send(chosen)
        shape = self._send(views.shapes[chosen], torch.float32).view(-1, 1, 2)
        middle = torch.arange(size, device=self.device).view(1, -1, 1) + 0.5
        at = (middle * shape / size - 0.5).clamp_(min=0).minimum(shape - 1)
        at = (2 * at + 1) / size - 1
        grid = torch.empty((len(chosen), size, size, 2), device=self.device)
        grid[..., 0], grid[..., 1] = at[:, None, :, 0], at[:, :, None, 1]
        part = out[crops].to(torch.float32)
        part = functional.grid_sample(part, grid, "bilinear", "border", align_corners=False)
        out[crops] = part.round_().to(torch.uint8)

    def _send(self, values: Index | Array | Boxes, kind: torch.dtype = torch.int64) -> Tensor:
        return torch.as_tensor(values, dtype=kind).to(self.device)

    def _each(self, columns: Array, repeat: int = 1) -> Sequence[Tensor]:
        """Return the columns of (n, k) as k tensors (n * repeat, 1, 1)."""
        sent = self._send(columns, torch.float32).repeat_interleave(repeat, 0)
        return [column.view(-1, 1, 1) for column in sent.unbind(1)]


def _channels(tables: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (T, 3, 256) of tables (T, 256) or (T, 256, 3)."""
    if tables.ndim == 2:
        return np.repeat(tables[:, None], 3, axis=1)
    return np.swapaxes(tables, 1, 2)


def _mirrored(places: Tensor, last: Tensor) -> Tensor:
    """Return places folded back into 0 ... ``last``, without repeating the outermost pixel."""
    last = last.clamp(min=1e-6)
    return last.sub((places.remainder_(2 * last)).sub_(last).abs_())


def _grain(keys: Tensor, shape: torch.Size) -> Tensor:
    """Return whole numbers (N, *shape) from -128 to 127, each a hash of key and position."""
    low = 0xFFFFFFFF
    value = torch.arange(shape.numel(), device=keys.device) * _CHANCE[0] + keys[:, None]
    for factor, bits in ((1, 16), (_CHANCE[1], 13), (_CHANCE[2], 16)):
        value = (value * factor) & low
        value ^= value >> bits
    return ((value & 255) - 128).view(-1, *shape).to(torch.float32)
