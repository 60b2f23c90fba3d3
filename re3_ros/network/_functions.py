# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What a folded network does beside plain products, as functions that a GPU does in one kernel.

A convolution with what follows it is one of cuDNN's operations there. The other functions are
chains of small operations that `torch.compile` turns into one kernel each; as they are, each of
their operations is a kernel of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from ._fusion import unit
from ._pyramid import CELLS, sum_up


def conv_relu(x: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """Return the ReLU of a convolution (N, C, h, w)."""
    return functional.conv2d(x, weight, bias, stride, padding).relu_()


def conv_add_relu(x: Tensor, weight: Tensor, bias: Tensor, added: Tensor, padding: int) -> Tensor:
    """Return the ReLU of the sum of a convolution and another map (N, C, h, w)."""
    return functional.conv2d(x, weight, bias, 1, padding).add_(added).relu_()


def cudnn_conv_relu(
    x: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, padding: int = 0
) -> Tensor:
    """Return `conv_relu` by one call of cuDNN."""
    steps, borders = (stride, stride), (padding, padding)
    return torch.cudnn_convolution_relu(x, weight, bias, steps, borders, (1, 1), 1)


def cudnn_conv_add_relu(
    x: Tensor, weight: Tensor, bias: Tensor, added: Tensor, padding: int
) -> Tensor:
    """Return `conv_add_relu` by one call of cuDNN."""
    borders = padding, padding
    return torch.cudnn_convolution_add_relu(x, weight, added, 1, bias, (1, 1), borders, (1, 1), 1)


def detail(fine: Tensor, slopes: Tensor) -> Tensor:
    """Return PReLU of a map of stride 4 at stride 8: (N, 4 C, h, w) of (N, C, 2 h + 1, 2 w + 1)."""
    even = fine[..., : fine.shape[-2] // 2 * 2, : fine.shape[-1] // 2 * 2]
    return functional.pixel_unshuffle(functional.prelu(even, slopes), 2)


def skip_and_match(maps: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """Return PReLU of the first channels of maps (N, C, h, w), as many as there are slopes, and of
    the others the unit vectors."""
    skip, match = torch.split(maps, [len(slopes), maps.shape[1] - len(slopes)], 1)
    return functional.prelu(skip, slopes), unit(match)


def advance_cell(gates: Tensor, cell: Tensor, peepholes: Tensor) -> tuple[Tensor, Tensor]:
    """Return h and c (N, H) of `PeepholeLSTMCell`.

    ``gates`` (N, 4 H) are z, i, f, o without what the peepholes (3, H) of i, f and o see.
    """
    z, i, f, o = gates.chunk(4, 1)
    i, f = torch.addcmul(i, cell, peepholes[0]), torch.addcmul(f, cell, peepholes[1])
    new = torch.addcmul(f.sigmoid() * cell, i.sigmoid(), z.tanh())
    return torch.addcmul(o, new, peepholes[2]).sigmoid() * new.tanh(), new


def expected_positions(heat: Tensor, places: Tensor) -> Tensor:
    """Return (N, 3 * maps) as `re3_ros.network._fusion` does; sums, not products, so that one
    kernel can do it."""
    flat = heat.flatten(2).to(places.dtype)
    weights = flat.softmax(2)
    x, y = ((weights * axis).sum(2) for axis in places.unbind(1))
    return torch.cat([x, y, flat.amax(2)], 1).to(heat.dtype)


def sum_up_likeness(sums: Tensor, sharpness: Tensor, logarithms: Tensor, places: Tensor) -> Tensor:
    """Return `re3_ros.network._pyramid.sum_up` of sums over squares of cells instead of means."""
    return sum_up(sums.to(places.dtype) / CELLS**2, sharpness, logarithms, places).to(sums.dtype)


_log = logging.getLogger(__name__)
CHAINS = "detail", "skip_and_match", "advance_cell", "expected_positions", "sum_up_likeness"
"""Those that are worth compiling."""


@dataclass(frozen=True)
class Functions:
    """All of them."""

    conv_relu: Callable[..., Tensor] = conv_relu
    conv_add_relu: Callable[..., Tensor] = conv_add_relu
    detail: Callable[..., Tensor] = detail
    skip_and_match: Callable[..., tuple[Tensor, Tensor]] = skip_and_match
    advance_cell: Callable[..., tuple[Tensor, Tensor]] = advance_cell
    expected_positions: Callable[..., Tensor] = expected_positions
    sum_up_likeness: Callable[..., Tensor] = sum_up_likeness


def functions_for(like: Tensor, compiled: bool) -> Functions:
    """Return the functions for maps such as ``like`` (1, C, h, w), on their device.

    cuDNN's are taken on a GPU, if they can be had for this type and give the same. ``compiled``:
    the chains are compiled when each is first called.
    """
    found = Functions(**{name: torch.compile(globals()[name]) for name in CHAINS if compiled})
    if like.is_cuda:
        fused = replace(found, conv_relu=cudnn_conv_relu, conv_add_relu=cudnn_conv_add_relu)
        if _agree(fused, found, like):
            return fused
    return found


@torch.inference_mode()
def _agree(fused: Functions, plain: Functions, like: Tensor) -> bool:
    """Tell whether two sets of functions give the same convolutions; a warning says if not."""
    x = torch.rand_like(like)
    weight = torch.rand_like(like[:, :, :3, :3]).expand(like.shape[1], -1, -1, -1) - 0.5
    weight, bias = weight.contiguous(memory_format=torch.channels_last), x[0, :, 0, 0].clone()
    try:
        pairs = [
            (f.conv_relu(x, weight, bias, 2, 1), f.conv_add_relu(x, weight, bias, x, 1))
            for f in (fused, plain)
        ]
        for one, other in zip(*pairs, strict=True):
            torch.testing.assert_close(one, other, rtol=0.02, atol=0.02 * float(other.abs().max()))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        _log.warning("convolution and ReLU are two kernels each on this GPU: %s", reason)
        return False
    return True
