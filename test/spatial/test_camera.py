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
RATIONAL = [0.6, -2.9, 0.001, -0.0004, 1.6, 0.5, -2.7, 1.5]
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
    assert read_camera_info(info(p=np.full(12, np.nan)), rectified=True).fx == 500


@pytest.mark.parametrize("rectified", [None, False, True])
@pytest.mark.parametrize("d", [[], np.zeros(5)])
def test_without_k_images_go_by_p(rectified, d):
    camera = read_camera_info(info(k=np.zeros(9), d=d), rectified)
    assert (camera.fx, camera.cx, camera.distortion) == (480, 300.5, ())


def test_without_k_a_distortion_is_of_no_use():
    bent = info(k=np.zeros(9), d=[-0.2, 0.05, 0.001, 0.001])
    assert read_camera_info(bent).distortion == ()
    with pytest.raises(CameraError, match=r"camera_info.k is \[0.0, .* calibrate the camera"):
        read_camera_info(bent, rectified=False)


@pytest.mark.parametrize(
    ("kind", "d"),
    [
        ("plumb_bob", [-0.25, 0.07, 0.001, -0.002, 0.01]),
        ("plumb_bob", [-0.25, 0.07, 0.001, -0.002]),
        ("rational_polynomial", RATIONAL),
        ("rational_polynomial", [*RATIONAL, 0.002, -0.001, 0.003, 0.001]),
        ("rational_polynomial", [*RATIONAL, 0.002, -0.001, 0.003, 0.001, 0.05, -0.03]),
    ],
)
def test_distortion_is_what_opencv_makes_of_the_rays(kind, d):
    rays = read_camera_info(info(d=d, distortion_model=kind)).rays(POINTS)
    ahead = np.insert(rays, 2, 1, 1)
    back, _ = cv2.projectPoints(ahead, np.zeros(3), np.zeros(3), K, np.array(d))
    assert back[:, 0] + 0.5 == pytest.approx(POINTS, abs=1e-3)
    theirs = cv2.undistortPoints(POINTS[:, None] - 0.5, K, np.array(d))
    assert rays == pytest.approx(theirs[:, 0], abs=2e-2)  # it stops after five steps


@pytest.mark.parametrize(
    ("kind", "count", "has"),
    [
        ("plumb_bob", 3, "4 or 5"),
        ("plumb_bob", 8, "4 or 5"),
        ("rational_polynomial", 5, "8 or 12 or 14"),
        ("rational_polynomial", 9, "8 or 12 or 14"),
        ("rational_polynomial", 13, "8 or 12 or 14"),
        ("rational_polynomial", 15, "8 or 12 or 14"),
        ("equidistant", 5, "4"),
        ("fisheye", 3, "4"),
    ],
)
def test_another_number_of_coefficients_is_refused(kind, count, has):
    bent = info(d=[0.01] * count, distortion_model=kind)
    with pytest.raises(CameraError, match=rf"has {count} coefficients, .*; {kind} has {has}; "):
        read_camera_info(bent)


def test_zeros_behind_the_coefficients_change_nothing():
    d = [-0.2, 0.05, 0.001, 0.001, 0.01]
    padded = read_camera_info(info(d=[*d, 0.0, 0.0, 0.0]))
    assert padded.distortion == tuple(d)


def test_no_point_has_no_ray():
    camera = read_camera_info(info(d=[-0.2, 0.05, 0.001, 0.001]))
    assert camera.rays(np.empty((0, 2))).shape == (0, 2)
    assert camera.rays(POINTS.reshape(2, 2, 2)).shape == (2, 2, 2)


@pytest.mark.parametrize("kind", ["equidistant", "fisheye"])
def test_a_fisheye_is_what_opencv_makes_of_the_rays(kind):
    d = [-0.02, 0.005, -0.001, 0.0002]
    camera = read_camera_info(info(d=d, distortion_model=kind))
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
        ({"k": np.zeros(9), "p": np.zeros(12)}, "k is .*; p is .* not calibrated"),
        ({"k": np.full(9, np.nan), "p": np.zeros(12)}, "above 0"),
        ({"k": -K.ravel(), "p": -P.ravel()}, "above 0"),
        ({"d": [0.1], "distortion_model": "thin_prism"}, "'thin_prism' is not one of plumb_bob"),
        ({"d": [np.inf] * 4}, "expected finite numbers"),
    ],
)
def test_a_calibration_of_no_use_is_refused(fields, says):
    with pytest.raises(CameraError, match=says):
        read_camera_info(info(**fields))
