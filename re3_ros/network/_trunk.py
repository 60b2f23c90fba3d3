# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the convolutional trunks of the published networks have in common."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from re3_ros.errors import WeightsError

Shape = tuple[int, int, int]
Channels = Literal["rgb", "bgr"]
CROP_SIZE = 227
"""Side in pixels of the crops of all published networks."""


class Trunk(nn.Module, ABC):
    """Convolutions shared by both crops: the last map, and the maps that skip layers read."""

    channels: Channels = "rgb"
    """The order of colours that the first convolution sees."""
    taps: tuple[Shape, ...]
    """Channels, height and width of the maps that skip layers may read."""
    out: Shape
    """Channels, height and width of the last map."""
    convs: nn.ModuleDict
    """The convolutions, by the names they have in the publication."""
    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, float, float], std: tuple[float, float, float]) -> None:
        """Take mean and deviation of red, green and blue on the scale 0 ... 255."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    @abstractmethod
    def forward(self, crops: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the tapped maps and the last one of crops (N, 3, 227, 227), RGB, 0 ... 255."""

    def normalise(self, crops: Tensor) -> Tensor:
        """Return crops as the first convolution wants them."""
        pixels = (crops.to(self.mean.dtype) - self.mean) / self.std
        return pixels.flip(1) if self.channels == "bgr" else pixels

    def start_msra(self) -> None:
        """Draw all convolutions anew as He et al. (2015); biases become 0."""
        start_convolutions(self.convs)


def start_convolutions(module: nn.Module) -> None:
    """Draw all convolutions of a module anew, see `msra`."""
    for conv in module.modules():
        if isinstance(conv, nn.Conv2d):
            msra(conv)


def msra(layer: nn.Conv2d | nn.Linear) -> None:
    """Draw the weights of a layer as He et al. (2015) over its fan-in; its bias becomes 0."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def pool(x: Tensor) -> Tensor:
    """Return maps at half the resolution; like Caffe's, a window that hangs over the border
    counts."""
    return functional.max_pool2d(x, 3, stride=2, ceil_mode=True)


def normalise_response(x: Tensor) -> Tensor:
    """Local response normalisation of CaffeNet and GoogLeNet; like Caffe, torch divides alpha by
    the size."""
    return functional.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)


@torch.no_grad()
def initialise_trunk(trunk: Trunk, path: str | Path, channels: Channels = "bgr") -> None:
    """Copy the convolutions of a classification network from ``path`` into ``trunk``.

    The file is an ``.npz`` of arrays ``NAME.weight`` (out, in / groups, height, width) and
    ``NAME.bias`` for every name in ``trunk.convs``; other arrays, such as classifiers, are left
    aside. ``channels`` says which order of colours the file's network was trained with (Caffe:
    BGR); where the trunk sees the other one, the first convolution is turned round.
    Raises WeightsError, naming every array that is missing or mis-shaped.
    """
    arrays = read_npz(Path(path))
    faults = []
    for name, parameter in trunk.convs.named_parameters():
        found = arrays.get(name)
        if found is None:
            faults.append(f"{name} is missing")
        elif found.shape != tuple(parameter.shape):
            faults.append(f"{name} has shape {found.shape}, expected {tuple(parameter.shape)}")
    if faults:
        raise WeightsError(f"{path} does not fit the {type(trunk).__name__}: {'; '.join(faults)}")
    for name, parameter in trunk.convs.named_parameters():
        turned = channels != trunk.channels and parameter.ndim == 4 and parameter.shape[1] == 3
        array = arrays[name][:, ::-1].copy() if turned else arrays[name]
        parameter.copy_(torch.from_numpy(array))


def fitting(
    arrays: Mapping[str, NDArray[np.float32]], key: str, parameter: Tensor, path: Path
) -> Tensor:
    """Return the array called ``key``, of the parameter's shape; WeightsError if there is none."""
    array = arrays.get(key)
    if array is None or array.shape != parameter.shape:
        found = "missing" if array is None else f"of shape {array.shape}"
        raise WeightsError(f"{path}: array {key!r} is {found}, expected {tuple(parameter.shape)}")
    return torch.from_numpy(array)


def read_npz(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of a file; WeightsError, naming it, if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name].astype(np.float32) for name in file.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} is not a readable .npz of arrays: {error}") from error
