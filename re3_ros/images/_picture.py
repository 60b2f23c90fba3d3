# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The one decoder of encoded pictures: JPEG, PNG, TIFF, BMP, WebP, PNM, GIF, JPEG 2000."""

from __future__ import annotations

import io
import logging
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from re3_ros.errors import ImageError

from ._image import Image
from ._jpeg import decode_jpeg
from ._scale import scale_16_bit

KINDS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "PPM", "GIF", "JPEG2000")
"""As Pillow names them; its other readers are rarely used, and some start programs."""
PICTURE_SUFFIXES = frozenset(
    {".apng", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm"}
    | {".tif", ".tiff", ".webp"}
)
"""By which pictures are found in a folder; what a file is, its first bytes say."""
MOST_PIXELS = 2**26
"""In a picture: a few damaged bytes of its header must not cost gigabytes."""
_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_NUMBERS = ("I", "F")
"""How the names of Pillow's modes begin that hold one number a pixel, of 16 or 32 bits."""
_BITS, _PHOTOMETRIC, _ORIENTATION = 258, 262, 274
"""Tags of TIFF."""
_TURNS = PIL.Image.Transpose
_BACK = {
    2: _TURNS.FLIP_LEFT_RIGHT,
    3: _TURNS.ROTATE_180,
    4: _TURNS.FLIP_TOP_BOTTOM,
    5: _TURNS.TRANSPOSE,
    6: _TURNS.ROTATE_90,
    7: _TURNS.TRANSVERSE,
    8: _TURNS.ROTATE_270,
}
"""Orientation -> what undoes it: Pillow turns a TIFF as it reads it, and nothing else."""
_BY_WAY_OF = {"P": "RGBA", "PA": "RGBA", "RGBa": "RGBA", "La": "LA"}
"""Modes that Pillow does not convert to RGB, or not without a warning."""

_log = logging.getLogger(__name__)


def decode_picture(data: Any, name: str = "picture") -> Image:
    """Return uint8 RGB (H, W, 3) of an encoded picture, its pixels as they are stored.

    That is: not turned by EXIF, without alpha and colour profile, more than 8 bits as in
    `scale_16_bit`; of several pictures the first, with a line in the log. ``data`` is anything
    with the buffer protocol, ``name`` names it in messages.

    Raises ImageError, with the reason, if it is empty, cut off, damaged, of another kind, or of
    more than MOST_PIXELS.
    """
    try:
        return decode(bytes(data), name)
    except ImageError as error:
        raise ImageError(f"{name} is no readable picture: {error}") from error


def decode(file: bytes, name: str) -> Image:
    """Do as `decode_picture`; the message of the ImageError is the bare reason."""
    try:
        return _decode(file, name)
    except ImageError:
        raise
    except Exception as error:  # damaged headers end in many ways
        raise ImageError(reason(error)) from error


def reason(error: Exception) -> str:
    """Return in words what Pillow or OpenCV had against a picture."""
    if isinstance(error, PIL.UnidentifiedImageError):
        kinds = "JPEG, PNG, TIFF, BMP, WebP, PNM, GIF or JPEG 2000"
        return f"it is empty, damaged at its beginning, or not a usual {kinds}"
    return " ".join(str(error).split()) or type(error).__name__


def open_picture(file: Any) -> PIL.Image.Image:
    """Return a picture whose pixels are still to be read, from a path or an open file.

    Raises ImageError for one of more than MOST_PIXELS, and what Pillow raises.
    """
    picture = PIL.Image.open(file, formats=KINDS)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        picture.close()
        raise ImageError(f"it has {width} x {height} pixels; at most {MOST_PIXELS} are read")
    return picture


def several(picture: PIL.Image.Image) -> bool:
    """Return whether a file holds more than one picture; a preview beside a photograph is none."""
    return picture.format not in {"JPEG", "MPO"} and bool(getattr(picture, "is_animated", False))


def pixels_of(picture: PIL.Image.Image) -> Image:
    """Return uint8 RGB of a picture, as `decode_picture`. Raises what Pillow raises."""
    turned, white_is_zero = _tag(picture, _ORIENTATION, 1), _tag(picture, _PHOTOMETRIC, 1) == 0
    picture.load()
    picture = picture.transpose(_BACK[turned]) if turned in _BACK else picture
    if picture.mode.startswith(_NUMBERS):
        return _grey(picture, white_is_zero)
    between = _BY_WAY_OF.get(picture.mode)
    picture = picture if between is None else picture.convert(between)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"), np.uint8)


def is_deep(picture: PIL.Image.Image, file: bytes) -> bool:
    """Return whether colours have more than 8 bits, of which Pillow would keep the upper ones."""
    if picture.mode.startswith(_NUMBERS):
        return False
    if picture.format == "PNG":
        return file[24:25] == b"\x10"  # the depth in IHDR, always the first chunk
    if picture.format == "PPM":
        return file[:2] == b"P6" and len(file) >= 6 * picture.width * picture.height
    return int(np.max(_tag(picture, _BITS, 8))) > 8


def _tag(picture: PIL.Image.Image, number: int, default: int) -> Any:
    return getattr(picture, "tag_v2", {}).get(number, default)


def _decode(file: bytes, name: str) -> Image:
    with open_picture(io.BytesIO(file)) as picture:
        if several(picture):
            _log.warning("%s holds several pictures, of which the first is taken", name)
        if picture.format in {"JPEG", "MPO"}:
            # Pillow decodes as fast, but then copies the pixels twice; OpenCV writes to stderr.
            load = _through_opencv if picture.mode in {"L", "RGB"} else _through_pillow
            return decode_jpeg(file, "progressive" in picture.info, load, _through_pillow)
        if not is_deep(picture, file):
            return pixels_of(picture)
        picture.load()  # which OpenCV would not refuse if it is cut off
    return _through_opencv(file)


def _through_pillow(file: bytes) -> Image:
    with PIL.Image.open(io.BytesIO(file), formats=KINDS) as picture:
        return pixels_of(picture)


def _grey(picture: PIL.Image.Image, white_is_zero: bool) -> Image:
    numbers = np.asarray(picture)
    numbers = numbers.astype(numbers.dtype.newbyteorder("="))
    eight = scale_16_bit(numbers)
    if white_is_zero and picture.mode.startswith("I;16"):
        eight = 255 - eight  # which Pillow minds for 8 bits only
    return _to_rgb(eight, cv2.COLOR_GRAY2RGB)


def _through_opencv(file: bytes) -> Image:
    pixels = cv2.imdecode(np.frombuffer(file, np.uint8), _FLAGS)
    if pixels is None:
        raise ValueError("it is damaged, or of a rare kind that OpenCV does not read")
    eight = pixels if pixels.dtype == np.uint8 else scale_16_bit(pixels)
    return _to_rgb(eight, cv2.COLOR_BGR2RGB)


def _to_rgb(pixels: NDArray[Any], code: int) -> Image:
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)
