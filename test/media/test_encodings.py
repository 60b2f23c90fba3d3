# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages become RGB, and bad ones are refused with the reason."""

import array

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from re3_ros.errors import ImageError
from re3_ros.media import (
    CONVERTED_ENCODINGS,
    NATIVE_ENCODINGS,
    convert_image,
    decode_compressed,
    decode_image,
)

H, W = 48, 64


@pytest.fixture
def rgb():
    noise = np.random.default_rng(3).integers(0, 256, (H, W, 3), dtype=np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


def with_alpha(image):
    return np.dstack([image, np.full(image.shape[:2], 7, np.uint8)])


def grey(image):
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


CODERS = {
    "rgb8": lambda i: i,
    "bgr8": lambda i: i[..., ::-1],
    "8UC3": lambda i: i[..., ::-1],
    "rgba8": with_alpha,
    "bgra8": lambda i: with_alpha(i[..., ::-1]),
    "8UC4": lambda i: with_alpha(i[..., ::-1]),
}


@pytest.mark.parametrize("encoding", CODERS)
@pytest.mark.parametrize("padding", [0, 5])
def test_colour_encodings_keep_every_pixel(rgb, encoding, padding):
    rows = CODERS[encoding](rgb).reshape(H, -1)
    data = np.pad(rows, ((0, 0), (0, padding))).tobytes()
    image = decode_image(data, H, W, rows.shape[1] + padding, encoding)
    assert np.array_equal(image, rgb)
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(rgb, encoding):
    image = decode_image(grey(rgb).tobytes(), H, W, W, encoding)
    assert np.array_equal(image, np.dstack([grey(rgb)] * 3))


def test_rgb8_is_a_view_of_the_message(rgb):
    buffer = array.array("B", rgb.tobytes())
    image = decode_image(buffer, H, W, 3 * W, "rgb8")
    assert np.shares_memory(image, np.frombuffer(buffer, np.uint8))


def test_rows_after_the_last_are_ignored(rgb):
    image = decode_image(rgb.tobytes() + b"tail", H, W, 3 * W, "rgb8")
    assert np.array_equal(image, rgb)


@pytest.mark.parametrize("encoding", ["mono16", "16UC1"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("gain", "offset"), [(257, 0), (16, 0), (4, 1000), (10, 30000)])
def test_16_bit_is_stretched_to_8(rgb, encoding, big, gain, offset):
    values = grey(rgb).astype(np.uint16) * gain + offset
    data = values.astype(">u2" if big else "<u2").tobytes()
    image = decode_image(data, H, W, 2 * W, encoding, big)
    assert int(image.max()) - int(image.min()) > 120
    assert np.corrcoef(image[..., 0].ravel(), values.ravel())[0, 1] > 0.999


def test_16_bit_scale_does_not_follow_noise(rgb):
    values = grey(rgb).astype(np.int64) * 40 + 2000
    noisy = values + np.random.default_rng(0).integers(-40, 41, values.shape)
    first, second = (
        decode_image(v.astype("<u2").tobytes(), H, W, 2 * W, "mono16").astype(int)
        for v in (values, noisy)
    )
    assert np.abs((first - second).mean()) < 0.1


def test_flat_16_bit_image_is_no_division_by_zero():
    data = np.full((H, W), 1234, np.uint16).tobytes()
    assert np.unique(decode_image(data, H, W, 2 * W, "mono16")).size == 1


@pytest.mark.parametrize(
    ("encoding", "pattern"),
    [(f"bayer_{pattern.lower()}8", pattern) for pattern in ("RGGB", "BGGR", "GBRG", "GRBG")],
)
def test_bayer_patterns_give_the_colours_back(rgb, encoding, pattern):
    mosaic = np.zeros((H, W), np.uint8)
    for i, colour in enumerate(pattern):
        mosaic[i // 2 :: 2, i % 2 :: 2] = rgb[i // 2 :: 2, i % 2 :: 2, "RGB".index(colour)]
    image = convert_image(mosaic.tobytes(), H, W, W, encoding)
    assert np.abs(image.astype(int) - rgb)[4:-4, 4:-4].mean() < 6


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "UYVY"), ("uyvy", "UYVY"), ("yuv422_yuy2", "YUY2"), ("yuyv", "YUY2")],
)
def test_yuv_gives_the_colours_back(encoding, order):
    colour = np.full((H, W, 3), (200, 60, 30), np.uint8)
    y, u, v = (cv2.cvtColor(colour, cv2.COLOR_RGB2YUV)[0, 0, i] for i in range(3))
    group = {"UYVY": [u, y, v, y], "YUY2": [y, u, y, v]}[order]
    data = np.tile(np.array(group, np.uint8), H * W // 2).tobytes()
    image = convert_image(data, H, W, 2 * W, encoding)
    assert np.abs(image.astype(int) - colour).max() < 40


def test_converted_encodings_are_no_native_ones(rgb):
    assert not CONVERTED_ENCODINGS & NATIVE_ENCODINGS
    with pytest.raises(ImageError, match="bayer_rggb8"):
        decode_image(rgb.tobytes(), H, W, W, "bayer_rggb8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": b""}, "0 bytes"),
        ({"data": b"\x00" * (H * W * 3 - 1)}, f"{H * W * 3 - 1} bytes"),
        ({"step": 3 * W - 1}, f"step is {3 * W - 1}"),
        ({"step": 0}, "step is 0"),
        ({"step": 3 * W + 1}, f"rows of {3 * W + 1} bytes"),
        ({"height": 0}, "64 x 0"),
        ({"width": 0}, "0 x 48"),
        ({"width": -1}, "-1 x 48"),
        ({"encoding": "rgb7"}, "'rgb7'"),
        ({"encoding": ""}, "''"),
        ({"encoding": "rgba8"}, "rgba8 need 256"),
    ],
)
def test_bad_images_are_refused_with_the_reason(change, reason):
    fields = {"data": b"\x00" * (H * W * 3), "height": H, "width": W, "step": 3 * W}
    with pytest.raises(ImageError, match=reason):
        decode_image(**{"encoding": "rgb8", **fields, **change})


