# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of the device that the network ran on."""

from __future__ import annotations

import gc

import torch


def release_memory() -> None:
    """Give back what objects that were just let go of held on GPUs."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
