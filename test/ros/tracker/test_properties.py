# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a message holds: the node lives, raises nothing unexpected, its targets are sound."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from re3_ros.errors import ImageError, StampError

pytestmark = pytest.mark.ros

BOX = (10, 10, 30, 30)
UNSIGNED = st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1))
TEXT = st.text(max_size=30).map(lambda text: text.replace("\0", ""))
NUMBER = st.floats(width=64)
ENCODING = st.one_of(
    st.sampled_from(["bgr8", "rgb8", "mono8", "mono16", "16UC1", "bgra8", "yuv422", "bayer_rggb8"]),
    TEXT,
)
OVER_DDS = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
IN_PROCESS = settings(max_examples=300)

images = st.fixed_dictionaries(
    {
        "height": UNSIGNED,
        "width": UNSIGNED,
        "step": UNSIGNED,
        "encoding": ENCODING,
        "is_bigendian": st.integers(0, 255),
        "data": st.binary(max_size=3000),
    }
)
stamps = st.tuples(
    st.one_of(st.integers(90, 130), st.integers(-(2**31), 2**31 - 1)),
    st.one_of(st.integers(0, 10**9 - 1), st.integers(0, 2**32 - 1)),
)
numbers = st.tuples(*[st.one_of(st.floats(-10, 70), NUMBER)] * 5)


@pytest.fixture
def following(tracker):
    """Return the node, following the target `good`, whose network says that nothing moves."""
    tracker.bring_up(time_jump="continue")
    tracker.follow(id="good", box=BOX)
    return tracker


def is_unmoved(status):
    """Check that the good target is where it was, and all others in the image."""
    assert status.errors == 0
    for target in status.targets:
        box = target.bbox
        place = box.center.position.x, box.center.position.y, box.size_x, box.size_y
        assert all(map(math.isfinite, place))
        assert 0 <= target.score <= 1
        if target.id == "good":
            assert place == pytest.approx((20, 20, 20, 20), abs=1e-2)
            assert target.state == target.TRACKING
    assert "good" in {target.id for target in status.targets}


def is_readable(message):
    from re3_ros.images import read_message

    try:
        read_message(message)
    except ImageError:
        return False
    return True


def test_no_image_harms_a_target(following):
    @OVER_DDS
    @given(images)
    def check(fields):
        message = following.image(**fields)
        assume(not is_readable(message))  # it would be an image like others
        following.send(message)
        status, _ = following.show()
        is_unmoved(status)

    check()
    status, _ = following.show()
    kept = status.frames_processed + status.frames_dropped + status.frames_rejected
    assert kept == status.frames_received
    assert status.frames_rejected > 0


def test_no_stamp_stops_the_images(following):
    @OVER_DDS
    @given(stamps, TEXT)
    def check(stamp, frame_id):
        odd = following.image()
        odd.header.stamp.sec, odd.header.stamp.nanosec = stamp
        odd.header.frame_id = frame_id
        following.send(odd)
        status, _ = following.show()
        is_unmoved(status)

    check()


def test_no_box_harms_another_target(following):
    from vision_msgs.msg import Detection2D

    @OVER_DDS
    @given(numbers, stamps, TEXT, TEXT)
    def check(values, stamp, name, frame_id):
        assume(name != "good")
        message = Detection2D(id=name)
        centre = message.bbox.center
        centre.position.x, centre.position.y, centre.theta = values[:3]
        message.bbox.size_x, message.bbox.size_y = values[3:]
        if frame_id.startswith("0"):
            message.header.frame_id = frame_id
        if stamp[0] % 2:
            message.header.stamp.sec, message.header.stamp.nanosec = stamp
        following.publisher(Detection2D, "init_box").publish(message)
        status, _ = following.show()
        is_unmoved(status)

    check()
    status, _ = following.show()
    is_unmoved(status)
    assert status.boxes_rejected > 5


def test_no_name_drops_another_target(following):
    from std_msgs.msg import String

    publisher = following.publisher(String, "drop_target")

    @OVER_DDS
    @given(TEXT)
    def check(name):
        assume(name not in {"good", "camera/good"})
        publisher.publish(String(data=name))
        is_unmoved(following.show()[0])

    check()


@IN_PROCESS
@given(images)
def test_an_image_is_read_or_refused(fields):
    from sensor_msgs.msg import Image

    from re3_ros.images import read_message

    message = Image(**fields)
    with contextlib.suppress(ImageError):
        pixels = read_message(message)
        assert pixels.shape == (message.height, message.width, 3)
        assert pixels.dtype == np.uint8


@IN_PROCESS
@given(st.binary(max_size=300), TEXT)
def test_a_compressed_image_is_read_or_refused(data, name):
    from sensor_msgs.msg import CompressedImage

    from re3_ros.images import read_message

    with contextlib.suppress(ImageError):
        assert read_message(CompressedImage(data=data, format=name)).ndim == 3


@IN_PROCESS
@given(stamps)
def test_a_stamp_is_read_or_refused(stamp):
    from std_msgs.msg import Header

    from re3_ros.tracking import stamp_of

    header = Header()
    header.stamp.sec, header.stamp.nanosec = stamp
    seconds, rest = stamp
    if seconds >= 0 and rest < 10**9:
        assert stamp_of(header) == seconds * 10**9 + rest
    else:
        with pytest.raises(StampError, match="expected sec from 0, nanosec under"):
            stamp_of(header)


@IN_PROCESS
@given(numbers)
def test_a_box_is_four_numbers(values):
    from vision_msgs.msg import BoundingBox2D

    from re3_ros.ros.tracker._convert import box_of

    message = BoundingBox2D()
    message.center.position.x, message.center.position.y, message.center.theta = values[:3]
    message.size_x, message.size_y = values[3:]
    assert box_of(message).shape == (4,)
