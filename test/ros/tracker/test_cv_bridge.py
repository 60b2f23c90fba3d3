# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodings that are left to cv_bridge, where it is there and where it is not."""

import os

import numpy as np
import pytest

pytestmark = pytest.mark.ros

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)


def message(encoding, pixels, **fields):
    from sensor_msgs.msg import Image

    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    size = {"height": 6, "width": 8, "step": rows.shape[1], "data": rows.tobytes()}
    return Image(encoding=encoding, **{**size, **fields})


@pytest.fixture
def real():
    """Skip, with the reason, where cv_bridge is not usable."""
    from re3_ros.ros.tracker._cv_bridge import unusable

    if reason := unusable():
        pytest.skip(f"no usable cv_bridge: {reason}")


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """Return a function that puts a cv_bridge of that text in the place of the real one."""
    from re3_ros.ros.tracker._cv_bridge import unusable

    def write(text):
        (tmp_path / "cv_bridge.py").write_text(text, encoding="utf-8")

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    unusable.cache_clear()
    yield write
    unusable.cache_clear()


def test_numbers_without_channels_are_grey(real):
    from re3_ros.ros.tracker import read_image

    np.testing.assert_array_equal(read_image(message("8U", GREY)), np.stack([GREY] * 3, 2))


@pytest.mark.parametrize(("encoding", "kind"), [("16U", "<u2"), ("16S", "<i2"), ("32F", "<f4")])
def test_they_are_stretched_as_those_with_channels(real, encoding, kind):
    from re3_ros.ros.tracker import read_image

    deep = (GREY.astype(np.int32) * 100).astype(kind)
    same = read_image(message(f"{encoding}C1", deep))
    assert np.ptp(same) > 100
    np.testing.assert_array_equal(read_image(message(encoding, deep)), same)


def test_padding_and_the_other_order_of_bytes_are_obeyed(real):
    from re3_ros.ros.tracker import read_image

    padded = np.pad(GREY, ((0, 0), (0, 4)))
    np.testing.assert_array_equal(read_image(message("8U", padded))[..., 0], GREY)
    deep = GREY.astype(np.uint16) * 100
    np.testing.assert_array_equal(
        read_image(message("16U", deep.astype(">u2"), is_bigendian=1)),
        read_image(message("16UC1", deep)),
    )


@pytest.mark.parametrize(
    ("encoding", "fields", "says"),
    [
        ("8U", {"data": b"abc"}, "too small"),
        ("8U", {"step": 4}, "8 x 6 pixels are no image with a step of 4"),
        ("8U", {"width": 0}, "0 x 6 pixels are no image"),
        ("8UC2", {"width": 4}, "not a color format"),
        ("smell8", {}, "smell8"),
        ("8UC" + "1" * 100_000, {}, "too long"),
    ],
)
def test_what_it_makes_no_image_of_is_an_image_error(real, encoding, fields, says):
    from re3_ros.errors import ImageError
    from re3_ros.ros.tracker import read_image

    with pytest.raises(ImageError, match=says):
        read_image(message(encoding, GREY, **fields))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise ImportError('built for another NumPy')", "ImportError: built for another NumPy"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("raise SystemExit(3)", "exit code 3"),
    ],
)
def test_where_it_is_not_usable_the_error_says_why_and_what_is_read(broken, text, says):
    from re3_ros.errors import ImageError
    from re3_ros.ros.tracker import read_image

    broken(text)
    with pytest.raises(ImageError, match=f"'8U' .* nor by cv_bridge: .*{says}") as told:
        read_image(message("8U", GREY))
    assert "bgr8" in str(told.value)
    assert "\n" not in str(told.value)


def test_it_is_tried_once_and_only_when_it_is_needed(broken, tmp_path):
    from re3_ros.errors import ImageError
    from re3_ros.ros.tracker import read_image

    tries = tmp_path / "tries"
    broken(f"open({str(tries)!r}, 'a').write('x')\nraise ImportError('no')")
    np.testing.assert_array_equal(read_image(message("mono8", GREY))[..., 0], GREY)
    assert not tries.exists()
    for _ in range(2):
        with pytest.raises(ImageError):
            read_image(message("8U", GREY))
    assert tries.read_text() == "x"


def odd_image(tracker):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
    return tracker.image(encoding="8U", step=64, data=pixels.tobytes())


def test_the_node_tracks_in_images_that_only_cv_bridge_reads(real, tracker):
    from re3_ros.msg import TargetStatus

    tracker.bring_up()
    tracker.follow(id="cup")
    status, found = tracker.show(odd_image(tracker))
    assert status.targets[0].state == TargetStatus.TRACKING
    assert [detection.id for detection in found.detections] == ["cup"]
    assert status.frames_rejected == 0


def test_the_node_outlives_a_cv_bridge_that_kills_and_names_it(broken, make_tracker, weights):
    broken("import os; os.kill(os.getpid(), 11)")
    tracker = make_tracker("/old", weights=weights("still")).bring_up()
    tracker.show()
    tracker.send(odd_image(tracker))
    tracker.spin(lambda: "nor by cv_bridge: it ends the process with SIGSEGV" in tracker.printed())
    assert tracker.show()[0].frames_rejected == 1
