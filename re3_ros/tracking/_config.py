# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a tracking session."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from re3_ros.errors import ConfigError
from re3_ros.network.runtimes import RUNTIMES

TIME_JUMPS = ("reject", "clear", "continue")


def _setting(default: float, low: float, high: float, text: str) -> Any:
    """Return a field of the type of its default, in [low, high], documented by ``text``."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "help": text})


def _choice(default: str, choices: tuple[str, ...], text: str) -> Any:
    return dataclasses.field(default=default, metadata={"choices": choices, "help": text})


@dataclass(frozen=True)
class SessionConfig:
    """Settings of a `TrackingSession`.

    Each field's metadata hold its range (``low`` and ``high``, or ``choices``) and its meaning
    (``help``), for whoever turns them into parameters or options. A value out of range raises
    ConfigError with field, value and range.
    """

    reset_interval: int = _setting(
        32, 0, 1_000_000, "passes between resets of the recurrent state; 0 = never (paper: 32)"
    )
    visible_threshold: float = _setting(0.6, 0.0, 1.0, "score from which a target counts as seen")
    uncertain_threshold: float = _setting(
        0.4, 0.0, 1.0, "score under which a target counts as not seen; at most visible_threshold"
    )
    uncertain_frames: int = _setting(
        2, 1, 10_000, "frames in a row not seen after which a target is UNCERTAIN"
    )
    lost_frames: int = _setting(
        10, 1, 10_000, "frames that an UNCERTAIN target has to be seen again, or is LOST"
    )
    found_frames: int = _setting(
        2, 1, 10_000, "steps in a row that must see a LOST target until it is TRACKING"
    )
    found_threshold: float = _setting(
        0.8, 0.0, 1.0, "score that the last of these steps must reach; until then it is followed"
    )
    retry_reach: float = _setting(
        1.0, 0.0, 10.0, "how far around its last box a LOST target is looked for, in box sizes"
    )
    max_side: float = _setting(
        2.0, 1.0, 100.0, "longest side of a box, given or found, in sides of the image"
    )
    ring_size: int = _setting(64, 1, 10_000, "recent frames kept for boxes drawn on them")
    ring_megabytes: int = _setting(
        256, 1, 1_000_000, "memory limit of the recent frames of a camera; the newest always stays"
    )
    max_forward: int = _setting(
        64, 1, 10_000, "most recent frames gone through after a box on a past frame, evenly chosen"
    )
    stamp_tolerance: float = _setting(
        0.0, 0.0, 10.0, "seconds between a box's stamp and its frame's; 0 = half a frame period"
    )
    max_ahead: float = _setting(
        2.0, 0.0, 3600.0, "seconds by which a box may be stamped newer than the newest frame"
    )
    max_targets: int = _setting(32, 1, 10_000, "most targets of one camera")
    time_jump: str = _choice(
        "reject", TIME_JUMPS, "when time jumps back: reject older frames, clear targets, continue"
    )
    runtime: str = _choice(
        "auto", RUNTIMES, "what runs the network; auto = the fastest that can be had"
    )
    threads: int = _setting(
        1, 0, 1024, "threads of the network in this process; 0 = torch's own choice"
    )

    def __post_init__(self) -> None:
        """Raise ConfigError for the first value that is out of range."""
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        if self.uncertain_threshold > self.visible_threshold:
            raise ConfigError(
                f"uncertain_threshold is {self.uncertain_threshold}; expected at most "
                f"visible_threshold, which is {self.visible_threshold}"
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> SessionConfig:
        """Return the settings named in ``values``, the others at their defaults.

        Raises ConfigError for a name that is no setting, and for a value out of range.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                near = difflib.get_close_matches(str(name), names, 1)
                hint = f"did you mean {near[0]}?" if near else f"settings are {', '.join(names)}"
                raise ConfigError(f"no setting is named {name!r}; {hint}")
        return cls(**values)


def _check(field: dataclasses.Field[Any], value: object) -> None:
    if "choices" in field.metadata:
        choices = field.metadata["choices"]
        if value not in choices:
            raise ConfigError(f"{field.name} is {value!r}; expected one of {', '.join(choices)}")
        return
    low, high = field.metadata["low"], field.metadata["high"]
    whole = isinstance(field.default, int)
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not _within(value, low, high):
        kind = "a whole number" if whole else "a number"
        raise ConfigError(f"{field.name} is {value!r}; expected {kind} from {low} to {high}")


def _within(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high
