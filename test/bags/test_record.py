# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of tracks of bags that are tracked anew."""

import csv
import logging
import sys
from dataclasses import replace

import numpy as np
import pytest

from re3_ros.bags import (
    COLUMNS,
    IMAGE,
    STATUS_TOPIC,
    BagWriter,
    DepthTopics,
    TrackTable,
    header,
    record_bag,
    record_statuses,
    run_bag,
    typestore,
)
from re3_ros.bags._record_depth import CAMERA_INFO
from re3_ros.boxes import iou
from re3_ros.errors import BoxError, CameraError, ConfigError, SourceError
from re3_ros.tracking import TrackingSession

NAMES = [column.name for column in COLUMNS]
NEAR, WALL, FOCAL = 1.25, 4.0, 200.0


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def box_in(row):
    return np.array([float(row[name]) for name in ("x1", "y1", "x2", "y2")])


@pytest.fixture
def box(doubles):
    return {"cup": doubles.truth(0)}


@pytest.fixture
def record(doubles, box, tmp_path):
    """Return a function that records a bag as a CSV and returns its rows and the summary."""

    def run(source, **options):
        session, topic = TrackingSession(doubles.Finder()), options.pop("topic", None)
        with TrackTable(tmp_path / "tracks.csv") as table:
            summary = record_bag(source, table, box, session, topic, **options)
        return read(tmp_path / "tracks.csv"), summary

    return run


def new(kind, **fields):
    return typestore().types[kind](**fields)


def info(width, height, focal=FOCAL):
    """Return a CameraInfo of a lens without distortion."""
    k = np.array([focal, 0, width / 2 - 0.5, 0, focal, height / 2 - 0.5, 0, 0, 1.0])
    roi = new(
        "sensor_msgs/msg/RegionOfInterest",
        x_offset=0,
        y_offset=0,
        height=0,
        width=0,
        do_rectify=False,
    )
    return new(
        CAMERA_INFO,
        header=header(0, "lens"),
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=k,
        r=np.eye(3).ravel(),
        p=np.hstack([k.reshape(3, 3), np.zeros((3, 1))]).ravel(),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def depth_of(index, message_header, doubles, **fields):
    """Return the depth image of a frame: the object in front of a wall."""
    metres = np.full((doubles.H, doubles.W), WALL)
    x1, y1, x2, y2 = doubles.truth(index).astype(int)
    metres[y1:y2, x1:x2] = NEAR
    data = np.rint(metres * 1000).astype("<u2")
    wanted = {
        "header": message_header,
        "height": doubles.H,
        "width": doubles.W,
        "encoding": "16UC1",
        "is_bigendian": 0,
        "step": 2 * doubles.W,
        "data": data.view(np.uint8).ravel(),
    }
    return new(IMAGE, **(wanted | fields))


@pytest.fixture
def depth_bag(messages, doubles, tmp_path):
    """Return a function that writes a bag of images, depth and calibration."""

    def write(delay=0, focal=FOCAL, useless=0, color="/color", change=None, **fields):
        """Write them, the first ``useless`` calibrations all zeros, the others as changed."""

        def calibration(index):
            message = info(doubles.W, doubles.H, 0.0 if index < useless else focal)
            return change(message) if change else message

        with BagWriter(tmp_path / "depth", overwrite=True) as writer:
            for i, (logged, message) in enumerate(messages.items()):
                stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
                late = header(stamp + delay, "lens")
                depth = depth_of(i, late, doubles, **fields)
                writer.write(color, IMAGE, message, logged)
                writer.write("/depth", IMAGE, depth, logged + 1)
                writer.write("/info", CAMERA_INFO, calibration(i), logged + 2)
        return tmp_path / "depth"

    return write


def test_each_target_of_each_image_is_a_row(make_bag, messages, record, doubles):
    rows, summary = record(make_bag(messages))
    assert list(rows[0]) == NAMES
    assert (len(rows), summary.rows, summary.processed, summary.located) == (12, 12, 12, 0)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages.values()]
    assert [int(row["stamp_ns"]) for row in rows] == stamps
    assert [int(row["frames_since_init"]) for row in rows] == list(range(12))
    assert {(row["target"], row["frame_id"], row["camera"]) for row in rows} == {
        ("cup", "lens", "camera")
    }
    for i in (1, 5, 9, 11):
        assert iou(box_in(rows[i]), doubles.truth(i)) > 0.8
        x1, y1, x2, y2 = box_in(rows[i])
        middle = [float(rows[i][name]) for name in ("cx", "cy", "w", "h")]
        assert middle == pytest.approx([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], abs=1e-3)
    assert {row["x"] for row in rows} == {""}


def test_rows_are_those_of_the_bag_that_was_tracked(
    make_bag, messages, record, doubles, box, tmp_path
):
    source = make_bag(messages)
    rows, _ = record(source)
    run_bag(source, tmp_path / "out", box, TrackingSession(doubles.Finder()))
    with TrackTable(tmp_path / "recorded.csv") as table:
        assert record_statuses(tmp_path / "out", table, STATUS_TOPIC) == 12
    same = read(tmp_path / "recorded.csv")
    for name in NAMES:
        assert [row[name] for row in rows] == [row[name] for row in same], name


