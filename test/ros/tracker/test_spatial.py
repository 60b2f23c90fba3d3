# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Depth images and calibrations through the real node: what comes out, and what does not fit."""

import time

import numpy as np
import pytest
from depth_camera import BOX, NEAR, Depth, find

pytestmark = pytest.mark.ros


@pytest.fixture
def uncalibrated(tracker):
    """Return the depth of the node's only camera, which follows the target cup."""
    tracker.bring_up(primary="cup")
    tracker.follow(id="cup", box=BOX)
    return Depth(tracker)


@pytest.fixture
def depth(uncalibrated):
    """Return the same, calibrated."""
    uncalibrated.info()
    return uncalibrated


def test_a_target_has_a_place_under_the_header_of_the_image(depth):
    image, array = depth.show()
    (found,) = array.detections
    assert found.header == image.header
    assert found.id == "cup"
    assert found.results[0].hypothesis.class_id == "object"
    assert found.results[0].hypothesis.score == pytest.approx(0.982, abs=1e-3)
    place, size = found.bbox.center.position, found.bbox.size
    assert [place.x, place.y, place.z] == pytest.approx([0, 0, NEAR], abs=1e-3)
    sides = [31 / 50 * NEAR, 23 / 50 * NEAR]  # from the first pixel's middle to the last one's
    assert [size.x, size.y, size.z] == pytest.approx([*sides, 0.0], rel=1e-3, abs=1e-3)
    turn = found.bbox.center.orientation
    assert [turn.x, turn.y, turn.z, turn.w] == pytest.approx([0, 0, 0, 1], abs=1e-6)
    place = found.results[0].pose.pose.position
    assert [place.x, place.y, place.z] == pytest.approx([0, 0, NEAR], abs=1e-3)
    covariance = np.reshape(found.results[0].pose.covariance, (6, 6))
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert np.sqrt(covariance[2, 2]) == pytest.approx(0.01 * NEAR, rel=0.01)
    pose = depth.tracker.spin(lambda: find(depth.pose, image))
    assert pose.pose == found.results[0].pose.pose


def test_a_tilted_surface_is_boxed_along_its_own_axes(depth):
    """Of a plane whose distance grows to the right, z points along its normal."""
    metres = np.full((48, 64), NEAR) + 0.004 * np.arange(64)
    pixels = metres.astype(np.float32)
    _, array = depth.show(encoding="32FC1", step=256, data=pixels.tobytes())
    turn = array.detections[0].bbox.center.orientation
    assert abs(turn.y) > 0.05
    assert [turn.x, turn.z] == pytest.approx([0, 0], abs=0.02)
    still = array.detections[0].results[0].pose.pose.orientation
    assert [still.x, still.y, still.z, still.w] == [0, 0, 0, 1], "nothing is known of the object"


def test_metres_in_floating_point_with_padding_are_read_too(depth):
    pixels = np.full((48, 70), np.nan, np.float32)
    pixels[:, :64] = 2.0
    fields = {"encoding": "32FC1", "step": 280, "data": pixels.tobytes()}
    _, array = depth.show(**fields)
    assert array.detections[0].bbox.center.position.z == pytest.approx(2.0)


def test_depth_may_come_after_its_image_and_a_little_off_in_time(depth):
    depth.show()
    image = depth.tracker.image()
    depth.tracker.show(image)
    assert not find(depth.array, image)
    depth.image(image, seconds=0.03)
    array = depth.tracker.spin(lambda: find(depth.array, image))
    assert array.detections[0].id == "cup"


def test_depth_too_far_off_in_time_is_not_taken(depth):
    depth.show()
    image = depth.tracker.image()
    depth.tracker.show(image)
    depth.image(image, seconds=0.08)
    depth.tracker.spin(lambda: "no depth image on /depth within 0.05 s" in depth.tracker.printed())
    assert not find(depth.array, image)
    assert depth.tracker.set(depth_tolerance=0.2) == []
    image, array = depth.show(seconds=0.08)
    assert array.detections


def test_a_lost_target_has_no_place(tracker, weights):
    tracker.bring_up(weights=weights("blind"), lost_frames=1)
    tracker.follow(id="cup", box=BOX)
    tracker.show_until(lambda s: s.targets[0].state == s.targets[0].LOST)
    depth = Depth(tracker)
    depth.info()
    image, array = depth.show()
    assert not array.detections
    assert not find(depth.pose, image)


def test_frames_are_sent_if_asked_for(tracker):
    tf2 = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed")
    tracker.bring_up(publish_tf=True, tf_prefix="seen/")
    tracker.follow(id="cup", box=BOX)
    frames = tracker.record(tf2.TFMessage, "/tf")
    depth = Depth(tracker)
    depth.info()
    image, _ = depth.show()
    sent = tracker.spin(lambda: [t for m in frames for t in m.transforms])
    assert (sent[0].header, sent[0].child_frame_id) == (image.header, "seen/cup")
    assert sent[0].transform.translation.z == pytest.approx(NEAR, abs=1e-3)
    assert sent[0].transform.rotation.w == 1


def test_frames_are_sent_too_where_somebody_listens_to_places_before(depth):
    tf2 = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed")
    depth.show()
    assert depth.tracker.set(publish_tf=True) == []
    frames = depth.tracker.record(tf2.TFMessage, "/tf")
    depth.tracker.rest()
    depth.show()
    depth.tracker.spin(lambda: [t for m in frames for t in m.transforms])


