# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from re3_ros.errors import CameraError
from re3_ros.spatial import read_camera_info

K = np.array([[500.0, 0, 319.5], [0, 510.0, 239.5], [0, 0, 1]])
P = np.array([[480.0, 0, 300.0, -50.0], [0, 490.0, 230.0, 0], [0, 0, 1, 0]])
POINTS = np.array([(320.0, 240.0), (10.5, 470.5), (600.0, 30.0), (200.25, 100.0)])


def info(**fields):
    window = {"x_offset": 0, "y_offset": 0, "width": 0, "height": 0} | fields.pop("roi", {})
    values = {
        "width": 640,
        "height": 480,
        "distortion_model": "plumb_bob",
        "d": [],
        "k": K.ravel(),
        "p": P.ravel(),
        "binning_x": 0,
        "binning_y": 0,
        "roi": SimpleNamespace(**window),
    }
    return SimpleNamespace(**values | fields)


def test_the_principal_point_is_seen_straight_ahead():
    camera = read_camera_info(info())
    assert camera.rays((320.0, 240.0)) == pytest.approx([0, 0])  # 319.5 counts pixel centres
    assert camera.rays((320.0 + 50, 240.0 - 51)) == pytest.approx([0.1, -0.1])  # right, down


def test_rectified_images_go_by_p_and_raw_ones_by_k():
    bent = info(d=[-0.2, 0.05, 0.001, 0.001, 0.0])
    rectified = read_camera_info(bent, rectified=True)
    assert (rectified.fx, rectified.fy, rectified.cx, rectified.distortion) == (480, 490, 300.5, ())
    for guess in (None, False):
        raw = read_camera_info(bent, rectified=guess)
        assert (raw.fx, raw.cx) == (500, 320)
        assert raw.distortion == (-0.2, 0.05, 0.001, 0.001, 0.0)


def test_without_p_rectified_images_go_by_k():
    assert read_camera_info(info(p=np.zeros(12)), rectified=True).fx == 500


@pytest.mark.parametrize(
    ("kind", "d"),
    [
        ("plumb_bob", [-0.25, 0.07, 0.001, -0.002, 0.01]),
        ("rational_polynomial", [0.6, -2.9, 0.001, -0.0004, 1.6, 0.5, -2.7, 1.5]),
    ],
)
def test_distortion_is_what_opencv_makes_of_the_rays(kind, d):
    rays = read_camera_info(info(d=d, distortion_model=kind)).rays(POINTS)
    ahead = np.insert(rays, 2, 1, 1)
    back, _ = cv2.projectPoints(ahead, np.zeros(3), np.zeros(3), K, np.array(d))
    assert back[:, 0] + 0.5 == pytest.approx(POINTS, abs=1e-3)


def test_a_fisheye_is_what_opencv_makes_of_the_rays():
    d = [-0.02, 0.005, -0.001, 0.0002]
    camera = read_camera_info(info(d=d, distortion_model="equidistant"))
    rays = camera.rays(POINTS)
    back, _ = cv2.fisheye.projectPoints(
        np.insert(rays, 2, 1, 1)[:, None], np.zeros(3), np.zeros(3), K, np.array(d)
    )
    assert back[:, 0] + 0.5 == pytest.approx(POINTS, abs=1e-6)
    assert camera.rays((camera.cx, camera.cy)) == pytest.approx([0, 0])


def test_binned_pixels_and_a_window_see_the_same_directions():
    whole = read_camera_info(info())
    roi = {"x_offset": 100, "y_offset": 60, "width": 400, "height": 300}
    part = read_camera_info(info(binning_x=2, binning_y=4, roi=roi))
    assert (part.width, part.height) == (200, 75)
    seen = part.rays((POINTS - (100, 60)) / (2, 4))
    assert seen == pytest.approx(whole.rays(POINTS))


def test_images_of_another_size_are_refused():
    camera = read_camera_info(info())
    camera.check_size(640, 480)
    read_camera_info(info(width=0, height=0)).check_size(1, 1)  # it does not say
    with pytest.raises(CameraError, match="for images of 640 x 480 pixels, and these are 320 x"):
        camera.check_size(320, 240)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"k": np.zeros(9)}, "not calibrated"),
        ({"k": np.full(9, np.nan)}, "above 0"),
        ({"k": -K.ravel()}, "above 0"),
        ({"d": [0.1], "distortion_model": "thin_prism"}, "'thin_prism' is not one of plumb_bob"),
        ({"d": [np.inf]}, "expected finite numbers"),
    ],
)
def test_a_calibration_of_no_use_is_refused(fields, says):
    with pytest.raises(CameraError, match=says):
        read_camera_info(info(**fields))
