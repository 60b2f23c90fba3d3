# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays that travel to the device together: one copy, whatever their number."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Index = NDArray[np.int64]
_KINDS = {"int64": torch.int64, "float32": torch.float32, "uint8": torch.uint8}
_ALIGNED = 8
"""Bytes; what the largest of the types needs."""


class Parcel:
    """Collects arrays on the host and sends them as one."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []

    def add(self, values: NDArray[Any], kind: type[np.generic]) -> None:
        """Put an array in, as ``kind``."""
        self._arrays.append(np.ascontiguousarray(values, kind))

    def send(self, device: torch.device) -> list[Tensor]:
        """Return the arrays on the device, in the order in which they were put in."""
        sizes = [-(-array.nbytes // _ALIGNED) * _ALIGNED for array in self._arrays]
        starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        host: NDArray[np.uint8] = np.empty(starts[-1], np.uint8)
        if device.type == "cuda":
            host = torch.empty(starts[-1], dtype=torch.uint8, pin_memory=True).numpy()
        for start, array in zip(starts, self._arrays, strict=False):
            host[start : start + array.nbytes] = array.reshape(-1).view(np.uint8)
        sent = torch.from_numpy(host).to(device, non_blocking=True)
        return [
            sent[start : start + array.nbytes].view(_KINDS[array.dtype.name]).view(array.shape)
            for start, array in zip(starts, self._arrays, strict=False)
        ]
