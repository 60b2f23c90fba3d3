# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bags written are bags that others read, and bad ones are named with the way out."""

from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.interfaces import MessageDefinitionFormat

from re3_ros.bags import (
    ANNOTATIONS,
    COMPRESSED,
    DETECTIONS,
    IMAGE,
    STATUS,
    BagReader,
    BagWriter,
    header,
    is_bag,
    typestore,
)
from re3_ros.errors import ConfigError, ImageError, SourceError
from re3_ros.images import read_message
from re3_ros.tracking import stamp_of

TOPIC = "/camera/image_raw"


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_images_come_back_as_they_were(make_bag, messages, doubles, storage):
    with BagReader(make_bag(messages, storage=storage), TOPIC) as reader:
        recorded = list(reader)
    assert reader.length == len(recorded) == 12
    assert [r.logged for r in recorded] == list(messages)
    for i, item in enumerate(recorded):
        message = item.message()
        assert np.array_equal(read_message(message), doubles.picture(i, i in (6, 7)))
        assert message.header == list(messages.values())[i].header


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_bags_carry_their_definitions(make_bag, messages, storage):
    """AnyReader has no types of its own and refuses a bag whose type hashes are not right."""
    path = make_bag(messages, storage=storage)
    with AnyReader([path]) as reader:
        (connection,) = reader.connections
        assert connection.msgdef.format == MessageDefinitionFormat.MSG
        assert connection.digest.startswith("RIHS01_")
        read = [reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages()]
    assert [m.header.frame_id for m in read] == ["lens"] * 12


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_metadata_suits_humble_and_later(make_bag, messages, storage):
    text = (make_bag(messages, storage=storage) / "metadata.yaml").read_text()
    assert "version: 8" in text
    assert f"storage_identifier: {storage}" in text


@pytest.mark.parametrize("suffix", ["png", "jpeg"])
def test_compressed_images_are_read(make_bag, messages, compress, doubles, suffix):
    path = make_bag({t: compress(m, suffix) for t, m in messages.items()}, COMPRESSED)
    with BagReader(path) as reader:
        images = [read_message(r.message()) for r in reader]
    assert np.abs(images[3].astype(int) - doubles.picture(3)).mean() < 8


def test_single_file_is_a_bag_too(make_bag, messages):
    path = make_bag(messages)
    (path / "metadata.yaml").unlink()
    with BagReader(path / "in.mcap") as reader:
        assert len(list(reader)) == 12


def test_only_image_topic_is_found(make_bag, messages):
    with BagReader(make_bag(messages)) as reader:
        assert (reader.topic, reader.type) == (TOPIC, IMAGE)


def test_missing_topic_is_answered_with_those_there(make_bag, messages):
    path = make_bag(messages)
    with pytest.raises(SourceError, match=f"no topic /nope; it has {TOPIC} \\({IMAGE}\\)"):
        BagReader(path, "/nope")


