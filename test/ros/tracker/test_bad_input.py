# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bad input is rejected, counted and reported once, and no target loses its state by it."""

import math

import pytest

pytestmark = pytest.mark.ros


def stamp(seconds):
    from builtin_interfaces.msg import Time

    return Time(sec=int(seconds), nanosec=int(seconds % 1 * 1e9))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"data": b""}, "data has 0 bytes"),
        ({"data": bytes(100)}, "data has 100 bytes"),
        ({"step": 7}, "step is 7"),
        ({"height": 0, "width": 0}, "0 x 0"),
        ({"encoding": "smell8"}, "smell8"),
        ({"encoding": ""}, "encoding ''"),
    ],
)
def test_a_bad_image_is_counted_and_the_target_goes_on(tracker, fields, says):
    tracker.bring_up()
    before = tracker.follow(id="cup").targets[0].frames_since_init
    rejected = tracker.send(tracker.image(**fields))
    tracker.spin(lambda: says in tracker.printed())
    tracker.send(tracker.image(**fields))
    after, _ = tracker.show()
    assert after.frames_rejected >= 1
    assert after.frames_rejected + after.frames_dropped == 2
    assert after.targets[0].state == after.targets[0].TRACKING
    assert after.targets[0].frames_since_init > before
    assert tracker.printed().count("[WARN]") == 1, "the second is held back"
    assert all(status.header != rejected.header for status in tracker.recorded["status"])


def test_a_stamp_going_backwards_is_counted_and_the_target_goes_on(tracker):
    tracker.bring_up()
    tracker.follow(id="cup")
    old = tracker.image()
    old.header.stamp = stamp(1.0)
    tracker.send(old)
    tracker.spin(lambda: "[WARN]" in tracker.printed())
    status, _ = tracker.show()
    assert status.frames_rejected == 1
    assert status.targets[0].state == status.targets[0].TRACKING
    assert "time_jump" in tracker.printed(), "the way out"


def test_an_image_of_another_size_is_followed_on(tracker):
    tracker.bring_up()
    tracker.follow(id="cup", box=(4, 4, 24, 24))
    status, array = tracker.show(tracker.image(height=24, width=32, step=96, data=bytes(24 * 96)))
    assert status.frames_rejected == 0
    assert array.detections[0].id == "cup"
    status, _ = tracker.show()
    assert status.targets[0].state == status.targets[0].TRACKING


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"box": (10, 10, 10, 10)}, "box"),
        ({"box": (10, 10, 11, 40)}, "box"),
        ({"box": (math.nan, 10, 30, 30)}, "nan"),
        ({"box": (math.inf, 10, 30, 30)}, "box"),
        ({"box": (100, 100, 140, 140)}, "64 x 48"),
        ({"box": (30, 30, 10, 10)}, "box"),
        ({"frame_id": "rear"}, "'rear' names no camera"),
        ({"stamp": (5,)}, "no frame is remembered of stamp 5"),
        ({"stamp": (9_000_000,)}, "after the newest frame"),
    ],
)
def test_a_bad_box_is_counted_and_the_target_goes_on(tracker, fields, says):
    fields = dict(fields)
    if "stamp" in fields:
        fields["stamp"] = stamp(*fields["stamp"])
    tracker.bring_up()
    tracker.follow(id="cup", box=(4, 4, 24, 24))
    tracker.point(id="cup", **fields)
    status = tracker.show_until(lambda s: s.boxes_rejected)
    assert status.boxes_rejected == 1
    (target,) = status.targets
    assert (target.id, target.state) == ("cup", target.TRACKING)
    assert target.bbox.center.position.x == pytest.approx(14)
    assert says in tracker.printed()
    assert tracker.printed().count("[WARN]") == 1


def test_a_box_may_name_the_camera_or_the_frame_of_its_images(tracker):
    tracker.bring_up()
    tracker.follow(1, id="a", frame_id="camera")
    assert len(tracker.follow(2, id="b", frame_id="optical").targets) == 2


def test_with_several_cameras_a_box_has_to_name_one(tracker):
    tracker.bring_up(cameras=["left", "right"])
    tracker.show(prefix="left/")
    tracker.show(prefix="right/")
    tracker.point(frame_id="")
    status = tracker.show_until(lambda s: s.boxes_rejected == 1, "left/")
    tracker.point(frame_id="optical")
    status = tracker.show_until(lambda s: s.boxes_rejected == 2, "left/")
    assert not status.targets
    assert "names several cameras" in tracker.printed()


def test_one_target_too_many_is_rejected(tracker):
    tracker.bring_up(max_targets=1)
    tracker.follow(1, id="a")
    tracker.point(id="b")
    status = tracker.show_until(lambda s: s.boxes_rejected == 1)
    assert [t.id for t in status.targets] == ["a"]
    assert "max_targets = 1" in tracker.printed()


def test_a_box_that_turns_out_bad_on_its_image_is_counted_then(tracker):
    tracker.bring_up()
    tracker.point(box=(100, 100, 140, 140))
    tracker.spin(lambda: "following" in tracker.printed())
    status = tracker.show_until(lambda s: s.boxes_rejected == 1)
    assert not status.targets
    assert "64 x 48" in tracker.printed()


def test_of_two_refused_boxes_each_is_explained(tracker):
    tracker.bring_up()
    tracker.show()
    tracker.point(id="cup", box=(10, 10, 10.5, 10.5))
    tracker.point(id="hand", box=(10, 10, 30, math.nan))
    tracker.spin(lambda: tracker.printed().count("box rejected") == 2)
    assert "0.5 x 0.5" in tracker.printed()
    assert "not finite" in tracker.printed()


def test_two_publishers_on_one_image_topic_are_told_in_log_and_diagnostics(tracker):
    from diagnostic_msgs.msg import DiagnosticArray
    from sensor_msgs.msg import Image

    tracker.bring_up(diagnostic_period=0.2)
    arrays = tracker.record(DiagnosticArray, "/diagnostics")
    other = tracker.node.create_publisher(Image, "image", 10)

    def told():
        messages = (status.message for array in arrays for status in array.status)
        return any("2 publishers send images" in message for message in messages)

    try:
        tracker.spin(lambda: "2 publishers on /image (/bench)" in tracker.printed() and told())
    finally:
        tracker.node.destroy_publisher(other)