def test_depth_says_where_in_space_the_target_is(depth_bag, record, doubles):
    rows, summary = record(depth_bag(), topic="/color", depth=DepthTopics("/depth"))
    lost = [row["state"] == "lost" for row in rows]
    assert summary.located == sum(row["z"] != "" for row in rows) >= 8
    assert not any(row["z"] for row, is_lost in zip(rows, lost, strict=True) if is_lost)
    for i in (1, 4, 10):
        truth = doubles.truth(i)
        assert float(rows[i]["z"]) == pytest.approx(NEAR, abs=0.01)
        x = ((truth[0] + truth[2]) / 2 - doubles.W / 2) / FOCAL * NEAR
        y = ((truth[1] + truth[3]) / 2 - doubles.H / 2) / FOCAL * NEAR
        assert float(rows[i]["x"]) == pytest.approx(x, abs=0.02)
        assert float(rows[i]["y"]) == pytest.approx(y, abs=0.02)
        assert all(0 < float(rows[i][name]) < 0.01 for name in ("var_x", "var_y", "var_z"))


def test_depth_of_another_time_is_not_taken(depth_bag, record):
    near = DepthTopics("/depth", tolerance=0.01)
    rows, summary = record(depth_bag(delay=12_000_000), topic="/color", depth=near)
    assert (len(rows), summary.located) == (12, 0)
    rows, summary = record(depth_bag(delay=8_000_000), topic="/color", depth=near)
    assert summary.located >= 8


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"encoding": "rgb8"}, "depth ImageError"),
        ({"data": np.zeros(10, np.uint8)}, "depth ImageError"),
        ({"width": 80, "step": 160}, "depth CameraError"),
    ],
)
def test_bad_depth_is_counted_and_the_image_goes_on(depth_bag, record, caplog, fields, kind):
    with caplog.at_level(logging.WARNING):
        rows, summary = record(depth_bag(**fields), topic="/color", depth=DepthTopics("/depth"))
    assert (len(rows), summary.located) == (12, 0)
    assert summary.rejected == {kind: 12}
    assert caplog.text.count("depth image") >= 3


def test_the_first_calibration_of_use_is_taken(depth_bag, record):
    _, summary = record(depth_bag(useless=4), topic="/color", depth=DepthTopics("/depth"))
    assert summary.located >= 8


@pytest.mark.parametrize("missing", ["k", "p"])
@pytest.mark.parametrize("model", ["auto", "rectified", "raw"])
def test_either_matrix_of_a_calibration_will_do(depth_bag, record, missing, model):
    def half(message):
        return replace(message, **{missing: np.zeros_like(getattr(message, missing))})

    depth = DepthTopics("/depth", camera_model=model)
    _, summary = record(depth_bag(change=half), topic="/color", depth=depth)
    assert summary.located >= 8


@pytest.mark.parametrize(
    ("model", "topic", "factor"),
    [
        ("auto", "/raw", 1),
        ("auto", "/image_rect", 2),
        ("rectified", "/raw", 2),
        ("raw", "/rect", 1),
    ],
)
def test_the_camera_model_chooses_between_the_matrices(depth_bag, record, model, topic, factor):
    def two(message):
        return replace(message, p=message.p * np.array([2.0, *[1.0] * 11]))

    whole, _ = record(depth_bag(), topic="/color", depth=DepthTopics("/depth"))
    depth = DepthTopics("/depth", camera_model=model)
    rows, _ = record(depth_bag(color=topic, change=two), topic=topic, depth=depth)
    assert float(rows[1]["x"]) * factor == pytest.approx(float(whole[1]["x"]), abs=1e-3)


def test_an_unknown_camera_model_is_named(depth_bag, record):
    with pytest.raises(ConfigError, match="camera_model is 'flat'; expected one of auto, rect"):
        record(depth_bag(), topic="/color", depth=DepthTopics("/depth", camera_model="flat"))


def test_a_calibration_of_zeros_is_an_error(depth_bag, record):
    with pytest.raises(CameraError, match="not calibrated"):
        record(depth_bag(focal=0.0), topic="/color", depth=DepthTopics("/depth"))


def test_missing_depth_names_the_topics_there_are(make_bag, messages, record):
    with pytest.raises(SourceError, match="CameraInfo"):
        record(make_bag(messages), depth=DepthTopics("/depth"))


def test_a_box_beside_the_image_is_refused_and_no_table_left(make_bag, messages, session, tmp_path):
    path = tmp_path / "tracks.csv"
    with pytest.raises(BoxError), TrackTable(path) as table:
        record_bag(make_bag(messages), table, {"cup": (900, 900, 950, 950)}, session)
    assert not path.exists()


@pytest.mark.parametrize("name", ["tracks.txt", "file/tracks.csv"])
def test_a_table_that_cannot_be_is_refused_at_once(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=name):
        TrackTable(tmp_path / name)


def test_parquet_without_pyarrow_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"re3_ros\[parquet\]"):
        TrackTable(tmp_path / "tracks.parquet")


def test_parquet_holds_what_csv_holds(depth_bag, doubles, box, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="no pyarrow here")
    for name in ("tracks.csv", "tracks.parquet"):
        with TrackTable(tmp_path / name, metadata={"weights": "w"}) as table:
            source, depth = depth_bag(), DepthTopics("/depth")
            fresh = TrackingSession(doubles.Finder())
            record_bag(source, table, box, fresh, "/color", depth)
    stored = parquet.read_table(tmp_path / "tracks.parquet")
    rows = read(tmp_path / "tracks.csv")
    assert stored.column_names == NAMES
    assert stored.schema.metadata[b"weights"] == b"w"
    assert [r["stamp_ns"] for r in rows] == [str(v) for v in stored["stamp_ns"].to_pylist()]
    for mine, value in zip(rows, stored["z"].to_pylist(), strict=True):
        assert (
            mine["z"] == "" if value is None else float(mine["z"]) == pytest.approx(value, abs=1e-4)
        )
