# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames come in order and with growing stamps; what cannot be read is named."""

import logging

import cv2
import numpy as np
import pytest

from re3_ros.errors import SourceError
from re3_ros.media import open_source


def test_folder_is_read_in_the_order_of_numbers(folder, doubles):
    with open_source(str(folder), fps=10) as source:
        frames = list(source)
    assert source.length == len(frames) == 12
    assert [f.stamp for f in frames] == [i * 100_000_000 for i in range(12)]
    for i, frame in enumerate(frames):
        assert np.array_equal(frame.image, doubles.picture(i))


def test_pattern_takes_what_matches(folder, doubles):
    with open_source(str(folder / "f1*.png")) as source:
        images = [f.image for f in source]
    assert len(images) == 3
    assert all(np.array_equal(images[i], doubles.picture(k)) for i, k in enumerate((1, 10, 11)))


def test_single_image_is_a_source_of_one(folder):
    assert len(list(open_source(str(folder / "f3.png")))) == 1


def test_folder_ignores_other_files(folder):
    (folder / "notes.txt").write_text("no image")
    assert open_source(str(folder)).length == 12


def test_unreadable_image_is_skipped_and_keeps_its_time(folder, caplog):
    (folder / "f5.png").write_bytes(b"\x89PNG broken")
    (folder / "f7.png").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        source = open_source(str(folder), fps=10)
        stamps = [f.stamp // 100_000_000 for f in source]
    assert stamps == [0, 1, 2, 3, 4, 6, 8, 9, 10, 11]
    assert source.skipped == 2
    assert "f5.png" in caplog.text


def test_folder_without_a_readable_image_is_an_error(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="none of the 1 files"):
        list(open_source(str(tmp_path)))


def test_video_gives_all_frames_with_its_times(video, doubles):
    with open_source(str(video)) as source:
        frames = list(source)
    assert source.fps == pytest.approx(25)
    assert len(frames) == source.length == 12
    steps = np.diff([f.stamp for f in frames])
    assert np.allclose(steps, 40_000_000, atol=1_000_000)
    assert np.abs(frames[6].image.astype(int) - doubles.picture(6)).mean() < 12


def test_video_colours_are_rgb(video, doubles):
    image = next(iter(open_source(str(video)))).image
    x, y = doubles.truth(0)[:2].astype(int) + 10
    red, green, _ = image[y, x].astype(int)
    assert red > green + 80


def test_truncated_video_is_named(video):
    video.write_bytes(video.read_bytes()[:600])
    with pytest.raises(SourceError, match=r"clip\.mp4"):
        list(open_source(str(video)))


@pytest.mark.parametrize("content", [b"", b"this is no video at all" * 40])
def test_file_that_is_no_video_is_named(tmp_path, content):
    path = tmp_path / "clip.avi"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"clip\.avi"):
        list(open_source(str(path)))


def test_missing_file_is_named_with_the_way_out(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.mp4 does not exist; give a video"):
        open_source(str(tmp_path / "gone.mp4"))


def test_empty_folder_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="holds no image"):
        open_source(str(tmp_path))


def test_pattern_without_match_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="no file matches"):
        open_source(str(tmp_path / "*.jpg"))


def test_missing_camera_is_named(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: _Camera(0))
    with pytest.raises(SourceError, match="camera 7 cannot be opened"):
        open_source("7")


def test_camera_frames_are_stamped_by_the_clock(monkeypatch, doubles):
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: _Camera(3, doubles.picture(0)))
    monkeypatch.setattr("time.time_ns", lambda: 5_000)
    source = open_source("0")
    assert [f.stamp for f in source] == [5_000, 5_001, 5_002]
    assert source.length is None


class _Camera:
    def __init__(self, frames, image=None):
        self.frames, self.image = frames, image

    def isOpened(self):  # noqa: N802
        return self.frames > 0

    def get(self, _):
        return -1.0

    def read(self):
        self.frames -= 1
        return self.frames >= 0, self.image

    def release(self):
        pass
