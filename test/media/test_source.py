# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames come in order and with growing stamps; what cannot be read is named."""

import functools
import http.server
import logging
import threading
import time

import av
import cv2
import numpy as np
import PIL.Image
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
    before = time.time_ns()
    source = open_source("0")
    stamps = [f.stamp for f in source]
    assert len(stamps) == 3
    assert (np.diff([before, *stamps, time.time_ns() + 10**9]) > 0).all()
    assert source.length is None


def encode(path, count, kind="mp4", codec="libx264", options=None):
    """Write a video of ``count`` frames at 25 a second."""
    first = {"movflags": "faststart"} if kind == "mp4" else {}
    with av.open(str(path), "w", format=kind, options=first) as file:
        stream = file.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        rng = np.random.default_rng(0)
        for _ in range(count):
            pixels = rng.integers(0, 256, (120, 160, 3), np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return path


@pytest.fixture
def coded(tmp_path):
    """Return an MP4 of 40 frames whose index comes first, in groups of 4."""
    return encode(tmp_path / "clip.mp4", 40, options={"g": "4", "bf": "0"})


def test_frames_that_cannot_be_decoded_are_not_the_end(coded, caplog):
    data = bytearray(coded.read_bytes())
    begin = len(data) * 4 // 10
    data[begin : begin + len(data) // 12] = bytes(len(data) // 12)
    coded.write_bytes(data)
    with caplog.at_level(logging.WARNING), open_source(str(coded)) as source:
        frames = list(source)
    assert 34 < len(frames) < 40
    assert source.skipped == 40 - len(frames)
    assert source.missing == 0
    assert frames[-1].stamp == pytest.approx(39 * 40_000_000, abs=1_000_000)
    assert "clip.mp4: frames after frame" in caplog.text


def test_an_end_that_was_cut_off_is_missing(coded, caplog):
    data = coded.read_bytes()
    coded.write_bytes(data[: len(data) * 6 // 10])
    with caplog.at_level(logging.WARNING), open_source(str(coded)) as source:
        frames = list(source)
    assert 15 < len(frames) < 30
    assert source.missing == 40 - len(frames)
    assert source.skipped == 0
    assert f"{source.missing} of the 40 frames that it states are missing" in caplog.text


@pytest.mark.parametrize("kind", ["mp4", "matroska", "avi", "mpegts"])
def test_a_whole_video_misses_nothing(tmp_path, kind, caplog):
    path = encode(tmp_path / f"clip.{kind}", 30, kind, "mpeg4")
    with caplog.at_level(logging.WARNING), open_source(str(path)) as source:
        assert len(list(source)) == 30
    assert (source.skipped, source.missing) == (0, 0)
    assert not caplog.text


def test_stamps_go_on_when_the_clock_of_a_file_jumps_back(tmp_path):
    part = encode(tmp_path / "part.ts", 12, "mpegts", "mpeg2video").read_bytes()
    path = tmp_path / "two.ts"
    path.write_bytes(part + part)
    with open_source(str(path)) as source:
        stamps = [f.stamp for f in source]
    assert len(stamps) == 24
    np.testing.assert_allclose(np.diff(stamps), 40_000_000, atol=1_000_000)


def test_a_stream_is_read_from_its_url(video):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=video.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open_source(f"http://127.0.0.1:{server.server_port}/clip.mp4") as source:
            assert len(list(source)) == 12
        assert source.files == ()
        server.shutdown()


@pytest.mark.parametrize("address", ["rtsp://me:secret@127.0.0.1:1/x", "http://127.0.0.1:1/x.mp4"])
def test_a_stream_that_cannot_be_opened_is_named_without_its_password(address):
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:1/x.* cannot be opened") as e:
        open_source(address)
    assert "secret" not in str(e.value)


@pytest.mark.parametrize("kind", ["tiff", "gif", "png", "webp"])
def test_a_file_of_several_pictures_is_a_video(tmp_path, doubles, kind):
    path = tmp_path / f"a.{kind}"
    options = {} if kind == "tiff" else {"duration": 100}
    first, *rest = (PIL.Image.fromarray(doubles.picture(i)) for i in range(5))
    first.save(path, save_all=True, append_images=rest, **options)
    with open_source(str(path), fps=50) as source:
        frames = list(source)
    assert len(frames) == source.length == 5
    step = 20_000_000 if kind == "tiff" else 100_000_000
    assert [f.stamp for f in frames] == [i * step for i in range(5)]
    for i, frame in enumerate(frames):
        assert np.abs(frame.image.astype(int) - doubles.picture(i)).mean() < 12


def test_a_picture_of_a_stack_that_cannot_be_read_is_skipped(tmp_path, doubles, caplog):
    path = tmp_path / "a.tiff"
    first, *rest = (PIL.Image.fromarray(doubles.picture(i)) for i in range(5))
    first.save(path, save_all=True, append_images=rest, compression="tiff_lzw")
    with PIL.Image.open(path) as picture:
        picture.seek(2)
        (begin, *_), (length, *_) = picture.tag_v2[273], picture.tag_v2[279]
    data = bytearray(path.read_bytes())
    data[begin : begin + length] = b"\xff" * length
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING), open_source(str(path), fps=10) as source:
        assert [f.stamp // 100_000_000 for f in source] == [0, 1, 3, 4]
    assert source.skipped == 1
    assert "picture 3 of" in caplog.text


def test_a_stack_in_a_folder_gives_its_first_picture_and_the_log_says_so(folder, doubles, caplog):
    pages = [PIL.Image.fromarray(doubles.picture(i)) for i in (12, 13)]
    pages[0].save(folder / "f12.tiff", save_all=True, append_images=pages[1:])
    with caplog.at_level(logging.WARNING):
        frames = list(open_source(str(folder)))
    assert len(frames) == 13
    np.testing.assert_array_equal(frames[12].image, doubles.picture(12))
    assert "f12.tiff holds several pictures" in caplog.text


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_12_bits_in_16_are_not_black(tmp_path, doubles, kind):
    grey = cv2.cvtColor(doubles.picture(0), cv2.COLOR_RGB2GRAY)
    cv2.imwrite(str(tmp_path / f"0.{kind}"), grey.astype(np.uint16) * 16)
    (frame,) = open_source(str(tmp_path))
    assert np.ptp(frame.image) > 120


def test_hidden_files_are_no_frames(folder):
    for i in range(12):
        (folder / f"._f{i}.png").write_bytes(b"Mac OS X")
    assert open_source(str(folder)).length == 12
    assert open_source(str(folder / "*.png")).length == 12


def test_a_folder_may_have_brackets_in_its_name(folder):
    other = folder.rename(folder.with_name("run [1] *"))
    assert open_source(str(other)).length == 12
    assert open_source(str(other / "f1*.png")).length == 3
    assert open_source(str(other / "f[12].png")).length == 2


def test_a_part_that_was_cut_off_makes_no_frame(folder, caplog):
    data = (folder / "f4.png").read_bytes()
    (folder / "f4.png").write_bytes(data[: len(data) * 3 // 4])
    with caplog.at_level(logging.WARNING):
        source = open_source(str(folder))
        assert len(list(source)) == 11
    assert source.skipped == 1
    assert "f4.png" in caplog.text


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
