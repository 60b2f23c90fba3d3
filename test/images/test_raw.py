# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages become RGB, and bad ones are refused with the reason."""

import array
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.errors import ImageError
from re3_ros.images import ENCODINGS, decode_raw

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


def mosaic(rgb, pattern):
    pixels = np.zeros(rgb.shape[:2], np.uint8)
    for i, colour in enumerate(pattern):
        pixels[i // 2 :: 2, i % 2 :: 2] = rgb[i // 2 :: 2, i % 2 :: 2, "rgb".index(colour)]
    return pixels


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
    image = decode_raw(data, H, W, rows.shape[1] + padding, encoding)
    assert np.array_equal(image, rgb)
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(rgb, encoding):
    image = decode_raw(grey(rgb).tobytes(), H, W, W, encoding)
    assert np.array_equal(image, np.dstack([grey(rgb)] * 3))


def test_rgb8_is_a_view_of_the_message(rgb):
    buffer = array.array("B", rgb.tobytes())
    image = decode_raw(buffer, H, W, 3 * W, "rgb8")
    assert np.shares_memory(image, np.frombuffer(buffer, np.uint8))


def test_rows_after_the_last_are_ignored(rgb):
    image = decode_raw(rgb.tobytes() + b"tail", H, W, 3 * W, "rgb8")
    assert np.array_equal(image, rgb)


@pytest.mark.parametrize("encoding", ["mono16", "16UC1"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("gain", "offset"), [(257, 0), (16, 0), (4, 1000), (10, 30000)])
def test_16_bit_is_stretched_to_8(rgb, encoding, big, gain, offset):
    values = grey(rgb).astype(np.uint16) * gain + offset
    data = values.astype(">u2" if big else "<u2").tobytes()
    image = decode_raw(data, H, W, 2 * W, encoding, big)
    assert int(image.max()) - int(image.min()) > 120
    assert np.corrcoef(image[..., 0].ravel(), values.ravel())[0, 1] > 0.999


def test_16_bit_scale_does_not_follow_noise(rgb):
    values = grey(rgb).astype(np.int64) * 40 + 2000
    noisy = values + np.random.default_rng(0).integers(-40, 41, values.shape)
    first, second = (
        decode_raw(v.astype("<u2").tobytes(), H, W, 2 * W, "mono16").astype(int)
        for v in (values, noisy)
    )
    assert np.abs((first - second).mean()) < 0.1


def test_flat_16_bit_image_is_no_division_by_zero():
    data = np.full((H, W), 1234, np.uint16).tobytes()
    assert np.unique(decode_raw(data, H, W, 2 * W, "mono16")).size == 1


@pytest.mark.parametrize(
    ("encoding", "pattern"),
    [(f"bayer_{pattern.lower()}8", pattern) for pattern in ("RGGB", "BGGR", "GBRG", "GRBG")],
)
def test_bayer_patterns_give_the_colours_back(rgb, encoding, pattern):
    image = decode_raw(mosaic(rgb, pattern.lower()).tobytes(), H, W, W, encoding)
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
    image = decode_raw(data, H, W, 2 * W, encoding)
    assert np.abs(image.astype(int) - colour).max() < 40


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
        decode_raw(**{"encoding": "rgb8", **fields, **change})


@given(
    data=st.binary(max_size=200),
    height=st.integers(-2, 20),
    width=st.integers(-2, 20),
    step=st.integers(-2, 80),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    big=st.booleans(),
)
def test_any_fields_give_an_image_or_an_image_error(data, height, width, step, encoding, big):
    try:
        image = decode_raw(data, height, width, step, encoding, big)
    except ImageError:
        return
    assert image.shape == (height, width, 3)


DEEP = {
    "rgb16": lambda i: i,
    "bgr16": lambda i: i[..., ::-1],
    "16UC3": lambda i: i[..., ::-1],
    "16SC3": lambda i: i[..., ::-1],
    "32FC3": lambda i: i[..., ::-1],
    "rgba16": with_alpha,
    "bgra16": lambda i: with_alpha(i[..., ::-1]),
    "16UC4": lambda i: with_alpha(i[..., ::-1]),
}


@pytest.mark.parametrize("encoding", DEEP)
@pytest.mark.parametrize("big", [False, True])
def test_deep_colours_keep_their_order(rgb, encoding, big):
    kind = np.dtype({"16S": "i2", "32F": "f4"}.get(encoding[:3], "u2"))
    values = DEEP[encoding](rgb.astype(kind) * 16).astype(kind.newbyteorder(">" if big else "<"))
    image = decode_raw(values.tobytes(), H, W, values.nbytes // H, encoding, big)
    assert image.dtype == np.uint8
    for channel in range(3):
        assert np.corrcoef(image[..., channel].ravel(), rgb[..., channel].ravel())[0, 1] > 0.999


@pytest.mark.parametrize("number", ["8S", "16U", "16S", "32S", "32F", "64F"])
def test_other_numbers_are_stretched(number):
    kind = {"8S": "i1", "16U": "u2", "16S": "i2", "32S": "<i4", "32F": "<f4", "64F": "<f8"}[number]
    values = (np.arange(H * W) % 100).reshape(H, W).astype(kind)
    image = decode_raw(values.tobytes(), H, W, values.nbytes // H, f"{number}C1")
    assert np.ptp(image) > 120
    assert np.corrcoef(image[..., 0].ravel(), values.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e30])
def test_numbers_that_are_not_finite_spoil_no_image(scale):
    values = np.linspace(0, scale, H * W, dtype="<f4").reshape(H, W)
    values[::5] = np.nan
    values[1, :9] = np.inf
    image = decode_raw(values.tobytes(), H, W, 4 * W, "32FC1")[..., 0]
    assert (image[::5] == 0).all()
    assert np.ptp(image) > 120


def test_nothing_finite_is_black():
    values = np.full((H, W), np.nan, "<f4")
    assert not decode_raw(values.tobytes(), H, W, 4 * W, "32FC1").any()


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_deep_bayer_patterns_give_the_colours_back(rgb, bits, pattern):
    image = decode_raw(
        mosaic(rgb, pattern).astype("<u2").tobytes(), H, W, 2 * W, f"bayer_{pattern}{bits}"
    )
    for channel in range(3):
        inside = (slice(4, -4), slice(4, -4), channel)
        assert np.corrcoef(image[inside].ravel(), rgb[inside].ravel())[0, 1] > 0.95


YUV = {
    "nv12": lambda y, u, v: [y, pairs(half(u), half(v))],
    "nv21": lambda y, u, v: [y, pairs(half(v), half(u))],
    "i420": lambda y, u, v: [y, half(u), half(v)],
    "yuv420": lambda y, u, v: [y, half(u), half(v)],
    "yuv420p": lambda y, u, v: [y, half(u), half(v)],
    "yv12": lambda y, u, v: [y, half(v), half(u)],
    "nv16": lambda y, u, v: [y, pairs(u[:, ::2], v[:, ::2])],
    "nv61": lambda y, u, v: [y, pairs(v[:, ::2], u[:, ::2])],
    "yuv422p": lambda y, u, v: [y, u[:, ::2], v[:, ::2]],
    "nv24": lambda y, u, v: [y, pairs(u, v)],
    "nv42": lambda y, u, v: [y, pairs(v, u)],
    "uyvy": lambda y, u, v: [pairs(pairs(u[:, ::2], v[:, ::2]), y)],
    "yuv422": lambda y, u, v: [pairs(pairs(u[:, ::2], v[:, ::2]), y)],
    "yuyv": lambda y, u, v: [pairs(y, pairs(u[:, ::2], v[:, ::2]))],
    "yuv422_yuy2": lambda y, u, v: [pairs(y, pairs(u[:, ::2], v[:, ::2]))],
    "yvyu": lambda y, u, v: [pairs(y, pairs(v[:, ::2], u[:, ::2]))],
}
"""Name -> planes of Y, U and V (H, W) each."""


def half(plane):
    return plane[::2, ::2]


def pairs(first, second):
    return np.dstack([first, second]).reshape(len(first), -1)


def video_yuv(rgb):
    """Return Y, U and V (H, W) in BT.601's range of video, by its own equations."""
    r, g, b = (rgb[..., i] / 255 for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = 16 + 219 * y, 128 + 224 * 0.564 * (b - y), 128 + 224 * 0.713 * (r - y)
    return [np.rint(p).astype(np.uint8) for p in planes]


def padded(planes, padding):
    """Return the bytes of planes whose first has ``padding`` bytes behind each row."""
    width = planes[0].shape[1]
    return b"".join(
        np.pad(p, ((0, 0), (0, padding * p.shape[1] // width))).tobytes() for p in planes
    )


@pytest.mark.parametrize("encoding", YUV)
@pytest.mark.parametrize("padding", [0, 32])
def test_every_yuv_gives_the_colours_back(rgb, encoding, padding):
    planes = YUV[encoding](*video_yuv(rgb))
    step = planes[0].shape[1] + padding
    image = decode_raw(padded(planes, padding), H, W, step, encoding)
    assert np.abs(image.astype(int) - rgb).mean() < 4


@pytest.mark.parametrize("encoding", ["nv12", "nv21", "i420", "nv16", "nv24"])
def test_a_step_may_count_a_row_of_all_planes(rgb, encoding):
    planes = YUV[encoding](*video_yuv(rgb))
    data = padded(planes, 0)
    image = decode_raw(data, H, W, len(data) // H, encoding)
    np.testing.assert_array_equal(image, decode_raw(data, H, W, W, encoding))


def test_every_yuv_is_tested():
    assert set(YUV) == {name for name, e in ENCODINGS.items() if e.meaning.startswith("YUV")}


@pytest.mark.parametrize("encoding", YUV)
def test_colours_that_are_shared_want_even_sizes(encoding):
    if encoding in {"nv24", "nv42"}:
        pytest.skip("each pixel has its own colour")
    with pytest.raises(ImageError, match="63 x 48 pixels; expected an even width"):
        decode_raw(bytes(4 * H * W), H, 63, 2 * W, encoding)


@pytest.mark.parametrize("encoding", ["nv12", "nv21", "i420", "yv12"])
def test_chroma_of_every_other_row_wants_an_even_height(encoding):
    with pytest.raises(ImageError, match="64 x 47 pixels; expected an even height"):
        decode_raw(bytes(4 * H * W), H - 1, W, W, encoding)


@pytest.mark.parametrize("encoding", ["nv12", "i420", "nv16", "nv24", "yuv422p"])
def test_a_plane_that_is_cut_off_is_refused(rgb, encoding):
    data = padded(YUV[encoding](*video_yuv(rgb)), 0)
    with pytest.raises(ImageError, match=f"image data has {len(data) - 1} bytes"):
        decode_raw(data[:-1], H, W, W, encoding)


def test_a_pattern_without_neighbours_is_refused():
    with pytest.raises(ImageError, match=r"2 x 48 pixels; expected at least 3 x 3"):
        decode_raw(bytes(H * W), H, 2, W, "bayer_rggb8")


@pytest.mark.parametrize("offset", [0, 1])
def test_deep_pixels_may_lie_anywhere_in_memory(rgb, offset):
    values = mosaic(rgb, "rggb").astype("<u2") * 257
    data = np.frombuffer(bytes(offset) + values.tobytes(), np.uint8)[offset:]
    image = decode_raw(data, H, W, 2 * W, "bayer_rggb16")
    np.testing.assert_array_equal(image, decode_raw(values.tobytes(), H, W, 2 * W, "bayer_rggb16"))


def test_the_page_lists_the_encodings_that_there_are():
    page = (Path(__file__).parents[2] / "docs" / "images.md").read_text(encoding="utf-8")
    table = page.partition("| encodings |")[2].partition("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row[1])]
    assert sorted(listed) == sorted(ENCODINGS)
    for row in rows:
        meanings = {ENCODINGS[n].meaning for n in re.findall(r"`([^`]+)`", row[1])}
        assert meanings == {row[2].strip()}


OTHER_OPENCV = "/usr/bin/python3"
"""The distribution's Python, with the distribution's OpenCV: ROS runs in it."""


def test_no_size_ends_the_process_with_the_opencv_of_the_distribution():
    probe = [OTHER_OPENCV, "-c", "import cv2, numpy, PIL; print(cv2.__version__)"]
    if not Path(OTHER_OPENCV).exists() or subprocess.run(probe, check=False).returncode:
        pytest.skip(f"{OTHER_OPENCV} has no cv2, numpy and PIL: apt install python3-opencv")
    run_corpus(OTHER_OPENCV)


def test_no_size_ends_the_process():
    run_corpus(sys.executable)


def run_corpus(python):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [python, str(Path(__file__).with_name("sizes.py"))],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    images, refused = (int(word) for word in done.stdout.split())
    assert images > 1000
    assert refused > 1000
