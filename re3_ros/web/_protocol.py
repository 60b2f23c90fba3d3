# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What browsers and server say to each other.

A browser sends JSON texts, each with a ``type``: ``token``, ``watch`` (a camera), ``ready`` (for
the next image), ``start``, ``drop``, ``rename``. The last three may bear a ``request``, a number
that the answer, ``done`` or ``error``, repeats. Images go the other way as one binary message: four
bytes with the length of a header, most significant first, the header in JSON, the JPEG. Stamps are
texts, because JSON's numbers are too short for nanoseconds in a browser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from re3_ros.errors import BoxError, InputError

from ._settings import LONGEST_LABEL

Fields = dict[str, Any]
COMMANDS = ("start", "drop", "rename")
KINDS = ("token", "watch", "ready", *COMMANDS)
_LATEST = 2**63 - 1


@dataclass(frozen=True)
class Start:
    """A box was drawn; an empty name leaves it to the server to choose one."""

    camera: str
    name: str
    box: tuple[float, ...]
    stamp: int


@dataclass(frozen=True)
class Drop:
    """A target is to be forgotten."""

    camera: str
    name: str


@dataclass(frozen=True)
class Rename:
    """A target is to be shown under another name; the empty one is its own."""

    camera: str
    name: str
    label: str


Command = Start | Drop | Rename


def read(text: str) -> Fields:
    """Return the fields of a message. Raises InputError for what is none."""
    try:
        fields = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, InputError) else "it is not JSON"
        raise InputError(f"a message cannot be read: {reason}") from error
    if not isinstance(fields, dict) or fields.get("type") not in KINDS:
        raise InputError(f"a message has no type that is known; expected one of {', '.join(KINDS)}")
    return fields


def request_of(fields: Fields) -> int | None:
    """Return the number that the answer repeats, if there is one."""
    number = fields.get("request")
    return number if type(number) is int and 0 <= number < 2**53 else None


def command_of(fields: Fields) -> Command:
    """Return the command in a message of such a type. Raises InputError, BoxError."""
    camera, kind = text_of(fields, "camera"), fields["type"]
    if kind == "start":
        name = label_of(fields, "name", empty=True)
        return Start(camera, name, _box_of(fields), _stamp_of(fields))
    if kind == "drop":
        return Drop(camera, text_of(fields, "name"))
    return Rename(camera, text_of(fields, "name"), label_of(fields, "label", empty=True))


def text_of(fields: Fields, key: str) -> str:
    """Return a field that has to be a text. Raises InputError."""
    value = fields.get(key)
    if not isinstance(value, str):
        raise InputError(f"{key} is {_shown(value)}; expected a text")
    return value


def label_of(fields: Fields, key: str, empty: bool = False) -> str:
    """Return a field that has to be a name, without blanks around it. Raises InputError."""
    text = text_of(fields, key).strip()
    if len(text) > LONGEST_LABEL or not text.isprintable() or not (text or empty):
        raise InputError(
            f"{key} is {_shown(text)}; expected a name of at most {LONGEST_LABEL} characters "
            "without line breaks"
        )
    return text


def dumps(**fields: Any) -> str:
    """Return a message of the server."""
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def pack(header: Fields, jpeg: bytes) -> bytes:
    """Return the binary message of an image."""
    text = dumps(**header).encode()
    return len(text).to_bytes(4, "big") + text + jpeg


def _box_of(fields: Fields) -> tuple[float, ...]:
    box = fields.get("box")
    if not isinstance(box, list) or len(box) != 4:
        raise BoxError(f"box is {_shown(box)}; expected four numbers x1, y1, x2, y2 in pixels")
    return tuple(_number(value) for value in box)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BoxError(f"box has {_shown(value)} in it; expected numbers of pixels")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _stamp_of(fields: Fields) -> int:
    text = fields.get("stamp", "0")
    digits = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 20
    if not digits or int(text) > _LATEST:
        raise InputError(f"stamp is {_shown(text)}; expected nanoseconds as a text of digits")
    return int(text)


def _refuse_constant(name: str) -> float:
    raise InputError(f"{name} is no number in JSON")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
