# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the LevelDB-style table and the protocol buffers inside of a TensorFlow index file.

Only what such an index holds is understood: a sorted table of uncompressed blocks, whose values
are messages of varints, nested messages and fixed 32-bit numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5  # of a block: one byte of compression type, four of checksum


class TableError(ValueError):
    """Bytes that are not such a table; the message says what is wrong."""


def read_table(data: bytes) -> dict[bytes, bytes]:
    """Return all keys and values of a table; raises TableError for damage or compression."""
    if len(data) < _FOOTER or int.from_bytes(data[-8:], "little") != _MAGIC:
        raise TableError("it does not end as a table does; it is another file, or truncated")
    footer = data[-_FOOTER:]
    _, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    found: dict[bytes, bytes] = {}
    for _, value in _entries(_block(data, *index)):
        block, _ = _handle(value, 0)
        found.update(_entries(_block(data, *block)))
    return found


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Return offset and size of a block, and the position after them."""
    offset, position = read_varint(data, position)
    size, position = read_varint(data, position)
    return (offset, size), position


def _block(data: bytes, offset: int, size: int) -> bytes:
    """Return the contents of a block, checked against its checksum."""
    end = offset + size
    if end + _TRAILER > len(data) - _FOOTER:
        raise TableError("a block reaches past the end of the file")
    kind = data[end]
    if kind:
        name = "snappy" if kind == 1 else f"type {kind}"
        raise TableError(f"its blocks are compressed ({name}); save the checkpoint anew without")
    stored = int.from_bytes(data[end + 1 : end + _TRAILER], "little")
    if stored != _masked(crc32c(data[offset : end + 1])):
        raise TableError("a block does not match its checksum")
    return data[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values; a key repeats so many bytes of the one before it."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise TableError("a block is shorter than its list of restarts")
    position, key = 0, b""
    while position < end:
        shared, position = read_varint(block, position)
        fresh, position = read_varint(block, position)
        length, position = read_varint(block, position)
        if position + fresh + length > end:
            raise TableError("an entry reaches past the end of its block")
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the variable-length number at ``position``, and the position after it."""
    value = 0
    for k in range(10):
        if position + k >= len(data):
            break
        byte = data[position + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, position + k + 1
    raise TableError("a number has no end")


def read_message(data: bytes) -> dict[int, list[int | bytes]]:
    """Return the fields of a protocol buffer by number, each as often as it occurs."""
    fields: dict[int, list[int | bytes]] = {}
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        value: int | bytes
        match tag & 7:
            case 0:
                value, position = read_varint(data, position)
            case 2:
                length, position = read_varint(data, position)
                value, position = data[position : position + length], position + length
            case 1 | 5:
                length = 8 if tag & 7 == 1 else 4
                value = int.from_bytes(data[position : position + length], "little")
                position += length
            case kind:
                raise TableError(f"a message has a field of unknown kind {kind}")
        fields.setdefault(tag >> 3, []).append(value)
    if position != len(data):
        raise TableError("a message is cut short")
    return fields


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data: bytes) -> int:
    """Return the Castagnoli CRC of ``data``; slow, for the kilobytes of an index."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _masked(crc: int) -> int:
    """Return a checksum as it is stored: rotated and offset, lest data hold their own CRC."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
