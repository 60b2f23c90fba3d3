# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the convolutional trunk of a network starts from."""

from __future__ import annotations

from pathlib import Path

from re3_ros.errors import ConfigError
from re3_ros.network import Re3Network, Trunk, initialise_trunk, load
from re3_ros.weights import default_weights

SHIPPED = "shipped"
"""Instead of a file: the weights that come with the package, or their trunk."""


def start_trunk(network: Re3Network, backbone: str, root: Path) -> None:
    """Fill the trunk from ``root / backbone``, from the shipped weights, or by chance.

    Without a backbone it is drawn as He et al. (2015). Raises WeightsError for a file that is not
    readable or does not fit, ConfigError where the shipped trunk does not fit.
    """
    trunk = network.get_submodule("trunk")
    if not backbone:
        trunk.start_msra()  # type: ignore[operator]
    elif backbone == SHIPPED:
        shipped = load(default_weights()).get_submodule("trunk")
        if type(shipped) is not type(trunk):
            raise ConfigError(
                f"backbone is {SHIPPED!r}, a {type(shipped).__name__}, but the network "
                f"{network.architecture} has a {type(trunk).__name__}; give a file that fits"
            )
        trunk.load_state_dict(shipped.state_dict())
    elif isinstance(trunk, Trunk):
        initialise_trunk(trunk, root / backbone)
    else:
        trunk.load_npz(root / backbone)  # type: ignore[operator]
