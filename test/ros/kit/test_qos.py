# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service that does not fit is named, with what to do, and counted."""

import time

import pytest

pytestmark = pytest.mark.ros


@pytest.fixture
def active(make_inside):
    """Return a function from parameters to an active node inside this process."""

    def make(**parameters):
        tracker = make_inside(**parameters)
        tracker.lifecycle.bring_up()
        return tracker

    return make


def best_effort(depth=5):
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


def reliable(**more):
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    return QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE, **more)


def endpoints(tracker, topic):
    name = f"{tracker.target.rpartition('/')[0]}/{topic}"
    infos = (
        tracker.node.get_subscriptions_info_by_topic
        if topic in ("image", "init_box")
        else tracker.node.get_publishers_info_by_topic
    )
    return tracker.spin(lambda: infos(name))[0].qos_profile


def test_images_from_an_incompatible_publisher_are_missed_aloud_and_once(active):
    from sensor_msgs.msg import Image

    tracker = active(image_reliability="reliable", silence_warning=0.5)
    cameras = [tracker.node.create_publisher(Image, "image", best_effort()) for _ in range(2)]
    cure = "set image_reliability:=best_effort"
    tracker.says(cure)
    tracker.spin(lambda: tracker.under_test.mismatches["image"] == len(cameras))
    tracker.says("no image on /inside")
    log = tracker.log.read_text()
    assert log.count(cure) == 1, "it is said once, however many publishers there are"
    assert "the QoS of its publisher does not fit" in log


def test_the_cure_cures(active):
    from sensor_msgs.msg import Image

    tracker = active(image_reliability="reliable")
    camera = tracker.node.create_publisher(Image, "image", best_effort())
    tracker.says("set image_reliability:=best_effort")
    for step in ("deactivate", "cleanup"):
        assert tracker.lifecycle.change(step)
    assert tracker.set(image_reliability="best_effort") == []
    tracker.lifecycle.bring_up()
    (arrived,) = tracker.under_test._active.cameras

    def received():
        camera.publish(tracker.image())
        time.sleep(0.02)
        return arrived.counts["frames_received"]

    tracker.spin(received)


def test_boxes_from_an_incompatible_publisher_are_missed_aloud(active):
    from vision_msgs.msg import Detection2D

    tracker = active()
    tracker.node.create_publisher(Detection2D, "init_box", best_effort())
    tracker.says("let it be published with reliability reliable")
    assert "image_reliability" not in tracker.log.read_text()
    assert tracker.under_test.mismatches["init_box"] == 1


def test_a_subscriber_that_asks_for_more_is_named(active):
    from vision_msgs.msg import Detection2DArray

    tracker = active(result_reliability="best_effort")
    tracker.node.create_subscription(Detection2DArray, "detections", print, reliable())
    tracker.says("set result_reliability:=reliable")
    assert tracker.under_test.mismatches["detections"] == 1


def test_a_subscriber_that_wants_the_past_is_told_how_to_ask(active):
    from rclpy.qos import DurabilityPolicy
    from vision_msgs.msg import Detection2DArray

    tracker = active()
    past = reliable(durability=DurabilityPolicy.TRANSIENT_LOCAL)
    tracker.node.create_subscription(Detection2DArray, "detections", print, past)
    tracker.says("subscribe with durability volatile")


@pytest.mark.parametrize("reliability", ["best_effort", "reliable"])
def test_reliability_is_as_the_parameters_say(active, reliability):
    tracker = active(image_reliability=reliability, result_reliability=reliability)
    for topic in ("image", "detections", "detection", "status"):
        assert endpoints(tracker, topic).reliability.name.lower() == reliability, topic
    assert endpoints(tracker, "init_box").reliability.name == "RELIABLE"


def test_depth_and_history_are_as_the_parameters_say():
    from re3_ros.ros.kit._qos import image_qos, result_qos

    qos = image_qos("reliable", 7, "keep_all")
    assert (qos.depth, qos.history.name) == (7, "KEEP_ALL")
    assert (image_qos().depth, image_qos().history.name) == (5, "KEEP_LAST")
    assert result_qos("reliable", 3).depth == 3


def test_a_history_that_is_none_is_refused_with_those_that_are(make_inside):
    (reason,) = make_inside().set(image_history="keep_some")
    assert "keep_last, keep_all" in reason


def test_that_there_is_no_box_is_said_once_and_again_only_after_there_was_one(active):
    text = "images arrive, but there is nothing to track"
    tracker = active(silence_warning=0.5, image_reliability="reliable")
    tracker.bring_up_topics()
    tracker.show()
    tracker.says(text)
    assert "/init_box" in tracker.log.read_text()
    began = time.monotonic()
    tracker.spin(lambda: tracker.show() and time.monotonic() > began + 2.5)
    assert tracker.log.read_text().count(text) == 1
    tracker.follow(id="cup")
    began = time.monotonic()
    tracker.spin(lambda: tracker.show() and time.monotonic() > began + 1.5)
    tracker.under_test._active.session.drop("camera", "cup")
    tracker.show()
    tracker.spin(lambda: tracker.show() and tracker.log.read_text().count(text) == 2)
