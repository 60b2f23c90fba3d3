# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The mean of several weights, which is often better than each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from re3_ros.errors import WeightsError
from re3_ros.network import Re3Network, describe, load, read_free_metadata


def average_weights(paths: Sequence[Path]) -> tuple[Re3Network, dict[str, str]]:
    """Return the arithmetic mean of weights of one run or of runs with a common start.

    The metadata's ``parents`` (JSON) hold name, sha256 and metadata of each file. Raises
    WeightsError for fewer than two files, and for networks of different structure.
    """
    if len(paths) < 2:
        raise WeightsError(f"{len(paths)} file given; an average needs two or more")
    networks = [load(path) for path in paths]
    first = networks[0]
    for path, network in zip(paths, networks, strict=True):
        if (network.architecture, network.options) != (first.architecture, first.options):
            raise WeightsError(
                f"{path} is {network.architecture} {network.options}, but {paths[0]} is "
                f"{first.architecture} {first.options}; only equal networks have a mean"
            )
    states = [network.state_dict() for network in networks]
    mean = {name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]}
    first.load_state_dict(mean)
    first.activation_ranges = {}  # they are of other weights
    return first, {"parents": json.dumps([_describe(path) for path in paths])}


def _describe(path: Path) -> dict[str, object]:
    free = read_free_metadata(path)
    return {"file": path.name, "sha256": describe(path).sha256, "metadata": free}
