# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""From bag to bag, as the node would have done it."""

import dataclasses
import itertools
import logging
import struct

import cv2
import numpy as np
import pytest
from rosbags.highlevel import AnyReader

from re3_ros.bags import (
    ANNOTATIONS_TOPIC,
    COMPRESSED,
    DETECTIONS_TOPIC,
    STATUS_TOPIC,
    box_of,
    run_bag,
)
from re3_ros.boxes import iou
from re3_ros.errors import BoxError, ConfigError, SourceError

TOPIC = "/camera/image_raw"


def contents(path):
    """Return [(time of recording, message)] by topic."""
    found = {}
    with AnyReader([path]) as reader:
        for connection, logged, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            found.setdefault(connection.topic, []).append((logged, message))
    return found


def key(header):
    return header.stamp.sec, header.stamp.nanosec, header.frame_id


def places(message):
    """Return what can be compared of a Detection2DArray."""
    return [(d.id, *box_of(d.bbox), d.results[0].hypothesis.score) for d in message.detections]


@pytest.fixture
def box(doubles):
    return {"cup": doubles.truth(0)}


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_each_image_gives_detections_and_status(
    make_bag, messages, session, box, tmp_path, storage
):
    source = make_bag(messages, storage=storage)
    summary = run_bag(source, tmp_path / "out", box, session, storage=storage, weights="w.st")
    assert (summary.topic, summary.images, summary.processed) == (TOPIC, 12, 12)
    out = contents(tmp_path / "out")
    assert set(out) == {ANNOTATIONS_TOPIC, DETECTIONS_TOPIC, STATUS_TOPIC}
    for topic in out:
        assert [logged for logged, _ in out[topic]] == list(messages)
    for topic in (DETECTIONS_TOPIC, STATUS_TOPIC):
        assert [key(m.header) for _, m in out[topic]] == [key(m.header) for m in messages.values()]
    status = out[STATUS_TOPIC][-1][1]
    assert (status.camera, status.weights) == ("camera", "w.st")
    assert status.device == "cpu, torch float32"
    assert (status.frames_received, status.frames_processed) == (12, 12)
    assert status.latency > 0


def test_detections_are_where_the_object_is(make_bag, messages, session, box, doubles, tmp_path):
    run_bag(make_bag(messages), tmp_path / "out", box, session)
    found = [m for _, m in contents(tmp_path / "out")[DETECTIONS_TOPIC]]
    for i in (1, 5, 9, 11):
        (detection,) = found[i].detections
        assert detection.id == "cup"
        assert detection.header == found[i].header
        assert iou(box_of(detection.bbox), doubles.truth(i)) > 0.8
        (result,) = detection.results
        assert result.hypothesis.class_id == "object"
        assert result.hypothesis.score > 0.9


def test_lost_targets_are_in_the_status_only(make_bag, messages, box, doubles, tmp_path):
    from re3_ros.tracking import SessionConfig, TrackingSession

    config = SessionConfig(uncertain_frames=1, lost_frames=1)
    session = TrackingSession(doubles.Finder(), config=config)
    run_bag(make_bag(messages), tmp_path / "out", box, session)
    out = contents(tmp_path / "out")
    states = [m.targets[0].state for _, m in out[STATUS_TOPIC]]
    counts = [len(m.detections) for _, m in out[DETECTIONS_TOPIC]]
    assert 3 in states
    assert counts == [0 if state == 3 else 1 for state in states]
    assert [m.targets[0].frames_since_init for _, m in out[STATUS_TOPIC]] == list(range(12))


def test_compressed_images_and_copies(make_bag, messages, compress, session, box, tmp_path):
    packed = {t: compress(m) for t, m in messages.items()}
    source = make_bag(packed, COMPRESSED, "/camera/compressed")
    run_bag(source, tmp_path / "out", box, session, copy_images=True)
    out = contents(tmp_path / "out")
    copies = [m for _, m in out["/camera/compressed"]]
    assert len(out[DETECTIONS_TOPIC]) == len(copies) == 12
    assert all(np.array_equal(c.data, m.data) for c, m in zip(copies, packed.values(), strict=True))


BAD = {
    "truncated data": {"data": np.zeros(100, np.uint8)},
    "empty data": {"data": np.zeros(0, np.uint8)},
    "wrong step": {"step": 7},
    "unknown encoding": {"encoding": "magenta12"},
    "no size": {"height": 0},
}


