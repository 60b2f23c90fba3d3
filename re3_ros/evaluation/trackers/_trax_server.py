# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Any of our trackers as a TraX server: what the VOT toolkit starts and talks to."""

from __future__ import annotations

from typing import Any, TextIO

import numpy as np

from re3_ros.boxes import Boxes
from re3_ros.datasets import Colour
from re3_ros.errors import Re3Error, SourceError

from ._interface import TrackerFactory, parse_prediction
from ._trax import Message, encode_region, parse_image, parse_message, parse_region

ARGUMENTS = {"initialize": 2, "frame": 1, "quit": 0}


def serve_trax(factory: TrackerFactory, name: str, requests: TextIO, answers: TextIO) -> int:
    """Answer a TraX client until it quits or its stream ends; return how many frames it sent.

    Each ``initialize`` gets a new tracker. Speaks version 3 of the protocol, one target at a time,
    which clients of version 4 speak as well.

    Raises Re3Error, after telling the client, for a message that makes no sense, an image that
    cannot be read, and whatever the tracker itself raises.
    """
    server = _Server(factory, answers)
    server.hello(name)
    try:
        for line in requests:
            message = _understand(line)
            if message is not None and message.name == "quit":
                break
            if message is not None:
                server.answer(message)
    except Exception as error:
        server.send(Message("quit", (), {"trax.reason": str(error)}))
        if isinstance(error, Re3Error):
            raise
        raise Re3Error(f"{name} failed: {type(error).__name__}: {error}") from error
    return server.frames


def _understand(line: str) -> Message | None:
    message = parse_message(line)
    if message is None:
        return None
    if message.name not in ARGUMENTS:
        raise SourceError(f"TraX message {message.name!r} makes no sense to a tracker")
    wanted = ARGUMENTS[message.name]
    counted = parse_message(line, wanted)
    if counted is None or len(counted.arguments) != wanted:
        raise SourceError(f"TraX message {line[:80]!r} needs {wanted} arguments")
    return counted


class _Server:
    """One conversation."""

    def __init__(self, factory: TrackerFactory, answers: TextIO) -> None:
        self.frames = 0
        self._factory, self._answers = factory, answers
        self._tracker: Any = None
        self._last: Boxes = np.zeros(4)

    def send(self, message: Message) -> None:
        """Write a line at once."""
        self._answers.write(message.encode())
        self._answers.flush()

    def hello(self, name: str) -> None:
        """Say what this side can do."""
        can = {
            "trax.version": "3",
            "trax.name": name,
            "trax.description": "re3_ros",
            "trax.image": "path;data;memory;",
            "trax.region": "rectangle;",
            "trax.channels": "color;",
        }
        self.send(Message("hello", (), can))

    def answer(self, message: Message) -> None:
        """Take a frame; say where the target is."""
        self.frames += 1
        score = np.nan
        if message.name == "initialize":
            self._tracker = self._factory()
            self._last = parse_region(message.arguments[1])
            self._tracker.init(self._read(message), self._last.copy())
        elif self._tracker is None:
            raise SourceError("TraX message 'frame' came before 'initialize'")
        else:
            self._last, score = parse_prediction(
                self._tracker.update(self._read(message)), self._last
            )
        properties = {"confidence": f"{score:.6f}"} if np.isfinite(score) else {}
        self.send(Message("state", (encode_region(self._last),), properties))

    def _read(self, message: Message) -> Any:
        colour: Colour = getattr(self._tracker, "colour", "rgb")
        return parse_image(message.arguments[0], colour)
