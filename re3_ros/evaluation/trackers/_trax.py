# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""TraX, the protocol between trackers and the VOT toolkit: messages, regions, images.

A message is a line: ``@@TRAX:name "argument" ... "key=value" ...``. Written after the protocol
specification (trax.readthedocs.io) and what libtrax 4 sends and takes.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from re3_ros.boxes import Boxes, from_xywh, to_xywh
from re3_ros.datasets import Colour, rle_to_box
from re3_ros.errors import ImageError, SourceError
from re3_ros.images import Image, decode_picture

PREFIX = "@@TRAX:"
_PAIR = re.compile(r"([\w.]{1,64})=(.*)", re.DOTALL)
_QUOTED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))', re.DOTALL)


@dataclass(frozen=True)
class Message:
    """One line of the protocol."""

    name: str
    """hello, initialize, frame, state or quit."""
    arguments: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)

    def encode(self) -> str:
        """Return the line, its end included."""
        words = [*self.arguments, *(f"{key}={value}" for key, value in self.properties.items())]
        return " ".join([PREFIX + self.name, *(f'"{_escape(word)}"' for word in words)]) + "\n"


def parse_message(line: str, arguments: int | None = None) -> Message | None:
    """Return the message in a line, None for a line of other output.

    ``arguments`` is how many of its words are arguments, whatever they look like; without it,
    those that do not look like ``key=value``.
    """
    if not line.startswith(PREFIX):
        return None
    name, _, rest = line[len(PREFIX) :].strip().partition(" ")
    words = [bare or _unescape(quoted) for quoted, bare in _QUOTED.findall(rest)]
    if arguments is None:
        arguments = sum(_PAIR.fullmatch(word) is None for word in words)
    pairs = [match for word in words[arguments:] if (match := _PAIR.fullmatch(word))]
    return Message(name, tuple(words[:arguments]), {m[1]: m[2] for m in pairs})


def encode_region(box: Boxes, formats: str = "rectangle") -> str:
    """Return a box in the simplest of the formats that the other side takes."""
    x, y, w, h = to_xywh(box).tolist()
    if "rectangle" in formats:
        return ",".join(f"{v:.4f}" for v in (x, y, w, h))
    if "polygon" in formats:
        corners = (x, y, x + w, y, x + w, y + h, x, y + h)
        return ",".join(f"{v:.4f}" for v in corners)
    if "mask" in formats:
        left, top, right, bottom = np.rint(box).astype(int).tolist()
        w, h = max(right - left, 1), max(bottom - top, 1)
        return f"mask:{left},{top},{w},{h},0,{w * h}"
    raise SourceError(f"regions as {formats!r} are unknown; known are rectangle, polygon and mask")


def parse_region(text: str) -> Boxes:
    """Return rectangle, polygon or mask as corners, by outermost points.

    Raises SourceError for anything else, an empty mask among it.
    """
    kind, _, numbers = text.rpartition(":")
    try:
        values = np.array([float(v) for v in numbers.split(",") if v])
    except ValueError:
        values = np.empty(0)
    if kind == "mask" and len(values) >= 4 and np.isfinite(values).all():
        return _mask_box(values)
    if kind == "" and len(values) == 4:
        return from_xywh(values)
    if kind == "" and len(values) >= 6 and len(values) % 2 == 0:
        x, y = values[::2], values[1::2]
        return np.array([x.min(), y.min(), x.max(), y.max()])
    raise SourceError(f"region {text[:80]!r} is neither x,y,w,h nor a polygon nor a mask")


def encode_image(path: Path, formats: str) -> str:
    """Return a file as the tracker wants it: its path if that will do, else its bytes or pixels."""
    if "path" in formats:
        return f"file://{path.resolve()}"
    if "data" in formats:
        kind = {".png": "png"}.get(path.suffix.lower(), "jpeg")
        return f"data:image/{kind};base64;{base64.b64encode(path.read_bytes()).decode()}"
    if "memory" in formats:
        pixels = _decode(path.read_bytes(), "rgb", str(path))
        height, width = pixels.shape[:2]
        return f"image:{width};{height};rgb;{base64.b64encode(pixels.tobytes()).decode()}"
    raise SourceError(f"images as {formats!r} are unknown; known are path, data and memory")


def parse_image(text: str, colour: Colour) -> Image:
    """Return the image as uint8 HxWx3. Raises SourceError for one that cannot be read."""
    scheme, _, rest = text.partition(":")
    try:
        if scheme == "image":
            width, height, kind, data = rest.split(";", 3)
            return _from_memory(data, int(width), int(height), kind, colour)
        if scheme == "data":
            return _decode(base64.b64decode(rest.rsplit(";", 1)[1]), colour)
    except (ValueError, IndexError, binascii.Error) as error:
        raise SourceError(f"image {text[:60]!r} cannot be decoded: {error}") from error
    # libtrax sends paths as they are, others escape what an address may not hold.
    path = Path(text.removeprefix("file://"))
    path = path if path.is_file() else Path(unquote(str(path)))
    try:
        return _decode(path.read_bytes(), colour, str(path))
    except OSError as error:
        raise SourceError(f"image {path} cannot be read: {error.strerror}") from error


def _from_memory(data: str, width: int, height: int, kind: str, colour: Colour) -> Image:
    channels = {"rgb": 3, "gray8": 1}.get(kind)
    if channels is None:
        raise SourceError(f"pixels as {kind!r} are not understood; send rgb or gray8")
    pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, channels)
    rgb = np.broadcast_to(pixels, (height, width, 3))
    return np.ascontiguousarray(rgb if colour == "rgb" else rgb[..., ::-1])


def _decode(data: bytes, colour: Colour, name: str = "image") -> Image:
    try:
        image = decode_picture(data, name)
    except ImageError as error:
        raise SourceError(f"{name} is not a readable image: {error}") from error
    return image if colour == "rgb" else np.ascontiguousarray(image[..., ::-1])


def _mask_box(numbers: Boxes) -> Boxes:
    """Return the box of a mask: x, y, w, h, then runs of zeros and ones in turns, row by row."""
    x, y, w, h, *runs = (int(v) for v in numbers)
    try:
        box = rle_to_box(w, h, runs)
    except ValueError as error:
        raise SourceError(f"a mask at {x},{y} is no region: {error}") from None
    if np.isnan(box).any():
        raise SourceError("an empty mask is no region; a tracker has to say where the target is")
    return np.asarray(box + np.array([x, y, x, y]))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text, flags=re.DOTALL)
