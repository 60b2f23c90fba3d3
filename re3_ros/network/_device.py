# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the network runs."""

from __future__ import annotations

import torch

from re3_ros.errors import ConfigError


def pick_device(name: str | torch.device) -> str:
    """Return the device meant by ``name``: ``auto``, ``cpu``, ``cuda``, ``cuda:1``...

    Raises ConfigError if there is no such device.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        found = ["auto", "cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        expected = f"expected one of {', '.join(found)}"
        raise ConfigError(f"device {str(name)!r} cannot be used ({reason}); {expected}") from error
    return str(name)
