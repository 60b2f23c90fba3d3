# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs over frames, and the files they leave behind."""

import csv

import cv2
import numpy as np
import pytest

from re3_ros.boxes import iou
from re3_ros.errors import BoxError, ConfigError
from re3_ros.media import COLUMNS, BoxTable, ResultFiles, run_frames
from re3_ros.tracking import Frame

PERIOD = 40_000_000


@pytest.fixture
def frames(doubles):
    return [Frame("other", i * PERIOD, doubles.picture(i, hidden=i in (6, 7))) for i in range(12)]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_object_is_followed(frames, session, doubles):
    results = []
    summary = run_frames(
        frames, {"cup": doubles.truth(0)}, session, lambda _, result: results.append(result)
    )
    assert summary.frames == 12
    assert summary.fps > 0
    for i in (1, 5, 8, 11):
        assert iou(results[i].targets[0].box, doubles.truth(i)) > 0.8


def test_stop_is_asked_after_each_frame(frames, session, doubles):
    seen = []
    summary = run_frames(
        frames,
        {"cup": doubles.truth(0)},
        session,
        lambda _, result: seen.append(result),
        lambda: len(seen) == 4,
    )
    assert summary.frames == len(seen) == 4


@pytest.mark.parametrize("box", [(500, 20, 540, 60), (10, 10, 10.5, 40), (np.nan, 0, 5, 5)])
def test_bad_box_ends_the_run(frames, session, box):
    with pytest.raises(BoxError):
        run_frames(frames, {"cup": box}, session)


def test_table_has_a_row_for_each_target_and_frame(frames, session, doubles, tmp_path):
    path = tmp_path / "new" / "boxes.csv"
    boxes = {"cup": doubles.truth(0), 'odd, "name"': doubles.truth(0)}
    with ResultFiles(table=path) as files:
        run_frames(frames, boxes, session, files.add)
    rows = rows_of(path)
    assert tuple(rows[0]) == COLUMNS
    assert [int(r["frame"]) for r in rows] == sorted([*range(12), *range(12)])
    assert [r["id"] for r in rows[:2]] == list(boxes)
    assert float(rows[4]["stamp"]) == pytest.approx(0.08)
    assert {r["state"] for r in rows} <= {"new", "tracking", "uncertain", "lost"}
    last = [float(rows[-1][c]) for c in ("x1", "y1", "x2", "y2")]
    assert iou(last, doubles.truth(11)) > 0.8
    assert 0 <= float(rows[-1]["score"]) <= 1


def test_rows_are_on_disk_before_the_end(frames, session, doubles, tmp_path):
    path = tmp_path / "boxes.csv"
    counts = []
    with ResultFiles(table=path) as files:

        def on_frame(image, result):
            files.add(image, result)
            counts.append(len(rows_of(path)))

        run_frames(frames, {"cup": doubles.truth(0)}, session, on_frame)
    assert counts == list(range(1, 13))


def test_video_has_all_frames_and_the_box(frames, session, doubles, tmp_path):
    path = tmp_path / "out.mp4"
    with ResultFiles(path, fps=25) as files:
        run_frames(frames, {"cup": doubles.truth(0)}, session, files.add)
    capture = cv2.VideoCapture(str(path))
    images = [capture.read()[1] for _ in range(12)]
    assert not capture.read()[0]
    x1, _, x2, y2 = doubles.truth(8).astype(int)
    blue, green, red = images[8][y2, x1 + 4 : x2 - 4].astype(int).mean(axis=0)
    assert green > red + 20
    assert green > blue + 20


def test_files_are_complete_after_an_error(frames, session, doubles, tmp_path):
    video, table = tmp_path / "out.mp4", tmp_path / "out.csv"

    def fail(image, result):
        files.add(image, result)
        if files.frames == 5:
            raise RuntimeError("camera on fire")

    with pytest.raises(RuntimeError), ResultFiles(video, table) as files:
        run_frames(frames, {"cup": doubles.truth(0)}, session, fail)
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert len(rows_of(table)) == 5


def test_what_is_read_is_not_written_over(tmp_path):
    source = tmp_path / "in.mp4"
    source.write_bytes(b"precious")
    other = tmp_path / "sub" / ".." / "in.mp4"
    with pytest.raises(ConfigError, match="would replace"):
        ResultFiles(video=other, inputs=(source,))
    assert source.read_bytes() == b"precious"


def test_video_and_table_need_two_files(tmp_path):
    with pytest.raises(ConfigError, match="two outputs"):
        ResultFiles(tmp_path / "a.mp4", tmp_path / "a.mp4")


def test_table_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot write"):
        BoxTable(tmp_path)
