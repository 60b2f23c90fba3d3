# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The named networks and how one is built."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from re3_ros.errors import ConfigError

from ._base import Re3Network
from ._compact import Compact
from ._paper import PaperNetwork


@dataclass(frozen=True)
class Preset:
    """A named network: what makes it, and the options in which it differs from the defaults."""

    summary: str
    make: Callable[..., Re3Network]
    options: dict[str, Any] = field(default_factory=dict)

    def choices(self) -> list[str]:
        """Return the names of all options."""
        return sorted(inspect.signature(self.make).parameters)


PRESETS: dict[str, Preset] = {
    "compact": Preset("the shipped default: small, with a visibility output", Compact),
    "paper": Preset("the network of the paper, 190 million parameters", PaperNetwork),
    "paper-googlenet": Preset(
        "the paper's model K: a GoogLeNet trunk", PaperNetwork, {"trunk": "googlenet"}
    ),
    "tf-small": Preset(
        "the smaller network published for TensorFlow in 2018",
        PaperNetwork,
        {"fc_width": 1024, "lstm_width": 512, "peephole": "diagonal"},
    ),
    "pt-small": Preset(
        "the small, fast network published for PyTorch",
        PaperNetwork,
        {
            "trunk": "small",
            "skip_widths": (),
            "lstm_width": 512,
            "peephole": "none",
            "recurrent_bias": True,
            "head_width": 512,
        },
    ),
}


def build(name: str, **overrides: Any) -> Re3Network:
    """Return a new network with random weights: a preset of `PRESETS`, options overridden.

    Raises ConfigError, listing the choices, for an unknown preset or option.
    """
    if name not in PRESETS:
        raise ConfigError(f"no network is named {name!r}; choose one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    unknown = sorted(set(overrides) - set(preset.choices()))
    if unknown:
        raise ConfigError(
            f"network {name!r} has no option {', '.join(map(repr, unknown))}; "
            f"its options are {', '.join(preset.choices())}"
        )
    network = preset.make(**{**preset.options, **overrides})
    network.architecture = name
    return network
