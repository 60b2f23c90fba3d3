# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables with several blocks, compression and damage, which the fixtures do not have."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.network.published._table import TableError, _masked, crc32c, read_message, read_table

MAGIC = 0xDB4775248B80FB57


def varint(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def block(entries, restart_every=3):
    """Return a block with prefix compression between restarts, and its trailer."""
    out, restarts, last = b"", [], b""
    for k, (key, value) in enumerate(entries):
        shared = 0
        if k % restart_every == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        out += (
            varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        )
        last = key
    for number in (*restarts, len(restarts)):
        out += number.to_bytes(4, "little")
    return out


def table(blocks, kind=0):
    """Return a table of the given blocks of entries."""
    data = b""

    def add(content):
        nonlocal data
        handle = varint(len(data)) + varint(len(content))
        content += bytes([kind])
        data += content + _masked(crc32c(content)).to_bytes(4, "little")
        return handle

    index = [(entries[-1][0], add(block(entries))) for entries in blocks]
    handles = add(block([])) + add(block(index))
    return data + handles.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


BLOCKS = [
    [(b"", b"header"), (b"conv1/b", b"1"), (b"conv1/w", b"2" * 300), (b"conv1/x", b"")],
    [(b"conv2/b", b"3"), (b"conv2/bb", b"4")],
]


def test_all_blocks_and_shared_prefixes_are_read():
    assert read_table(table(BLOCKS)) == dict(BLOCKS[0] + BLOCKS[1])


@given(st.dictionaries(st.binary(max_size=12), st.binary(max_size=200), min_size=1, max_size=40))
def test_whatever_is_written_is_read(content):
    entries = sorted(content.items())
    blocks = [entries[k : k + 7] for k in range(0, len(entries), 7)]
    assert read_table(table(blocks)) == content


def test_the_checksum_is_castagnolis():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA


@pytest.mark.parametrize(("kind", "says"), [(1, "compressed .snappy"), (4, "compressed .type 4")])
def test_compression_is_refused(kind, says):
    with pytest.raises(TableError, match=says):
        read_table(table(BLOCKS, kind))


def test_every_flipped_byte_of_the_blocks_is_found():
    whole = table(BLOCKS)
    for k in range(len(whole) - 48):
        damaged = bytearray(whole)
        damaged[k] ^= 0x10
        try:
            content = read_table(bytes(damaged))
        except TableError:
            continue
        assert content == read_table(whole), k  # the unused block of the metaindex


@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_error_or_a_table(data):
    for attempt in (data, data + MAGIC.to_bytes(8, "little")):
        with contextlib.suppress(TableError):
            read_table(attempt)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_table_error_or_a_message(data):
    try:
        fields = read_message(data)
    except TableError:
        return
    assert all(isinstance(number, int) for number in fields)


def test_a_message():
    message = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x35\x01\x00\x00\x00" + b"\x08\x05"
    assert read_message(message) == {1: [150, 5], 2: [b"hi"], 6: [1]}
    with pytest.raises(TableError, match="cut short"):
        read_message(message[:-5] + b"\x12\x09hi")
