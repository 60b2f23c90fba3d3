# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 bag` and `re3 record` on wrong stamps, and on images that change their size."""

import re

import cv2
import numpy as np
import pytest

from re3_ros.bags import IMAGE, BagWriter, header, image_message, typestore
from re3_ros.boxes import iou

PERIOD, START = 33_333_333, 1_700_000_000 * 10**9
YEAR = 365 * 86400 * 10**9
COUNT = 16
INFO = "sensor_msgs/msg/CameraInfo"


def new(kind, **fields):
    return typestore().types[kind](**fields)


def info(width, height, stamp):
    k = np.array([200.0, 0, width / 2, 0, 200, height / 2, 0, 0, 1])
    edges = dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0)
    roi = new("sensor_msgs/msg/RegionOfInterest", do_rectify=False, **edges)
    size = {"height": height, "width": width, "binning_x": 0, "binning_y": 0}
    p = np.hstack([k.reshape(3, 3), np.zeros((3, 1))]).ravel()
    lens = {"distortion_model": "plumb_bob", "d": np.zeros(5), "k": k, "r": np.eye(3).ravel()}
    return new(INFO, header=header(stamp, "lens"), p=p, roi=roi, **lens, **size)


def depth(width, height, stamp):
    data = np.full((height, width), 1500, "<u2").view(np.uint8).ravel()
    size = {"height": height, "width": width, "step": 2 * width}
    return new(IMAGE, header=header(stamp), encoding="16UC1", is_bigendian=0, data=data, **size)


@pytest.fixture
def stamped(doubles, tmp_path):
    """Return a function that writes images and depth with these stamps, enlarged from one on."""

    def write(images=lambda i: START + i * PERIOD, depths=None, enlarged=COUNT):
        depths = depths or images
        with BagWriter(tmp_path / "in", overwrite=True) as writer:
            for i in range(COUNT):
                picture, logged = doubles.picture(i), START + i * PERIOD
                if i >= enlarged:
                    picture = cv2.resize(picture, None, fx=2, fy=2)
                size = picture.shape[1], picture.shape[0]
                message = image_message(picture, header(images(i), "lens"))
                writer.write("/info", INFO, info(*size, logged), logged)
                writer.write("/color", IMAGE, message, logged)
                writer.write("/depth", IMAGE, depth(*size, depths(i)), logged + 1)
        return tmp_path / "in"

    return write


@pytest.fixture
def told(re3, box):
    """Return a function that runs a command on a bag and returns what it says."""

    def run(command, source, *options):
        output = "tracks.csv" if command == "record" else "out"
        named = ["--image", "/color", "--box", f"cup={box}", "--runtime", "torch", "--overwrite"]
        code, out, err = re3(command, source, "-o", output, *named, *options)
        assert code == 0, err
        return out

    return run


def jumping(at, off):
    return lambda i: START + i * PERIOD + (off if i == at else 0)


WITH_DEPTH = ("--depth", "/depth", "--camera-info", "/info")


@pytest.mark.parametrize("at", [0, 1, 2, COUNT - 1])
def test_an_image_from_the_future_costs_no_other(stamped, told, at):
    assert f"{COUNT} of {COUNT} images" in told("bag", stamped(jumping(at, YEAR)))


@pytest.mark.parametrize("off", [YEAR, -(START - 5)])
def test_a_wrong_stamp_of_depth_costs_no_other_image_its_depth(stamped, told, off):
    source = stamped(depths=jumping(2, off))
    assert f"{COUNT} of them in space" in told("record", source, *WITH_DEPTH)
    near = told("record", source, *WITH_DEPTH, "--depth-tolerance", "0.01")
    assert f"{COUNT - 1} of them in space" in near
    assert "no 3D positions: 1 depth images missing" in near
    assert "no depth image on /depth within 0.01 s of the image; --depth-tolerance" in near


def test_a_wrong_stamp_of_an_image_costs_no_other_its_depth(stamped, told):
    source = stamped(jumping(2, YEAR), lambda i: START + i * PERIOD)
    said = told("record", source, *WITH_DEPTH)
    assert f"{COUNT} of {COUNT} images" in said
    assert f"{COUNT - 1} of them in space" in said


@pytest.mark.parametrize("command", ["bag", "record"])
def test_each_command_names_its_own_option(stamped, told, command):
    source = stamped(lambda i: START + (i % 8) * PERIOD - (i // 8) * YEAR // 10)
    said = told(command, source)
    assert f"8 of {COUNT} images" in said
    assert "--time-jump continue or clear takes them" in said
    assert not re.search(r"set time_jump|~/clear", said)
    for policy in ("continue", "clear"):
        assert f"{COUNT} of {COUNT} images" in told(command, source, "--time-jump", policy)


def test_images_that_grow_are_tracked_on_and_located(stamped, told, doubles, tmp_path):
    said = told("record", stamped(enlarged=6), *WITH_DEPTH)
    assert f"{COUNT} of them in space" in said
    rows = (tmp_path / "tracks.csv").read_text().splitlines()
    names, last = rows[0].split(","), rows[-1].split(",")
    box = [float(last[names.index(side)]) for side in ("x1", "y1", "x2", "y2")]
    assert iou(np.array(box) / 2, doubles.truth(COUNT - 1)) > 0.8


def test_a_tolerance_without_depth_is_refused(stamped, re3, box):
    named = ["--image", "/color", "--box", box, "--depth-tolerance", 0.1]
    code, _, err = re3("record", stamped(), "-o", "t.csv", *named)
    assert code != 0
    assert "give --depth too" in err
