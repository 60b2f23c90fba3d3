# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""``re3 bag`` and ``re3 demo`` write what they say."""

import json
import re

import pytest

from re3_ros.bags import DETECTIONS, STATUS, BagReader


def test_bag_to_bag_video_and_table(re3, bag, box, tmp_path):
    code, out, err = re3(
        *("bag", bag, "--image", "/camera/image_raw", "--box", f"cup={box}", "--output", "out"),
        *("--video", "o.mp4", "--boxes", "b.csv", "--storage", "sqlite3", "--copy-images"),
    )
    assert code == 0, err
    assert "12 of 12 images" in out
    for kind, topic in ((DETECTIONS, "/detections"), (STATUS, "/status")):
        with BagReader(tmp_path / "out", topic, types={kind}) as reader:
            assert len(list(reader)) == 12
    with BagReader(tmp_path / "out") as reader:
        assert reader.length == 12
    assert (tmp_path / "o.mp4").stat().st_size > 1000
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 13


def test_output_is_replaced_only_when_asked(re3, bag, box):
    first = re3("bag", bag, "--box", box, "--output", "out")
    second = re3("bag", bag, "--box", box, "--output", "out")
    third = re3("bag", bag, "--box", box, "--output", "out", "--overwrite")
    assert [first[0], second[0], third[0]] == [0, 2, 0]
    assert "exists already" in second[2]
    assert "--overwrite" in second[2]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["gone", "--box", "1,2,30,40", "--output", "out"], "gone does not exist"),
        (["text", "--box", "1,2,30,40", "--output", "out"], "text cannot be read"),
        (
            ["in", "--image", "/eye", "--box", "1,2,30,40", "--output", "out"],
            r"no topic /eye; it has /camera/image_raw \(sensor_msgs/msg/Image\)",
        ),
        (["in", "--box", "900,2,30,40", "--output", "out"], "outside the 160 x 120 image"),
        (["in", "--box", "1,2,30,40", "--output", "in", "--overwrite"], "would replace"),
        (["in", "--box", "1,2,30,40", "--output", "text/out"], "cannot write text/out"),
        (["in", "--box", "1,2,30,40", "--output", "out", "--storage", "tape"], "'tape'"),
        (["in", "--output", "out"], "no display"),
        (["in", "--box", "a=1,2,9,9", "--box", "a=1,2,9,9", "--output", "out"], "named 'a'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(re3, bag, tmp_path, arguments, reason):
    (tmp_path / "text").write_text("some text")
    code, _, err = re3("bag", *arguments)
    assert code == 2
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert re.search(reason, lines[0])
    assert not (tmp_path / "out").exists()


def test_demo_leaves_everything_it_names(re3, tmp_path):
    code, out, err = re3("demo", "--output", "show/demo", "--frames", "30", "--seed", "5")
    assert code == 0, err
    assert re.search(r"mean IoU \d\.\d{3} while visible", out)
    assert "frames a second" in out
    folder = tmp_path / "show" / "demo"
    for name in ("demo.mp4", "demo.png", "summary.json", "scene", "tracked"):
        assert name in out
        assert (folder / name).exists()
    facts = json.loads((folder / "summary.json").read_text())
    assert facts["seed"] == 5
    assert facts["weights"] == "finder.safetensors"


def test_demo_into_a_file_is_an_error(re3, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, err = re3("demo", "--output", "file", "--frames", "30")
    assert code == 2
    assert len(err.strip().splitlines()) == 1
