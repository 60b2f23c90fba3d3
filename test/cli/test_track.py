# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 track`` follows, writes what was asked for, and says in one line what is wrong."""

import csv
import os
import re
import signal
import subprocess
import sys

import av
import cv2
import pytest
from waiting import PATIENCE, wait_until

from re3_ros.boxes import iou
from re3_ros.cli._boxes import parse_boxes
from re3_ros.errors import BoxError, ConfigError
from re3_ros.network import build, save


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def frame_count(path):
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def test_video_to_video_and_table(re3, video, box, doubles, tmp_path):
    code, out, err = re3("track", video, "--box", box, "--output", "new/o.mp4", "--boxes", "b.csv")
    assert code == 0, err
    assert "12 frames" in out
    assert frame_count(tmp_path / "new" / "o.mp4") == 12
    rows = rows_of(tmp_path / "b.csv")
    assert len(rows) == 12
    assert {row["id"] for row in rows} == {"target"}
    last = [float(rows[-1][c]) for c in ("x1", "y1", "x2", "y2")]
    assert iou(last, doubles.truth(11)) > 0.75


def test_several_named_boxes(re3, video, box, tmp_path):
    code, _, err = re3(
        "track", video, "--box", f"cup={box}", "--box", f"tea pot={box}", "--boxes", "b.csv"
    )
    assert code == 0, err
    assert [row["id"] for row in rows_of(tmp_path / "b.csv")[:2]] == ["cup", "tea pot"]


def test_folder_and_pattern(re3, box, doubles, tmp_path):
    (tmp_path / "img").mkdir()
    for i in range(5):
        cv2.imwrite(str(tmp_path / "img" / f"{i}.png"), doubles.picture(i)[..., ::-1])
    for source in ("img", "img/*.png"):
        code, out, err = re3(
            "track", source, "--box", box, "--boxes", "b.csv", "--fps", "10", "--overwrite"
        )
        assert code == 0, err
        assert "5 frames" in out
        assert float(rows_of(tmp_path / "b.csv")[-1]["stamp"]) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["gone.mp4", "--box", "1,2,30,40", "--boxes", "b.csv"], "gone.mp4 does not exist"),
        (["clip.mp4", "--box", "1,2,30", "--boxes", "b.csv"], "'1,2,30' is not four numbers"),
        (["clip.mp4", "--box", "1,2,x,4", "--boxes", "b.csv"], "'1,2,x,4' is not four numbers"),
        (["clip.mp4", "--box", "1,2,0,40", "--boxes", "b.csv"], "'1,2,0,40'"),
        (["clip.mp4", "--box", "1,2,-5,40", "--boxes", "b.csv"], "'1,2,-5,40'"),
        (["clip.mp4", "--box", "nan,2,5,40", "--boxes", "b.csv"], "not finite"),
        (["clip.mp4", "--box", "900,2,5,40", "--boxes", "b.csv"], "outside the 160 x 120 image"),
        (["clip.mp4", "--box", "=1,2,5,40", "--boxes", "b.csv"], "no name"),
        (
            ["clip.mp4", "--box", "a=1,2,5,40", "--box", "a=9,9,9,9", "--boxes", "b.csv"],
            "two boxes are named 'a'",
        ),
        (["clip.mp4", "--box", "1,2,30,40"], "nothing to write"),
        (["clip.mp4", "--boxes", "b.csv"], "there is no display .*--box X,Y,W,H"),
        (["clip.mp4", "--box", "1,2,30,40", "--show"], "there is no display .*--output"),
        (["clip.mp4", "--box", "1,2,30,40", "--output", "o.avi"], r"o\.avi does not end in \.mp4"),
        (["clip.mp4", "--box", "1,2,30,40", "--output", "clip.mp4"], "would replace"),
        (["clip.mp4", "--box", "1,2,30,40", "--output", "text/o.mp4"], "cannot write text/o.mp4"),
        (["clip.mp4", "--box", "1,2,30,40", "--boxes", "."], r"\. exists already"),
        (["text", "--box", "1,2,30,40", "--boxes", "b.csv"], "text .* is not a readable video"),
        (["*.jpg", "--box", "1,2,30,40", "--boxes", "b.csv"], r"no file matches \*\.jpg"),
        (["clip.mp4", "--box", "1,2,30,40", "--boxes", "b.csv", "--device", "tpu"], "'tpu'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(re3, video, tmp_path, arguments, reason):
    (tmp_path / "text").write_text("some text")
    before = video.read_bytes()
    code, _, err = re3("track", *arguments)
    assert code == 2
    # OpenCV was imported long before this command could tell it to be quiet.
    lines = [line for line in err.strip().splitlines() if not line.startswith("[ WARN")]
    assert len(lines) == 1, err
    assert lines[0].startswith("Error: ")
    assert re.search(reason, lines[0])
    assert video.read_bytes() == before
    assert not list(tmp_path.glob("[bo].*"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["clip.mp4", "--colour", "red"], "--colour"),
        (["clip.mp4", "--fps", "fast"], "--fps"),
        (["clip.mp4", "--fps", "0"], "--fps"),
        ([], "SOURCE|source"),
        (["clip.mp4", "--box"], "--box"),
    ],
)
def test_bad_options_name_the_option(re3, video, arguments, reason):
    code, _, err = re3("track", *arguments)
    assert code == 2
    assert re.search(reason, err)
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated"])
def test_bad_weights_are_named(re3, video, box, tmp_path, monkeypatch, kind):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.safetensors"
    if kind == "truncated":
        save(build("compact", fc_width=8, lstm_width=8), path, {})
        path.write_bytes(path.read_bytes()[:5000])
    elif kind != "missing":
        path.write_text("no weights" if kind == "text" else "")
    code, _, err = re3("track", video, "--box", box, "--boxes", "b.csv", "--weights", path)
    assert code == 2
    assert "w.safetensors" in err
    assert len(err.strip().splitlines()) == 1


