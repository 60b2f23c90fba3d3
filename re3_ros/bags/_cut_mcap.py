# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""MCAP files without an end, and data in zstd or lz4 that breaks off."""

from __future__ import annotations

import io
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from rosbags.rosbag2.storage_mcap import decompress

# rosbags brings both; it is the one that asks for them.
lz4: Any = import_module("lz4.frame")
zstd: Any = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

MAGIC = b"\x89MCAP0\r\n"
FOOTER, CHUNK, DATA_END = 2, 6, 15
END = struct.pack("<BQI", DATA_END, 4, 0) + struct.pack("<BQQQI", FOOTER, 20, 0, 0, 0) + MAGIC
"""The end of a file without a summary."""
_HEAD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<QQQII")
_PIECE = 1 << 20


class CutFile:
    """An MCAP file that breaks off, as if it ended after its last whole record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.length, self.tail = _whole(file)

    def open(self, _mode: str = "rb") -> BinaryIO:
        """Return the file with an end."""
        return io.BufferedReader(_Joined(self.path, self.length, self.tail + END))


class _Joined(io.RawIOBase):
    """The first bytes of a file, and others behind them."""

    def __init__(self, path: Path, length: int, tail: bytes) -> None:
        self._file, self._length, self._tail = path.open("rb"), length, tail
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, self._length + len(self._tail))[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._at < self._length:
            self._file.seek(self._at)
            data = self._file.read(min(len(buffer), self._length - self._at))
        else:
            begin = self._at - self._length
            data = self._tail[begin : begin + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def unzip(data: bytes) -> bytes:
    """Return what was packed with zstd."""
    return bytes(zstd.decompress(data))


def unpack(source: Path, target: Path) -> bool:
    """Unpack a zstd file as far as it goes; return whether its end is there."""
    unpacker = zstd.ZstdDecompressor()
    with source.open("rb") as packed, target.open("wb") as plain:
        while not unpacker.eof and (piece := packed.read(_PIECE)):
            plain.write(unpacker.decompress(piece))
    return bool(unpacker.eof)


def _whole(file: BinaryIO) -> tuple[int, bytes]:
    """Return up to where a file has whole records, and those of the chunk that breaks off there.

    Raises ValueError for a file that is no MCAP.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin as MCAP does")
    end, size = len(MAGIC), file.seek(0, io.SEEK_END)
    while True:
        file.seek(end)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return end, b""
        kind, length = _HEAD.unpack(head)
        if kind in {0, DATA_END, FOOTER}:  # 0: space that was never written
            return end, b""
        if kind == CHUNK:
            chunk = file.read(min(length, size - file.tell()))
            if not _is_sound(chunk, length):
                return end, _records(_unpack_chunk(chunk))
        elif end + _HEAD.size + length > size:
            return end, b""
        end += _HEAD.size + length


def _is_sound(chunk: bytes, length: int) -> bool:
    try:
        _, _, size, crc, packed, kind = _parse(chunk)
        data = decompress(packed, kind, size, crc)
    except Exception:  # noqa: BLE001, damaged data fail in many ways
        return False
    return len(chunk) == length and len(_records(data)) == len(data)


def _parse(chunk: bytes) -> tuple[int, int, int, int, bytes, str]:
    """Return first and last time, size, checksum, data and compression of a chunk."""
    first, last, size, crc, letters = _CHUNK.unpack_from(chunk)
    begin = _CHUNK.size + letters
    kind = chunk[_CHUNK.size : begin].decode()
    (length,) = struct.unpack_from("<Q", chunk, begin)
    return first, last, size, crc, chunk[begin + 8 : begin + 8 + length], kind


def _unpack_chunk(chunk: bytes) -> bytes:
    """Return the records of a chunk as far as they can be unpacked."""
    try:
        *_, data, kind = _parse(chunk)
        if kind == "lz4":
            return bytes(lz4.LZ4FrameDecompressor().decompress(data))
        return bytes(zstd.ZstdDecompressor().decompress(data)) if kind == "zstd" else data
    except Exception:  # noqa: BLE001, as above
        return b""


def _records(data: bytes) -> bytes:
    """Return the records that are whole, up to space that was never written."""
    end, kept = 0, []
    while end + _HEAD.size <= len(data):
        kind, length = _HEAD.unpack_from(data, end)
        begin, end = end, end + _HEAD.size + length
        if end > len(data) or kind == 0:
            break
        kept.append(data[begin:end])
    return b"".join(kept)
