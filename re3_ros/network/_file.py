# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The safetensors file itself: its header, and the sha256 kept beside it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from re3_ros.errors import WeightsError, writing

_LARGEST_HEADER = 100_000_000


def read_header(path: Path) -> dict[str, Any]:
    """Return the JSON header: per tensor dtype, shape and offsets, and ``__metadata__``.

    Raises WeightsError if the file is missing, is no safetensors file, or is cut short.
    """
    if not path.is_file():
        raise WeightsError(f"no weights at {path}; give the path of a .safetensors file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= _LARGEST_HEADER or file.read(1) != b"{":
            raise _foreign(path)
        text = b"{" + file.read(length - 1)
    if len(text) < length:
        raise _truncated(path, 8 + length)
    try:
        header: dict[str, Any] = json.loads(text)
        ends = [entry["data_offsets"][1] for entry in tensors_of(header).values()]
        expected = 8 + length + max(ends, default=0)
    except (ValueError, LookupError, TypeError) as error:
        raise _foreign(path) from error
    if path.stat().st_size < expected:
        raise _truncated(path, expected)
    _validate(path)
    return header


def _validate(path: Path) -> None:
    """Let safetensors check what a header may say: offsets, shapes, types, texts."""
    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged, safetensors says: {error}") from error


def tensors_of(header: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a header that describe tensors."""
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def looks_like(path: Path) -> str:
    """Return what the first bytes say that stands in the place of weights, with the way out.

    Empty for anything but a web page or a Git LFS pointer, which downloads leave behind.
    """
    with path.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        return "it is a web page; download the file itself, not the page that offers it"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; `git lfs pull` fetches the file that it stands for"
    return ""


def _foreign(path: Path) -> WeightsError:
    if instead := looks_like(path):
        return WeightsError(f"{path} is not a safetensors file: {instead}")
    return WeightsError(
        f"{path} is not a safetensors file; published TensorFlow or PyTorch weights are "
        "converted by `re3 weights import`"
    )


def _truncated(path: Path, expected: int) -> WeightsError:
    size = path.stat().st_size
    return WeightsError(
        f"{path} is truncated: {size} bytes of {expected}; copy or download it again"
    )


def sha256(path: Path) -> str:
    """Return the sha256 of a file in lower-case hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def hash_path(path: Path) -> Path:
    """Return where the hash of ``path`` is kept: ``NAME.sha256`` beside ``NAME``."""
    return path.with_name(path.name + ".sha256")


def write_hash(path: Path) -> None:
    """Write the hash of ``path`` beside it as `sha256sum` does; `sha256sum -c` reads it."""
    with writing(hash_path(path), f"{path} is whole"):
        hash_path(path).write_text(f"{sha256(path)}  {path.name}\n", encoding="utf-8")


def read_hash(path: Path) -> str | None:
    """Return the hash kept beside ``path``, None if there is none.

    Raises WeightsError if the file beside it holds no hash.
    """
    beside = hash_path(path)
    if not beside.is_file():
        return None
    text = beside.read_text(encoding="utf-8", errors="replace").lower()
    match = re.match(r"\\?([0-9a-f]{64})\b", text)
    if match is None:
        raise WeightsError(f"{beside} holds no sha256; write it anew with `sha256sum {path.name}`")
    return match.group(1)


def verify_hash(path: Path, expected: str | None) -> None:
    """Check ``path`` against the ``expected`` hash, or against the one kept beside it if any.

    Raises WeightsError, naming both hashes, if they differ.
    """
    wanted = (expected or read_hash(path) or "").lower()
    if wanted and wanted != (found := sha256(path)):
        source = "asked for" if expected else f"in {hash_path(path).name}"
        raise WeightsError(
            f"{path} has sha256 {found}, the one {source} is {wanted}: the file was changed or "
            "damaged; copy or download it again"
        )