def test_real_network_from_a_weights_file(re3, video, box, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    save(build("compact"), tmp_path / "w.safetensors", {})
    code, out, err = re3(
        *("track", video, "--box", box, "--boxes", "b.csv", "--weights", "w.safetensors"),
        *("--runtime", "torch"),  # needs no preparation
    )
    assert code == 0, err
    assert len(rows_of(tmp_path / "b.csv")) == 12
    assert "tracked a second" in out


def test_skipped_images_are_reported(re3, box, doubles, tmp_path):
    (tmp_path / "img").mkdir()
    for i in range(4):
        cv2.imwrite(str(tmp_path / "img" / f"{i}.png"), doubles.picture(i)[..., ::-1])
    (tmp_path / "img" / "2.png").write_bytes(b"broken")
    code, out, _ = re3("track", "img", "--box", box, "--boxes", "b.csv")
    assert code == 0
    assert "3 frames" in out
    assert "1 unreadable ones left out" in out


def test_a_video_that_ends_early_is_reported(re3, video, box):
    with av.open(str(video)) as file:
        places = sorted(packet.pos for packet in file.demux(video=0) if packet.size)
    video.write_bytes(video.read_bytes()[: places[8]])
    code, out, err = re3("track", video, "--box", box, "--boxes", "b.csv")
    assert code == 0, err
    found = re.search(r"(\d+) frames.*, (\d+) of 12 missing at the end", out)
    assert found, out
    assert int(found[1]) + int(found[2]) == 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_what_is_done(box, doubles, tmp_path, number):
    """A slow endless camera, interrupted after its first frames."""
    script = f"""
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("finder", {str(doubles.__file__)!r})
finder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(finder)
import re3_ros.media, re3_ros.tracking._session
from re3_ros.tracking import Frame
class Endless(re3_ros.media.Source):
    def __iter__(self):
        for i in range(10**6):
            yield Frame("camera", i * 10**7, finder.picture(i % 12))
            time.sleep(0.01)
re3_ros.media.open_source = lambda *_: Endless("endless", None, 30.0)
re3_ros.tracking._session.load = lambda *_: finder.Finder()
from re3_ros.cli import main
sys.exit(main(["track", "0", "--box", {box!r}, "--boxes", "b.csv", "--output", "o.mp4",
               "--weights", "w"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    table = tmp_path / "b.csv"

    def begun():
        assert process.poll() is None, process.communicate()[1]
        return table.exists() and len(rows_of(table)) >= 3

    wait_until(begun)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "interrupted after" in out
    assert "Traceback" not in err
    assert frame_count(tmp_path / "o.mp4") == len(rows_of(table)) >= 3


def test_boxes_without_names_are_numbered():
    boxes = parse_boxes(["1,2,3,4", "a=b=5,6,7,8", " 9 , 10, 11,12 "])
    assert list(boxes) == ["target", "a=b", "target3"]
    assert boxes["a=b"].tolist() == [5, 6, 12, 14]


@pytest.mark.parametrize("text", ["", "1,2,3,4,5", "a=", "1;2;3;4", "inf,1,2,3"])
def test_texts_that_are_no_boxes(text):
    with pytest.raises(BoxError, match="--box"):
        parse_boxes([text])


def test_two_boxes_of_one_name():
    with pytest.raises(ConfigError, match="'target'"):
        parse_boxes(["1,2,3,4", "target=5,6,7,8"])


def test_box_drawn_by_mouse_is_used(re3, video, box, doubles, tmp_path, monkeypatch):
    drawn = [float(v) for v in box.split(",")]
    monkeypatch.setattr("re3_ros.cli._window.need_display", lambda _: None)
    monkeypatch.setattr("re3_ros.cli._window.draw_boxes", lambda image: [tuple(drawn)])
    code, _, err = re3("track", video, "--boxes", "b.csv")
    assert code == 0, err
    rows = rows_of(tmp_path / "b.csv")
    assert len(rows) == 12
    assert float(rows[0]["x1"]) == pytest.approx(doubles.truth(0)[0], abs=3)


def test_without_a_display_what_is_to_be_written_is_written(re3, video, box, tmp_path, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987")
    given = ["--box", box, "--runtime", "torch", "--boxes", "b.csv", "--show"]
    code, _, err = re3("track", video, *given)
    assert code == 0, err
    assert "going on without --show: no window can be opened: the display does not answer" in err
    assert len(rows_of(tmp_path / "b.csv")) == 12


def test_display_that_does_not_answer_is_an_error(monkeypatch):
    from re3_ros.cli._window import need_display

    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(ConfigError, match=r"does not answer.*; use a pen"):
        need_display("use a pen")
