# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""How the page is served, and what is asked of it at most."""

from __future__ import annotations

from dataclasses import dataclass, fields

from re3_ros.errors import ConfigError

from ._address import DEFAULT_ADDRESS

MESSAGE_BYTES = 8192
"""Largest message of a browser; the page's own have less than 500."""
MESSAGES, MESSAGE_BURST = 200.0, 400.0
"""Messages a second that a client is read at, and how many more it may have saved up."""
COMMANDS, COMMAND_BURST = 10.0, 20.0
"""Commands a second that a client may give (boxes, drops, names), and those saved up."""
ANSWERS = 64
"""Texts that wait for a slow client."""
LOOKING = 3.0
"""Seconds after its last question for an image in which a client still counts as looking."""
PATIENCE = 10.0
"""Seconds that a client has to send the token."""
HEARTBEAT = 20.0
"""Seconds between two questions whether a client is still there."""
FAREWELL = 1.0
"""Seconds that a client has to answer when it is told that the server closes."""
LONGEST_LABEL = 64
"""Characters of a name."""


@dataclass(frozen=True)
class WebSettings:
    """Settings of the page. Raises ConfigError for one out of range."""

    address: str = DEFAULT_ADDRESS
    rate: float = 30.0
    """Most images a second for a client, 0.1 to 1000."""
    side: int = 1280
    """Pixels of the longer side that larger images are reduced to, 16 to 16384."""
    quality: int = 80
    """Of the JPEGs, 1 to 100."""
    clients: int = 32
    """Most pages that are open at a time, 1 to 1000."""

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value!r}; expected {low:g} to {high:g}")


RANGES: dict[str, tuple[float, float]] = {
    "rate": (0.1, 1000),
    "side": (16, 16384),
    "quality": (1, 100),
    "clients": (1, 1000),
}
assert set(RANGES) < {field.name for field in fields(WebSettings)}
