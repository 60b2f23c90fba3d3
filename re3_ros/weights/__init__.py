# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the shipped weights lie."""

from __future__ import annotations

import os
from pathlib import Path

from re3_ros.errors import WeightsError

__all__ = ["DEFAULT_NAME", "default_weights"]

DEFAULT_NAME = "compact"


def default_weights(name: str = DEFAULT_NAME) -> Path:
    """Return the path of shipped weights: beside this module, or in an installed ROS package.

    Raises WeightsError, listing the places looked at, if there are none of that name.
    """
    prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    folders = [Path(__file__).parent]
    folders += [Path(p) / "share" / "re3_ros" / "weights" for p in prefixes]
    for folder in folders:
        path = folder / f"{name}.safetensors"
        if path.is_file():
            return path
    looked = ", ".join(str(f) for f in folders)
    raise WeightsError(f"no weights named {name!r} in {looked}; give a file, or install them anew")
