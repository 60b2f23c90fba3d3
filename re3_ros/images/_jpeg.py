# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a JPEG file is whole, judged by its pixels.

libjpeg fills what is missing with grey and says nothing. A mark at the end tells little: drivers
leave it out, or fill up their buffers behind it, and neither is damage.
What was cut off shows in this: with other bytes behind it, other pixels come out. A progressive
file is a picture from its first part on: without the mark, nothing tells whether it is whole.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._image import Image

_END = b"\xff\xd9"
_OTHER_BYTES = b"\x55" * 64, b"\xaa" * 64
_GREY = 128

Decode = Callable[[bytes], Image]


def decode_jpeg(file: bytes, progressive: bool, decode: Decode, probe: Decode) -> Image:
    """Return what ``decode`` makes of a JPEG file, whatever stands behind its pixels.

    ``probe`` does the same, and is silent about files that are wrong: it decides in doubt.

    Raises OSError if pixels are missing, and what ``decode`` and ``probe`` raise.
    """
    end = file.find(_END, _scan(file))
    if end < 0 and progressive:
        raise OSError("it is cut off, or has no end mark, which a progressive JPEG needs")
    if end < 0:
        return _whole(_body(file), probe)
    image = decode(file)
    # What is missing before an end mark is grey: the last pixel too.
    return _whole(file[:end], probe) if _is_grey(image[-1, -1]) else image


def _is_grey(pixel: NDArray[np.uint8]) -> bool:
    return bool((pixel == _GREY).all())


def _whole(body: bytes, probe: Decode) -> Image:
    """Return the picture of a file without its end mark; OSError if not only that is missing."""
    first, second = (probe(body + other + _END) for other in _OTHER_BYTES)
    if not np.array_equal(first, second):
        raise OSError("it is cut off before its end")
    return first


def _body(file: bytes) -> bytes:
    """Return a file without the zeros that fill up a buffer."""
    body = file.rstrip(b"\0")
    return body + b"\0" if body.endswith(b"\xff") else body  # 0xff 0 is one byte of pixels


def _scan(file: bytes) -> int:
    """Return where the pixels begin: segments before may hold a small picture with its own end."""
    at = 2
    while at + 4 <= len(file) and file[at] == 0xFF:
        if file[at + 1] == 0xFF:  # any number of them may stand before a mark
            at += 1
            continue
        length = int.from_bytes(file[at + 2 : at + 4], "big")
        if file[at + 1] == 0xDA:
            return at + 2 + length
        at += 2 + length
    return at
