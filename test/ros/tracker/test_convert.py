# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

pytestmark = pytest.mark.ros

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)
ALPHA = np.full((6, 8, 1), 7, np.uint8)


def message(encoding, pixels, padding=0, **fields):
    from sensor_msgs.msg import Image

    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    out = Image(height=6, width=8, encoding=encoding, step=rows.shape[1], data=rows.tobytes())
    for name, value in fields.items():
        setattr(out, name, value)
    return out


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize(
    ("encoding", "pixels", "expected"),
    [
        ("rgb8", RGB, RGB),
        ("bgr8", RGB[..., ::-1], RGB),
        ("rgba8", np.concatenate([RGB, ALPHA], 2), RGB),
        ("bgra8", np.concatenate([RGB[..., ::-1], ALPHA], 2), RGB),
        ("mono8", GREY, np.stack([GREY] * 3, 2)),
    ],
)
def test_common_encodings_become_rgb(encoding, pixels, expected, padding):
    from re3_ros.images import read_message

    image = read_message(message(encoding, pixels, padding))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_grey_is_scaled_whatever_its_byte_order(order):
    from re3_ros.images import read_message

    deep = (GREY.astype(np.uint16) * 100).astype(order)
    image = read_message(message("mono16", deep, is_bigendian=int(order == ">u2")))
    assert image.shape == (6, 8, 3)
    assert (np.diff(image[..., 0].reshape(-1).astype(int)) >= 0).all()
    assert np.ptp(image) > 100


def test_rgb_pixels_are_not_copied():
    from re3_ros.images import read_message

    sent = message("rgb8", RGB)
    assert np.shares_memory(read_message(sent), np.frombuffer(sent.data, np.uint8))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"data": b""}, "0 bytes"),
        ({"data": bytes(100)}, "100 bytes"),
        ({"step": 23}, "step is 23"),
        ({"height": 0}, "8 x 0"),
        ({"encoding": "rainbow"}, "rainbow"),
        ({"encoding": "bayer_rggb8", "step": 8, "data": b""}, "0 bytes"),
        ({"encoding": "bayer_rggb8", "width": 0}, "0 x 6"),
        ({"encoding": "bgr16", "step": 48, "data": b""}, "0 bytes"),
        ({"encoding": "bgr16", "width": 0}, "0 x 6"),
    ],
)
def test_what_contradicts_itself_is_an_image_error(fields, says):
    fields = dict(fields)
    from re3_ros.errors import ImageError
    from re3_ros.images import read_message

    with pytest.raises(ImageError, match=says):
        read_message(message(fields.pop("encoding", "rgb8"), RGB, **fields))


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("bayer_rggb8", np.full((6, 8), 90, np.uint8)),
        ("bayer_gbrg8", np.full((6, 8), 90, np.uint8)),
        ("yuv422_yuy2", np.full((6, 16), 128, np.uint8)),
    ],
)
def test_bayer_and_yuv_become_rgb(encoding, pixels):
    from re3_ros.images import read_message

    image = read_message(message(encoding, pixels))
    assert image.shape == (6, 8, 3)
    assert image.dtype == np.uint8
    assert np.ptp(image) <= 4, "grey stays grey"


@pytest.mark.parametrize("encoding", ["bgr16", "rgb16", "16UC3"])
def test_a_deep_image_becomes_rgb_without_cv_bridge(encoding):
    from re3_ros.images import read_message

    image = read_message(message(encoding, RGB.astype(np.uint16) * 16))
    order = slice(None) if encoding == "rgb16" else slice(None, None, -1)
    assert np.corrcoef(image.ravel(), RGB[..., order].ravel())[0, 1] > 0.99


def test_a_box_goes_there_and_back():
    from re3_ros.ros.tracker._convert import box_of
    from re3_ros.ros.tracker._messages import bounding_box

    box = np.array([1.5, 2.25, 30.0, 44.0])
    np.testing.assert_allclose(box_of(bounding_box(box)), box, atol=1e-12)


def test_of_a_rotated_box_the_outermost_points_count():
    from re3_ros.ros.tracker._convert import box_of
    from re3_ros.ros.tracker._messages import bounding_box

    bbox = bounding_box(np.array([10.0, 10.0, 20.0, 20.0]))
    bbox.center.theta = math.pi / 4
    half = 5 * math.sqrt(2)
    np.testing.assert_allclose(box_of(bbox), [15 - half, 15 - half, 15 + half, 15 + half])


def test_a_stamp_is_in_nanoseconds():
    from std_msgs.msg import Header

    from re3_ros.tracking import stamp_of

    header = Header()
    header.stamp.sec, header.stamp.nanosec = 1_700_000_000, 123_456_789
    assert stamp_of(header) == 1_700_000_000_123_456_789


def test_an_image_goes_there_and_back():
    from std_msgs.msg import Header

    from re3_ros.images import read_message
    from re3_ros.ros.tracker._messages import rgb_image

    sent = rgb_image(RGB[:, ::2], Header(frame_id="optical"))
    assert sent.header.frame_id == "optical"
    np.testing.assert_array_equal(read_message(sent), RGB[:, ::2])
