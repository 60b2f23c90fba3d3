# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""MP4 files play, have all frames, and a path that cannot be written is refused at once."""

import importlib.util

import cv2
import numpy as np
import pytest

from re3_ros.errors import ConfigError, ImageError
from re3_ros.media import VideoWriter

HAS_AV = importlib.util.find_spec("av") is not None


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        ok, image = capture.read()
        if not ok:
            return frames
        frames.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


@pytest.fixture(params=["h264", "mpeg4"])
def codec(request, monkeypatch):
    """Write once with PyAV, where it is installed, and once as where it is not."""
    if request.param == "h264" and not HAS_AV:
        pytest.skip("no PyAV here: H.264 cannot be written")
    if request.param == "mpeg4":
        monkeypatch.setattr("re3_ros.media._video.importlib.util.find_spec", lambda _: None)
    return request.param


def test_all_frames_come_back(tmp_path, doubles, codec):
    path = tmp_path / "new" / "out.mp4"
    with VideoWriter(path, 20) as video:
        for i in range(15):
            video.write(doubles.picture(i))
    frames = frames_of(path)
    assert len(frames) == video.frames == 15
    assert np.abs(frames[9].astype(int) - doubles.picture(9)).mean() < 15
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(20)


@pytest.mark.skipif(not HAS_AV, reason="no PyAV here: H.264 cannot be written")
def test_browsers_can_play_it(tmp_path, doubles):
    import av

    path = tmp_path / "out.mp4"
    with VideoWriter(path) as video:
        video.write(doubles.picture(0))
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sizes_are_cut_to_even(tmp_path, codec):
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as video:
        video.write(np.full((61, 83, 3), 90, np.uint8))
    assert frames_of(path)[0].shape == (60, 82, 3)


def test_images_of_another_size_get_bars(tmp_path, codec):
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as video:
        for size in ((120, 160), (240, 160), (40, 30)):
            video.write(np.full((*size, 3), 200, np.uint8))
    frames = frames_of(path)
    assert [f.shape for f in frames] == [(120, 160, 3)] * 3
    tall = frames[1].astype(int)
    assert tall[:, 80].min() > 150
    assert tall[:, :30].max() < 60


def test_no_frame_makes_no_file(tmp_path):
    with VideoWriter(tmp_path / "out.mp4"):
        pass
    assert not list(tmp_path.iterdir())


def test_earlier_video_stays_until_the_first_frame(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"precious")
    VideoWriter(path).close()
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["file/out.mp4", "out.avi", "folder.mp4", "out"])
def test_bad_paths_are_refused_before_any_work(tmp_path, name):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ConfigError, match=name):
        VideoWriter(tmp_path / name)


def test_only_images_are_taken(tmp_path):
    with VideoWriter(tmp_path / "out.mp4") as video, pytest.raises(ImageError, match="float"):
        video.write(np.zeros((8, 8, 3)))
