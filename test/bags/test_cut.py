# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bags whose recording or copying broke off: what is there of them is read, and said."""

import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from re3_ros.bags import IMAGE, BagReader, typestore
from re3_ros.bags._cut_mcap import zstd
from re3_ros.errors import SourceError

COUNT = 60
LEAF = 12
"""Messages that may be missing before the cut: a page of SQLite tells where several are."""
TOPIC = "/camera/image_raw"


def read(path):
    """Return the stamps of recording of what can be read, and what is said of the damage."""
    with BagReader(path) as reader:
        return [recorded.logged for recorded in reader], reader.damage


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


@pytest.fixture
def messages(messages):
    """Return COUNT messages with noise for pixels, which cannot be packed."""
    rng = np.random.default_rng(0)
    found = {}
    for i, (logged, message) in enumerate([*messages.items()] * (COUNT // len(messages))):
        noise = rng.integers(0, 255, message.data.shape, np.uint8)
        found[logged + i // len(messages) * 10**9] = replace(message, data=noise)
    return found


@pytest.fixture
def whole(make_bag, messages):
    """Return a function that makes a bag of images and returns its only storage file."""

    def make(storage, name="in"):
        folder = make_bag(messages, storage=storage, name=name)
        (file,) = folder.glob("*.mcap" if storage == "mcap" else "*.db3")
        return file

    return make


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("single", [True, False])
def test_a_bag_that_was_cut_off_is_read_up_to_there(
    whole, messages, caplog, storage, share, single
):
    file = whole(storage)
    cut(file, share)
    found, damage = read(file if single else file.parent)
    assert found == list(messages)[: len(found)]
    assert len(found) >= int(COUNT * share) - LEAF
    assert f"{len(found)} messages were read" in damage
    assert ("mcap recover" if storage == "mcap" else ".recover") in damage
    assert ("ros2 bag reindex" in damage) == (not single)
    assert damage in caplog.text


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_without_metadata_is_read_whole(whole, messages, storage):
    folder = whole(storage).parent
    (folder / "metadata.yaml").unlink()
    found, damage = read(folder)
    assert found == list(messages)
    assert "no metadata.yaml that fits" in damage
    assert f"ros2 bag reindex {folder}" in damage


@pytest.mark.parametrize("text", ["", "{", "rosbag2_bagfile_information: 3"])
def test_broken_metadata_is_no_hindrance(whole, messages, text):
    folder = whole("mcap").parent
    (folder / "metadata.yaml").write_text(text)
    assert read(folder)[0] == list(messages)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_of_several_files_the_last_may_be_cut(make_bag, messages, storage):
    parts = list(messages.items())
    folder = make_bag(dict(parts[:30]), storage=storage)
    rest = make_bag(dict(parts[30:]), storage=storage, name="rest")
    (first,) = [p for p in folder.iterdir() if p.name != "metadata.yaml"]
    (last,) = [p for p in rest.iterdir() if p.name != "metadata.yaml"]
    cut(last, 0.8)
    # Their numbers count: 10 comes after 9.
    first.rename(folder / f"in_9{first.suffix}")
    last.rename(folder / f"in_10{first.suffix}")
    found, damage = read(folder)
    assert 30 < len(found) < COUNT
    assert found == list(messages)[: len(found)]
    assert f"in_10{first.suffix}" in damage
    assert "in_9" not in damage


def test_a_file_packed_with_zstd_may_be_cut(whole, messages):
    file = whole("mcap")
    packed = file.with_name(f"{file.name}.zstd")
    packed.write_bytes(zstd.compress(file.read_bytes()))
    file.unlink()
    assert read(file.parent)[0] == list(messages)
    cut(packed, 0.6)
    found, damage = read(packed)
    assert 0 < len(found) < COUNT
    assert "its end is missing" in damage


@pytest.mark.parametrize(
    ("storage", "mode"),
    [
        (StoragePlugin.MCAP, CompressionMode.FILE),
        (StoragePlugin.MCAP, CompressionMode.MESSAGE),
        (StoragePlugin.MCAP, CompressionMode.STORAGE),
        (StoragePlugin.SQLITE3, CompressionMode.FILE),
        (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
    ],
)
def test_compressed_bags_that_were_cut(tmp_path, messages, mode, storage):
    writer = Writer(tmp_path / "zip", version=8, storage_plugin=storage)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=typestore())
        for logged, message in messages.items():
            writer.write(connection, logged, typestore().serialize_cdr(message, IMAGE))
    assert read(tmp_path / "zip") == (list(messages), "")
    (file,) = [p for p in (tmp_path / "zip").iterdir() if p.name != "metadata.yaml"]
    cut(file, 0.7)
    with BagReader(tmp_path / "zip") as reader:
        found = [recorded.message().header.stamp.nanosec for recorded in reader]
    assert found == [m.header.stamp.nanosec for m in messages.values()][: len(found)]
    assert 0 < len(found) < COUNT


def test_what_is_in_the_journal_of_sqlite_is_read_too(whole, messages, tmp_path):
    file = whole("sqlite3")
    database = sqlite3.connect(file)
    rows = database.execute("SELECT topic_id, timestamp, data FROM messages").fetchall()
    database.execute("DELETE FROM messages WHERE timestamp > ?", [rows[3][1]])
    database.commit()
    database.execute("PRAGMA journal_mode=WAL")
    database.executemany("INSERT INTO messages(topic_id, timestamp, data) VALUES(?,?,?)", rows[4:])
    database.commit()
    (tmp_path / "dead").mkdir()
    for part in file.parent.glob(f"{file.name}*"):  # as a recorder leaves it that was killed
        shutil.copy(part, tmp_path / "dead")
    database.close()
    found, damage = read(tmp_path / "dead")
    assert found == list(messages)
    assert "its recorder did not close it" in damage
    assert {p.name for p in (tmp_path / "dead").glob("*.db3-wal")}, "the bag itself stays as it is"


def test_space_that_was_never_written_ends_a_bag(whole, messages):
    file = whole("mcap")
    data = file.read_bytes()
    half = len(data) // 2
    file.write_bytes(data[:half] + bytes(len(data) - half))
    found, _ = read(file)
    assert found == list(messages)[: len(found)]


@pytest.mark.parametrize("data", [b"", b"\x89MCAP0\r\n", b"nonsense" * 100])
def test_what_is_no_bag_at_all_is_refused_with_the_way_out(whole, data):
    file = whole("mcap")
    file.write_bytes(data)
    for path in (file, file.parent):
        with pytest.raises(SourceError, match=r"cannot be read .*; give a whole copy"):
            BagReader(path)
