# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of the device that the network ran on, and how it says that it is gone.

torch is not imported here: a process that never did has no device to lose.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import Any

_TEXTS = (
    "cuda error",
    "cuda out of memory",
    "cuda runtime error",
    "cuda driver error",
    "cudnn error",
    "cudnn_status_",
    "cublas_status_",
    "cusolver_status_",
    "hip error",
    "hip out of memory",
    "device-side assert",
    "no cuda gpus are available",
    "found no nvidia driver",
)


def release_memory() -> None:
    """Give back what objects that were just let go of held on GPUs; a lost one has nothing."""
    gc.collect()
    torch = _torch()
    if torch is not None and torch.cuda.is_initialized():
        with contextlib.suppress(RuntimeError):
            torch.cuda.empty_cache()


def device_fault(error: BaseException | None) -> str:
    """Return why an exception, or what caused it, means that the device cannot go on; or nothing.

    Out of memory, failed kernels and lost devices count; torch marks them by their type or, in
    RuntimeErrors, only by their text.
    """
    types = _types()
    while error is not None:
        text = str(error)
        told = isinstance(error, RuntimeError) and any(t in text.lower() for t in _TEXTS)
        if told or isinstance(error, types):
            first = text.strip().partition("\n")[0]
            return f"{type(error).__name__}: {first}"
        error = error.__cause__
    return ""


def _torch() -> Any:
    return sys.modules.get("torch")


def _types() -> tuple[type[BaseException], ...]:
    torch = _torch()
    if torch is None:
        return ()
    # A kernel failed or the device is lost; before torch 2.8 a bare RuntimeError.
    failed = [torch.AcceleratorError] if hasattr(torch, "AcceleratorError") else []
    return (torch.cuda.OutOfMemoryError, *failed)  # torch.OutOfMemoryError from torch 2.5 on
