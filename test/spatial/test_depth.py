# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.errors import ImageError
from re3_ros.spatial import decode_depth, read_depth

ALL = slice(None)


def message(pixels, kind, **fields):
    height, width = pixels.shape
    step = pixels.strides[0]
    values = {"height": height, "width": width, "step": step, "encoding": kind}
    return SimpleNamespace(**values | {"is_bigendian": 0, "data": pixels.tobytes()} | fields)


def test_16_bits_are_millimetres_and_0_and_65535_nothing():
    depth = read_depth(message(np.array([[1500, 0], [65535, 1]], np.uint16), "16UC1"))
    assert np.array_equal(depth.metres(ALL, ALL), [[1.5, np.nan], [np.nan, 0.001]], equal_nan=True)


def test_floating_point_is_metres_and_what_is_no_distance_nothing():
    pixels = np.array([[1.25, np.nan, np.inf], [-np.inf, 0.0, -1.0]], np.float32)
    depth = read_depth(message(pixels, "32FC1"))
    metres = depth.metres(ALL, ALL)
    assert metres[0, 0] == 1.25
    assert np.isnan(metres.ravel()[1:]).all()


@pytest.mark.parametrize(("encoding", "code"), [("16UC1", "u2"), ("32FC1", "f4")])
def test_big_endian_and_padded_rows_are_read(encoding, code):
    values = np.arange(1, 7).reshape(2, 3)
    big = np.zeros((2, 5), ">" + code)
    big[:, :3] = values
    depth = read_depth(message(big, encoding, width=3, is_bigendian=1))
    assert depth.metres(ALL, ALL) / depth.unit == pytest.approx(values)
    odd = [row.tobytes() + b"\xff" for row in values.astype("<" + code)]
    depth = read_depth(message(big, encoding, width=3, step=len(odd[0]), data=b"".join(odd)))
    assert depth.metres(slice(1, 2), ALL) / depth.unit == pytest.approx(values[1:])


def test_a_part_is_read_without_copying_the_whole():
    data = np.full(480 * 640, 700, np.uint16).tobytes()
    depth = decode_depth(data, 480, 640, 1280, "16UC1")
    assert (depth.width, depth.height) == (640, 480)
    assert np.shares_memory(depth.pixels, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"encoding": "8UC1"}, "'8UC1' is not one of depth; expected one of 16UC1, 32FC1, mono16"),
        ({"step": 3}, "2 x 2 pixels with a step of 3 bytes"),
        ({"height": 0}, "2 x 0 pixels"),
        ({"width": -1}, "-1 x 2 pixels"),
        ({"data": b""}, "has 0 bytes; 2 rows of 4 bytes need 8"),
    ],
)
def test_what_contradicts_itself_is_refused(fields, says):
    with pytest.raises(ImageError, match=says):
        read_depth(message(np.ones((2, 2), np.uint16), "16UC1", **fields))


@given(
    data=st.binary(max_size=200),
    size=st.tuples(*[st.integers(-2, 20)] * 2, st.integers(-2, 100)),
    encoding=st.sampled_from(["16UC1", "mono16", "32FC1", "rgb8", ""]),
    big=st.booleans(),
)
def test_anything_is_read_or_refused(data, size, encoding, big):
    try:
        depth = decode_depth(data, *size, encoding, big)
    except ImageError:
        return
    metres = depth.metres(ALL, ALL)
    assert metres.shape == size[:2]
    assert not (metres <= 0).any()