def test_topic_of_another_type_is_named(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.write("/head", "std_msgs/msg/Header", header(5), 5)
    with pytest.raises(SourceError, match=r"/head of .* is of type std_msgs/msg/Header, not"):
        BagReader(tmp_path / "bag", "/head")
    with pytest.raises(SourceError, match=r"no topic of type .*it has /head"):
        BagReader(tmp_path / "bag")


def test_several_image_topics_ask_for_a_choice(tmp_path, messages):
    with BagWriter(tmp_path / "bag") as writer:
        for logged, message in messages.items():
            writer.write("/left", IMAGE, message, logged)
            writer.write("/right", IMAGE, message, logged)
    with pytest.raises(SourceError, match=r"several topics .*name one with --image: /left"):
        BagReader(tmp_path / "bag")


@pytest.mark.parametrize(
    "name", ["gone", "folder", "text.mcap", "text.db3", "old.bag", "movie.mp4"]
)
def test_what_is_no_bag_is_named(tmp_path, name):
    (tmp_path / "folder").mkdir()
    if "." in name:
        (tmp_path / name).write_text("no bag at all, but some text instead " * 20)
    with pytest.raises(SourceError, match=name.replace(".", r"\.")):
        BagReader(tmp_path / name)


@pytest.mark.parametrize("text", ["", "rosbag2_bagfile_information: 3", "{", "a: b"])
def test_bad_metadata_is_said_and_the_files_read(make_bag, messages, text):
    path = make_bag(messages)
    (path / "metadata.yaml").write_text(text)
    with BagReader(path) as reader:
        assert len(list(reader)) == len(messages)
        assert "ros2 bag reindex" in reader.damage


def read_all(path):
    """Return the messages that can be read, and what was said of those that cannot."""
    try:
        with BagReader(path) as reader:
            return list(reader), reader.damage
    except SourceError as error:
        return [], str(error)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_truncated_bag_is_an_error_or_ends_early(make_bag, messages, share, storage):
    path = make_bag(messages, storage=storage)
    (file,) = (f for f in path.iterdir() if f.suffix != ".yaml")
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    read, problem = read_all(path)
    assert len(read) < 12
    assert str(path) in problem


def test_damaged_message_is_an_image_error(make_bag, messages, tmp_path):
    raw = bytes(typestore().serialize_cdr(next(iter(messages.values())), IMAGE))
    with BagWriter(tmp_path / "bag") as writer:
        writer.write_raw(TOPIC, IMAGE, raw[: len(raw) // 2], 5)
        writer.write_raw(TOPIC, IMAGE, b"", 6)
    with BagReader(tmp_path / "bag") as reader:
        for recorded in reader:
            with pytest.raises(ImageError, match="recorded at"):
                read_message(recorded.message())


def test_existing_output_is_kept(tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        BagWriter(tmp_path / "bag")


def test_overwrite_replaces_bags_and_nothing_else(make_bag, messages, tmp_path):
    path = make_bag(messages)
    with BagWriter(path, overwrite=True) as writer:
        writer.write("/head", "std_msgs/msg/Header", header(5), 5)
    with pytest.raises(SourceError, match="it has /head"):
        BagReader(path, TOPIC)
    thesis = tmp_path / "documents"
    thesis.mkdir()
    (thesis / "thesis.tex").write_text("ten years of work")
    with pytest.raises(ConfigError, match="is no bag"):
        BagWriter(thesis, overwrite=True)
    assert (thesis / "thesis.tex").is_file()
    assert not is_bag(thesis)


def test_unwritable_output_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot write bag"):
        BagWriter(tmp_path / "file" / "bag")


def test_unknown_storage_is_named(tmp_path):
    with pytest.raises(ConfigError, match="'tape'; expected one of mcap, sqlite3"):
        BagWriter(tmp_path / "bag", storage="tape")


def test_nothing_written_leaves_nothing(tmp_path):
    with BagWriter(tmp_path / "bag"):
        pass
    assert not list(tmp_path.iterdir())


def write_and_fail(path, messages):
    with BagWriter(path) as writer:
        for logged, message in messages.items():
            writer.write(TOPIC, IMAGE, message, logged)
        raise RuntimeError("disk on fire")


def test_bag_is_complete_after_an_error(tmp_path, messages):
    with pytest.raises(RuntimeError):
        write_and_fail(tmp_path / "bag", messages)
    with BagReader(tmp_path / "bag") as reader:
        assert len(list(reader)) == 12


def test_stamps_survive():
    for stamp in (0, 1, 999_999_999, 10**9, 1_700_000_000_123_456_789):
        assert stamp_of(header(stamp)) == stamp


def test_all_our_types_can_be_registered_by_others(tmp_path, session, messages):
    from re3_ros.bags import run_bag

    with BagWriter(tmp_path / "in") as writer:
        for logged, message in messages.items():
            writer.write(TOPIC, IMAGE, message, logged)
    run_bag(tmp_path / "in", tmp_path / "out", {"cup": (20, 30, 44, 54)}, session)
    with AnyReader([Path(tmp_path / "out")]) as reader:
        assert {c.msgtype for c in reader.connections} == {ANNOTATIONS, DETECTIONS, STATUS}
        assert reader.typestore.types["re3_ros/msg/TargetStatus"].LOST == 3