def test_tf2_finds_the_frame_of_a_target(tracker):
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed")
    from rclpy.time import Time

    tracker.bring_up(publish_tf=True)
    tracker.follow(id="cup", box=BOX)
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, tracker.node)
    tracker.spin(lambda: tracker.node.count_publishers("/tf") > 0)
    depth = Depth(tracker)
    depth.info()
    image, _ = depth.show()
    when = Time.from_msg(image.header.stamp)
    tracker.spin(lambda: buffer.can_transform("optical", "re3/cup", when))
    moved = buffer.lookup_transform("optical", "re3/cup", when).transform.translation
    assert [moved.x, moved.y, moved.z] == pytest.approx([0, 0, NEAR], abs=1e-3)
    listener.unregister()


def test_nothing_is_subscribed_to_while_nobody_listens(tracker):
    from vision_msgs.msg import Detection3DArray

    tracker.bring_up()
    end = time.monotonic() + 1.5
    tracker.spin(lambda: time.monotonic() > end)
    assert not tracker.node.count_subscribers("depth")
    tracker.record(Detection3DArray, "detections_3d")
    tracker.spin(lambda: tracker.node.count_subscribers("depth") == 1)
    assert tracker.node.count_subscribers("camera_info") == 1
    for subscription in list(tracker.node.subscriptions):
        if subscription.topic_name == "/detections_3d":
            tracker.node.destroy_subscription(subscription)
    tracker.spin(lambda: not tracker.node.count_subscribers("depth"))


def test_each_camera_has_its_own_depth(tracker):
    tracker.bring_up(cameras=["left", "right"])
    tracker.show(prefix="left/")
    tracker.point(id="cup", frame_id="left", box=BOX)
    tracker.show_until(lambda s: s.targets, "left/")
    left, right = Depth(tracker, "left/"), Depth(tracker, "right/")
    left.info()
    right.info()
    assert left.show()[1].detections[0].id == "cup"
    assert not right.show()[1].detections


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"encoding": "rgb8"}, "encoding 'rgb8' is not one of depth; expected one of 16UC1"),
        ({"width": 32}, "depth image is 32 x 48 pixels, the image 64 x 48; align it"),
        ({"data": b"\1\2\3"}, "depth image has 3 bytes; 48 rows of 128 bytes need 6144"),
        ({"height": 0}, "depth image is 64 x 0 pixels"),
    ],
)
def test_a_depth_image_that_does_not_fit_is_named_and_2d_goes_on(depth, fields, says):
    image = depth.tracker.image()
    depth.image(image, **fields)
    _, array = depth.tracker.show(image)
    assert array.detections[0].id == "cup"
    depth.tracker.spin(lambda: says in depth.tracker.printed())
    assert not find(depth.array, image)
    assert depth.show()[1].detections, "the next good one is of use again"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"k": np.zeros(9), "p": np.zeros(12)}, "zeros mean: not calibrated"),
        ({"k": np.full(9, np.nan), "p": np.zeros(12)}, "expected focal lengths above 0"),
        ({"width": 640, "height": 480}, "camera_info is for images of 640 x 480 pixels"),
        ({"d": [0.1] * 5, "distortion_model": "odd"}, "distortion model 'odd' is not one of"),
    ],
)
def test_a_calibration_that_is_of_no_use_is_named_and_2d_goes_on(uncalibrated, fields, says):
    depth = uncalibrated
    depth.info(**fields)
    image = depth.tracker.image()
    depth.image(image)
    _, array = depth.tracker.show(image)
    assert array.detections[0].id == "cup"
    depth.tracker.spin(lambda: says in depth.tracker.printed())
    assert not find(depth.array, image)


def test_a_calibration_of_zeros_displaces_no_good_one(depth):
    zeros = {"k": np.zeros(9), "p": np.zeros(12)}
    for _ in range(3):
        depth.info(**zeros)
        assert depth.show()[1].detections


def test_zeros_before_the_first_calibration_of_use_are_waited_out(uncalibrated):
    depth = uncalibrated
    depth.info(k=np.zeros(9), p=np.zeros(12))
    image = depth.tracker.image()
    depth.image(image)
    depth.tracker.show(image)
    depth.tracker.spin(lambda: "not calibrated" in depth.tracker.printed())
    depth.info()
    assert depth.show()[1].detections


def test_p_will_do_where_k_is_zeros(uncalibrated):
    uncalibrated.info(k=np.zeros(9))
    assert uncalibrated.show()[1].detections


def test_a_depth_image_that_holds_nothing_gives_no_place(depth):
    _, array = depth.show(data=bytes(48 * 64 * 2))
    assert not array.detections


def test_raw_images_are_said_once_and_freed_of_distortion(depth):
    depth.info(d=[-0.2, 0.0, 0.0, 0.0, 0.0], distortion_model="plumb_bob")
    depth.show()
    depth.show()
    printed = depth.tracker.spin(
        lambda: "image is taken as not rectified" in (text := depth.tracker.printed()) and text
    )
    assert printed.count("is taken as not rectified") == 1


def test_a_depth_image_of_another_frame_is_said(depth):
    from std_msgs.msg import Header

    image = depth.tracker.image()
    header = Header(stamp=image.header.stamp, frame_id="depth_optical")
    depth.image(image, header=header)
    depth.tracker.show(image)
    depth.tracker.spin(lambda: "/depth is in frame 'depth_optical'" in depth.tracker.printed())
