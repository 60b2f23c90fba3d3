# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a text file to lines, and from a line to its numbers.

Label files come from many programs: with a byte-order mark or in UTF-16 (Windows), with a separator
at the end of each line (spreadsheets), or with decimal commas (a German or French Excel).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from re3_ros.errors import SourceError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does, hence before it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks and the encodings that they stand for."""
LARGEST = 2.0**53
"""Whole numbers up to this one are exact in a float64."""
_WORD = re.compile(r"\s*[,;]\s*|\s+")
_BLANKS = re.compile(r"\s*;\s*|\s+")
_DECIMAL = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_FORM = "numbers with a decimal point, separated by commas, semicolons, tabs or blanks"


def read_text(path: Path) -> str:
    """Return a text file: UTF-8, or UTF-16 or UTF-32, which their byte-order mark tells.

    UTF-16 without a mark is known by its zero bytes. Raises SourceError naming a file that cannot
    be read or is in another encoding.
    """
    try:
        data = path.read_bytes()
        return data.decode(_encoding(data))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} cannot be read ({error}); expected a text file in UTF-8 or UTF-16"
        ) from error


def _encoding(data: bytes) -> str:
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    head = data[: 2 * (len(data[:64]) // 2)]
    for name, zeros, letters in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if (
            head
            and not any(head[zeros::2])
            and head[letters::2].isascii()
            and all(head[letters::2])
        ):
            return name
    return "utf-8"


def split_line(line: str) -> list[str]:
    """Return the fields of a line; commas, semicolons, tabs and blanks all separate.

    A separator at the end is left out. Commas are decimal points where other separators stand
    between the fields: "200,5; 150,25" and "200,5 150,25" have two fields, 200.5 and 150.25.
    """
    line = line.strip().rstrip(",; \t")
    if has_decimal_commas(line):
        return [field.replace(",", ".") for field in _BLANKS.split(line)]
    return _WORD.split(line)


def has_decimal_commas(line: str) -> bool:
    """Say whether other separators stand between the fields, and commas only inside of numbers."""
    fields = _BLANKS.split(line.strip().rstrip(",; \t"))
    with_comma = [field for field in fields if "," in field]
    return len(fields) > 1 and bool(with_comma) and all(map(_DECIMAL.fullmatch, with_comma))


def parse_numbers(path: Path, number: int, line: str, expected: str = "") -> NDArray[np.float64]:
    """Return one line's numbers; SourceError names the line where one is none."""
    try:
        return np.array([_number(v) for v in split_line(line)])
    except ValueError as error:
        wanted = expected or "x,y,w,h in pixels, or nan,nan,nan,nan"
        raise SourceError(
            f"{path} line {number}: {shorten(line)} is not {wanted} ({error}); give {_FORM}"
        ) from None


def _number(word: str) -> float:
    if "_" in word:  # digits may be grouped so in Python, and nowhere else
        raise ValueError(f"{word!r} is no number")
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{word!r} is no number" if word else "a field is empty") from None


def whole(path: Path, number: int, values: NDArray[np.float64], what: str) -> list[int]:
    """Return values as whole numbers; SourceError names the line where one is none."""
    good = np.isfinite(values) & (np.abs(values) <= LARGEST) & (values == np.rint(values))
    if not good.all():
        bad = values[~good][0]
        raise SourceError(f"{path} line {number}: {bad} is no whole number; expected {what}")
    return [int(v) for v in values]


def finite(path: Path, number: int, values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return values; SourceError names the line where one is NaN or infinite."""
    if not np.isfinite(values).all():
        bad = values[~np.isfinite(values)][0]
        raise SourceError(f"{path} line {number}: {bad} is not finite; expected {what}")
    return values


def check_points(path: Path, lines: Sequence[tuple[int, str]], columns: int) -> None:
    """Raise SourceError for lines in which commas separate the fields and are decimal points too.

    ``200,5,150,25,80,0,80,0`` may be eight numbers or four. It is four where each line has twice
    the ``columns``, all of digits alone, and either some second number begins with a zero, as only
    fractions do, or all second numbers have one digit.
    """
    rows = [words for _, line in lines if (words := _digits(line, 2 * columns)) is not None]
    if not rows or len(rows) < sum(bool(line.strip()) for _, line in lines):
        return
    fractions = [word for row in rows for word in row[1::2]]
    padded = any(len(f) > 1 and f.startswith("0") for f in fractions)
    if padded or all(len(f) == 1 for f in fractions):
        raise SourceError(
            f"{path} line {lines[0][0]}: {shorten(lines[0][1])} has commas as decimal points and "
            f"between numbers; give {_FORM}"
        )


def _digits(line: str, count: int) -> list[str] | None:
    """Return the words of a line that has so many, separated by commas, or None if it is not so."""
    words = line.strip().rstrip(",").split(",")
    good = len(words) == count and all(w.strip().lstrip("+-").isdecimal() for w in words)
    good = good and all(w.isdecimal() for w in words[1::2])
    return words if good else None


def shorten(line: str, most: int = 80) -> str:
    """Return a line in quotes, cut off where it is long."""
    return repr(line if len(line) <= most else f"{line[:most]}...")