def nv12(rgb):
    """Return the bytes of an image in nv12, made from OpenCV's order of the planes."""
    height, width = rgb.shape[:2]
    i420 = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420).ravel()
    luma, u, v = np.split(i420, [height * width, height * width * 5 // 4])
    return np.concatenate([luma, np.column_stack([u, v]).ravel()]), width


def bgr16(rgb):
    return (rgb[..., ::-1].astype("<u2") * 16).reshape(-1).view(np.uint8), 6 * rgb.shape[1]


@pytest.mark.parametrize(("encoding", "encode"), [("nv12", nv12), ("bgr16", bgr16)])
def test_what_the_node_reads_is_read_from_bags(
    make_bag, messages, session, box, doubles, tmp_path, encoding, encode
):
    for i, message in enumerate(messages.values()):
        message.data, message.step = encode(doubles.picture(i, i in (6, 7)))
        message.encoding = encoding
    summary = run_bag(make_bag(messages), tmp_path / "out", box, session)
    assert (summary.images, summary.processed) == (12, 12)
    (detection,) = contents(tmp_path / "out")[DETECTIONS_TOPIC][-1][1].detections
    assert iou(box_of(detection.bbox), doubles.truth(11)) > 0.7


def test_buffers_that_drivers_fill_up_are_read(
    make_bag, messages, compress, session, box, tmp_path
):
    padded = {}
    for logged, message in messages.items():
        packed = compress(message, "jpg")
        packed.data = np.pad(packed.data, (0, len(message.data) - len(packed.data)))
        padded[logged] = packed
    summary = run_bag(make_bag(padded, COMPRESSED), tmp_path / "out", box, session)
    assert (summary.images, summary.processed) == (12, 12)


@pytest.mark.parametrize("kind", BAD)
def test_bad_images_are_skipped_counted_and_harmless(
    make_bag, messages, box, doubles, tmp_path, caplog, kind
):
    from re3_ros.tracking import TrackingSession

    good = dict(list(messages.items()))
    times = list(good)
    broken = {t: dataclasses.replace(m, **BAD[kind]) for t, m in good.items() if t in times[3:5]}
    without = {t: m for t, m in good.items() if t not in broken}
    sessions = [TrackingSession(doubles.Finder()) for _ in range(2)]
    with caplog.at_level(logging.WARNING):
        mixed = make_bag({**good, **broken}, name="mixed")
        summary = run_bag(mixed, tmp_path / "a", box, sessions[0])
    run_bag(make_bag(without, name="clean"), tmp_path / "b", box, sessions[1])
    assert summary.rejected == {"ImageError": 2}
    assert summary.processed == 10
    assert "image 4 skipped" in caplog.text
    a, b = (contents(tmp_path / name)[DETECTIONS_TOPIC] for name in "ab")
    assert [places(m) for _, m in a] == [places(m) for _, m in b]
    assert contents(tmp_path / "a")[STATUS_TOPIC][-1][1].frames_rejected == 2


def test_size_change_mid_stream_is_taken(make_bag, messages, session, box, tmp_path):
    from re3_ros.bags import image_message

    for i, (logged, message) in enumerate(list(messages.items())):
        if i >= 6:
            image = message.data.reshape(message.height, message.width, 3)[:100, :150]
            messages[logged] = image_message(image, message.header)
    summary = run_bag(make_bag(messages), tmp_path / "out", box, session)
    assert summary.processed == 12


def test_stamps_going_backwards_are_skipped(make_bag, messages, session, box, tmp_path):
    times = list(messages)
    messages[times[5]] = dataclasses.replace(messages[times[5]], header=messages[times[1]].header)
    summary = run_bag(make_bag(messages), tmp_path / "out", box, session)
    assert summary.rejected == {"StampError": 1}
    assert summary.processed == 11


def test_warnings_do_not_flood(make_bag, messages, session, box, tmp_path, caplog):
    times = list(messages)
    for t in times[1:]:
        messages[t] = dataclasses.replace(messages[t], encoding="magenta12")
    with caplog.at_level(logging.WARNING):
        summary = run_bag(make_bag(messages), tmp_path / "out", box, session)
    assert summary.rejected == {"ImageError": 11}
    assert caplog.text.count("skipped: ") == 3


def test_bag_without_one_usable_image_is_an_error(make_bag, messages, session, box, tmp_path):
    bad = {t: dataclasses.replace(m, step=1) for t, m in messages.items()}
    with pytest.raises(SourceError, match="no usable image: 12 images that cannot be read"):
        run_bag(make_bag(bad), tmp_path / "out", box, session)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("box", [(900, 20, 940, 60), (10, 10, 10.5, 40), (np.nan, 0, 5, 5)])
def test_bad_box_leaves_no_output(make_bag, messages, session, tmp_path, box):
    with pytest.raises(BoxError):
        run_bag(make_bag(messages), tmp_path / "out", {"cup": box}, session)
    assert not (tmp_path / "out").exists()


def test_stop_keeps_what_is_done(make_bag, messages, session, box, tmp_path):
    seen = []
    run_bag(
        make_bag(messages),
        tmp_path / "out",
        box,
        session,
        on_frame=lambda _, result: seen.append(result),
        stop=lambda: len(seen) == 5,
    )
    assert len(contents(tmp_path / "out")[DETECTIONS_TOPIC]) == 5


def test_damage_after_some_images_keeps_them(
    make_bag, messages, session, box, tmp_path, monkeypatch, caplog
):
    from rosbags.rosbag2 import Reader

    whole = Reader.messages

    def broken(*args, **options):
        yield from itertools.islice(whole(*args, **options), 5)
        raise struct.error("unpack requires 8 bytes")

    monkeypatch.setattr(Reader, "messages", broken)
    with caplog.at_level(logging.WARNING):
        summary = run_bag(make_bag(messages), tmp_path / "out", box, session)
    monkeypatch.undo()
    assert summary.processed == 5
    assert "damaged after image 5: unpack requires 8 bytes" in summary.damage
    assert "damaged" in caplog.text
    assert len(contents(tmp_path / "out")[DETECTIONS_TOPIC]) == 5


@pytest.mark.parametrize("output", ["in", "in/../in"])
def test_source_is_never_replaced(make_bag, messages, session, box, tmp_path, output):
    source = make_bag(messages)
    with pytest.raises(ConfigError, match="would replace"):
        run_bag(source, tmp_path / output, box, session, overwrite=True)
    with pytest.raises(ConfigError, match="would replace"):
        run_bag(source / "in.mcap", tmp_path / output, box, session, overwrite=True)
    assert source.is_dir()