@given(
    data=st.binary(max_size=200),
    height=st.integers(-2, 20),
    width=st.integers(-2, 20),
    step=st.integers(-2, 80),
    encoding=st.sampled_from(sorted(NATIVE_ENCODINGS | CONVERTED_ENCODINGS)),
    big=st.booleans(),
)
def test_any_fields_give_an_image_or_an_image_error(data, height, width, step, encoding, big):
    try:
        image = convert_image(data, height, width, step, encoding, big)
    except ImageError:
        return
    assert image.shape == (height, width, 3)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_compressed_images_keep_their_colours(rgb, kind):
    data = cv2.imencode(f".{kind}", rgb[..., ::-1])[1].tobytes()
    image = decode_compressed(data, f"rgb8; {kind} compressed bgr8")
    assert np.abs(image.astype(int) - rgb).mean() < (0.001 if kind == "png" else 5)


def test_compressed_grey_and_16_bit(rgb):
    assert decode_compressed(cv2.imencode(".png", grey(rgb))[1].tobytes()).shape == (H, W, 3)
    deep = grey(rgb).astype(np.uint16) * 16
    assert decode_compressed(cv2.imencode(".png", deep)[1].tobytes()).max() > 200


@pytest.mark.parametrize("data", [b"", b"abc", b"\xff\xd8\xff\xe0" + b"\x00" * 20])
def test_unreadable_compressed_data_is_refused(data):
    with pytest.raises(ImageError, match="'jpeg'"):
        decode_compressed(data, "jpeg")


def test_compressed_depth_is_refused_by_name():
    with pytest.raises(ImageError, match="compressedDepth"):
        decode_compressed(b"\x00" * 40, "16UC1; compressedDepth")


@pytest.mark.parametrize("name", ["h264", "webp", "tiff", "rgb8; zlib compressed"])
def test_other_compressed_formats_are_refused_by_name(rgb, name):
    data = cv2.imencode(".jpeg", rgb)[1].tobytes()
    with pytest.raises(ImageError, match="expected one with jpeg or png"):
        decode_compressed(data, name)


@pytest.mark.parametrize("name", ["", "jpeg", "JPEG", "jpg", "bgr8; jpeg compressed bgr8", "mjpeg"])
def test_names_of_jpeg(rgb, name):
    assert decode_compressed(cv2.imencode(".jpeg", rgb)[1].tobytes(), name).shape == (H, W, 3)


def test_another_kind_of_file_is_no_jpeg(rgb):
    with pytest.raises(ImageError, match="no readable JPEG or PNG"):
        decode_compressed(cv2.imencode(".bmp", rgb)[1].tobytes(), "jpeg")


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off_is_refused(rgb, kind, part):
    data = cv2.imencode(f".{kind}", rgb)[1].tobytes()
    with pytest.raises(ImageError, match="readable"):
        decode_compressed(data[: int(part * len(data))], kind)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_bytes_after_the_end_do_no_harm(rgb, kind):
    data = cv2.imencode(f".{kind}", rgb)[1].tobytes()
    expected = decode_compressed(data, kind)
    np.testing.assert_array_equal(decode_compressed(data + bytes(64), kind), expected)


def test_a_small_file_of_a_huge_image_is_refused_unread(rgb):
    data = bytearray(cv2.imencode(".jpeg", rgb)[1].tobytes())
    at = data.index(b"\xff\xc0") + 5
    assert data[at : at + 4] == H.to_bytes(2, "big") + W.to_bytes(2, "big")
    data[at : at + 4] = (9000).to_bytes(2, "big") * 2
    with pytest.raises(ImageError, match="9000 x 9000"):
        decode_compressed(bytes(data), "jpeg")


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_damaged_files_give_an_image_or_an_image_error(data):
    image = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
    kind = data.draw(st.sampled_from(["png", "jpeg"]))
    file = bytearray(cv2.imencode(f".{kind}", image)[1].tobytes())
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_compressed(bytes(file), kind)
    except ImageError:
        return
    assert decoded.dtype == np.uint8
    assert decoded.ndim == 3
