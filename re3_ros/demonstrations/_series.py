# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Joint states and commands, and which of them belongs to an image."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from re3_ros.bags import BagReader
from re3_ros.errors import ConfigError, InputError, SourceError
from re3_ros.tracking import stamp_of

JOINTS = "sensor_msgs/msg/JointState"
TWIST, TWIST_STAMPED = "geometry_msgs/msg/Twist", "geometry_msgs/msg/TwistStamped"
STATES, COMMANDS = (JOINTS,), (TWIST, TWIST_STAMPED, JOINTS)
"""What may be a state, and what a command."""
TOLERANCE = 0.05
"""Seconds by which a message may be away from its image."""
TWIST_NAMES = tuple(f"{part}.{axis}" for part in ("linear", "angular") for axis in "xyz")


class Sampled(NamedTuple):
    """The values for some images."""

    values: NDArray[np.float64]
    """(T, n)."""
    missing: int
    """Images without a message of their time, which repeat the value of another."""


class Series:
    """The messages of one topic over time.

    Of commands (``commands``) an image gets the first after it, as the demonstrator answers to what
    is seen; of states the nearest. What bears no stamp goes by its time of recording or arrival.
    """

    def __init__(self, topic: str, commands: bool = False, tolerance: float = TOLERANCE) -> None:
        self.topic, self.commands, self.tolerance = topic, commands, tolerance
        self.names: tuple[str, ...] = ()
        self.refused = 0
        """Messages of no use."""
        self.reason = ""
        """What the first of them was refused for."""
        self.stamped = True
        self._times: list[int] = []
        self._rows: list[list[float]] = []

    def add(self, message: Any, kind: str, arrived: int) -> None:
        """Take a message of type ``kind``, arrived at ``arrived`` ns; count it if of no use."""
        try:
            named = _read(message, kind)
            self.names = self.names or tuple(named)
            row = [named[name] for name in self.names]
            self.stamped = kind != TWIST
            time = stamp_of(message.header) if self.stamped else arrived
        except (InputError, KeyError) as error:
            self.refused += 1
            said = f"joint {error} is not in it" if isinstance(error, KeyError) else str(error)
            self.reason = self.reason or said
            return
        self._times.append(time)
        self._rows.append(row)

    def sample(self, stamps: Sequence[int], arrived: Sequence[int]) -> Sampled:
        """Return the values at images of these stamps and times of arrival, ns.

        Raises SourceError if no message is of the time of any image.
        """
        if not self._times:
            said = f": of {self.refused} none is of use, first: {self.reason}" * bool(self.refused)
            raise SourceError(f"no message on {self.topic}{said}; record it, or leave it out")
        order = np.argsort(self._times, kind="stable")
        times = np.asarray(self._times, np.int64)[order]
        wanted = np.asarray(stamps if self.stamped else arrived, np.int64)
        index = self._index(times, wanted)
        near = np.abs(times[index] - wanted) <= round(self.tolerance * 1e9)
        if not near.any():
            clock = "stamps" if self.stamped else "times of arrival"
            raise SourceError(
                f"no message on {self.topic} is within {self.tolerance:g} s of an image: its "
                f"{clock} go from {times[0] / 1e9:.3f} to {times[-1] / 1e9:.3f} s, those of the "
                f"images from {wanted[0] / 1e9:.3f} to {wanted[-1] / 1e9:.3f} s"
            )
        rows = np.asarray(self._rows, np.float64)[order]
        return Sampled(rows[index[_held(near)]], int((~near).sum()))

    def _index(self, times: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which message each image gets."""
        after = np.searchsorted(times, wanted).clip(max=len(times) - 1)
        before = (after - 1).clip(min=0)
        if self.commands:
            late = times[after] - wanted > round(self.tolerance * 1e9)
            return np.where(late, before, after)
        nearer = np.abs(times[before] - wanted) <= np.abs(times[after] - wanted)
        return np.where(nearer, before, after)


def read_series(source: Path | str, series: Series, kinds: Collection[str]) -> Series:
    """Fill ``series`` with its topic's messages in a bag; return it.

    Raises SourceError if the topic is not there or of none of ``kinds``.
    """
    with BagReader(source, series.topic, types=kinds) as reader:
        for recorded in reader:
            try:
                message = recorded.message()
            except InputError as error:
                series.refused += 1
                series.reason = series.reason or str(error)
                continue
            series.add(message, recorded.type, recorded.logged)
    return series


def check_tolerance(seconds: float) -> float:
    """Return a tolerance. Raises ConfigError for one out of range."""
    if not 0.0 <= seconds <= 10.0:
        raise ConfigError(f"tolerance is {seconds}; expected 0 to 10 s")
    return seconds


def _held(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each image the last one before that has a message, else the first that has."""
    last = np.maximum.accumulate(np.where(near, np.arange(len(near)), -1))
    return np.where(last < 0, int(np.argmax(near)), last)


def _read(message: Any, kind: str) -> dict[str, float]:
    """Return the values of a message by name. Raises InputError if they make no sense."""
    if kind == JOINTS:
        named = _joints(message)
    else:
        twist = message.twist if kind == TWIST_STAMPED else message
        parts = [
            getattr(vector, axis) for vector in (twist.linear, twist.angular) for axis in "xyz"
        ]
        named = dict(zip(TWIST_NAMES, map(float, parts), strict=True))
    if not np.isfinite(list(named.values())).all():
        raise InputError(f"values are not finite: {named}")
    return named


def _joints(message: Any) -> dict[str, float]:
    """Return positions, or else velocities, or else efforts, by joint."""
    names = [str(name) for name in message.name]
    given = (message.position, message.velocity, message.effort)
    values = next((v for v in given if len(v)), ())
    if not names or len(values) != len(names) or len(set(names)) < len(names):
        raise InputError(f"joint state has {len(values)} values for the joints {names}")
    return dict(zip(names, map(float, values), strict=True))
