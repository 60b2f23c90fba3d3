# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Any command that speaks TraX, behind the runner's interface."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from re3_ros.boxes import Boxes
from re3_ros.errors import ConfigError, SourceError

from ._interface import Answer
from ._trax import Message, encode_image, encode_region, parse_message, parse_region

GRACE = 3.0
"""Seconds that a tracker has to end after it was told to."""
OBJECTS_APART = 4
"""From this version of the protocol on, region and image come in two messages."""


class TraxTracker:
    """A tracker in a process of its own, spoken to over its standard streams.

    It is given the paths of the frames, so its time includes its reading them. It is started by
    `init`; SourceError tells how it ended, with the last line it wrote, where it does.
    """

    takes_paths = True

    def __init__(self, command: str) -> None:
        self._command = check_command(command)
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self._can: dict[str, str] = {}

    def init(self, path: Path, box: Boxes) -> None:
        """Start the command, and tracking on the image at ``path``."""
        if self._process is None:
            self._start()
        region = encode_region(box, self._can.get("trax.region", "rectangle"))
        image = encode_image(path, self._can.get("trax.image", "path"))
        if int(self._can.get("trax.version", "1")) >= OBJECTS_APART:
            self._send(Message("initialize", (region,)))
            self._send(Message("frame", (image,)))
        else:
            self._send(Message("initialize", (image, region)))
        self._state()

    def update(self, path: Path) -> Answer:
        """Return the box and, where the tracker tells one, its confidence."""
        self._send(Message("frame", (encode_image(path, self._can.get("trax.image", "path")),)))
        state = self._state()
        box = parse_region(state.arguments[0])
        confidence = state.properties.get("confidence")
        return box if confidence is None else (box, float(confidence))

    def close(self) -> None:
        """Tell the tracker to end, and see to it that it does."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError, ValueError):
            assert process.stdin is not None
            process.stdin.write(Message("quit").encode())
            process.stdin.close()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
        if self._errors is not None:
            self._errors.close()

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile(  # noqa: SIM115  (closed when the tracker ends)
            "w+", encoding="utf-8", errors="replace"
        )
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        hello = self._hear("hello")
        self._can = hello.properties
        channels = self._can.get("trax.channels", "color;").strip(";").split(";")
        if channels != ["color"]:
            raise SourceError(f"the tracker wants channels {channels}; only color can be given")

    def _send(self, message: Message) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message.encode())
            self._process.stdin.flush()
        except OSError:
            raise SourceError(self._ending()) from None

    def _state(self) -> Message:
        state = self._hear("state", 1)
        if not state.arguments:
            raise SourceError("the tracker sent a state without a region")
        return state

    def _hear(self, wanted: str, arguments: int = 0) -> Message:
        """Return the next message, passing over whatever else the tracker prints."""
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = parse_message(line, arguments)
            if message is None:
                continue
            if message.name == wanted:
                return message
            quit_ = parse_message(line, 0)
            reason = quit_.properties.get("trax.reason") if quit_ else None
            raise SourceError(
                f"the tracker sent {message.name!r}, not {wanted!r}: {reason or line}"
            )
        raise SourceError(self._ending())

    def _ending(self) -> str:
        """Say how the tracker ended."""
        assert self._process is not None
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "the tracker closed its output without ending"
        last = ""
        if self._errors is not None:
            self._errors.seek(0)
            last = next((s for s in reversed(self._errors.read().splitlines()) if s.strip()), "")
        return f"the tracker ended with exit code {code}" + (f": {last}" if last else "")


def check_command(command: str) -> list[str]:
    """Return the words of a command. Raises ConfigError where it cannot be run."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"command {command!r} cannot be split into words: {error}") from None
    if not words:
        raise ConfigError("trax: needs a command, such as 'trax:python my_tracker.py'")
    if shutil.which(words[0]) is None:
        raise ConfigError(f"{words[0]!r} in {command!r} is no program; give its path")
    return words
