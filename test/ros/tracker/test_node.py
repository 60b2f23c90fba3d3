# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

pytestmark = pytest.mark.ros


def corners(bbox):
    x, y = bbox.center.position.x, bbox.center.position.y
    return [x - bbox.size_x / 2, y - bbox.size_y / 2, x + bbox.size_x / 2, y + bbox.size_y / 2]


def test_a_box_becomes_detections_under_the_header_of_the_image(tracker):
    tracker.bring_up()
    tracker.follow(id="cup", box=(12, 8, 36, 40))
    image = tracker.image()
    status, array = tracker.show(image)
    (found,) = array.detections
    assert array.header == found.header == image.header
    assert found.id == "cup"
    assert corners(found.bbox) == pytest.approx([12, 8, 36, 40], abs=1e-3)
    assert found.results[0].hypothesis.class_id == "object"
    assert found.results[0].hypothesis.score == pytest.approx(0.982, abs=1e-3)
    assert status.camera == "camera"


def test_an_image_without_targets_gets_an_empty_array(tracker):
    tracker.bring_up()
    status, array = tracker.show()
    assert not array.detections
    assert not status.targets


def test_a_box_without_id_starts_target(tracker):
    tracker.bring_up()
    assert tracker.follow().targets[0].id == "target"


def test_several_targets_keep_their_names_and_boxes(tracker):
    tracker.bring_up()
    boxes = {"a": (2, 2, 22, 22), "b": (20, 10, 50, 40), "c": (30, 20, 60, 44)}
    for n, (name, box) in enumerate(boxes.items(), 1):
        tracker.follow(n, id=name, box=box)
    _, array = tracker.show()
    assert [d.id for d in array.detections] == list(boxes)
    for found in array.detections:
        assert corners(found.bbox) == pytest.approx(boxes[found.id], abs=1e-3)


def test_a_second_box_for_an_id_starts_it_anew(tracker):
    tracker.bring_up()
    tracker.follow(id="cup", box=(2, 2, 22, 22))
    tracker.point(id="cup", box=(30, 10, 50, 40))
    status = tracker.show_until(lambda s: corners(s.targets[0].bbox)[0] > 25)
    assert len(status.targets) == 1
    assert status.targets[0].frames_since_init <= 2


def test_detections_are_empty_and_status_says_so_once_all_are_lost(tracker, weights):
    tracker.bring_up(weights=weights("drifting"))
    tracker.follow(id="cup")
    status = tracker.show_until(lambda s: s.targets[0].state == s.targets[0].LOST)
    before = len(tracker.recorded["detection"])
    status, array = tracker.show()
    assert not array.detections
    assert status.targets[0].id == "cup"
    assert status.targets[0].frames_in_state >= 1
    assert len(tracker.recorded["detection"]) == before


def test_a_target_that_is_not_seen_becomes_uncertain_then_lost(tracker, weights):
    tracker.bring_up(weights=weights("blind"), uncertain_frames=2, lost_frames=3)
    tracker.follow()
    state = tracker.show_until(lambda s: s.targets[0].state == s.targets[0].UNCERTAIN).targets[0]
    assert state.score == pytest.approx(0.018, abs=1e-3)
    tracker.show_until(lambda s: s.targets[0].state == s.targets[0].LOST)


def test_status_counts_and_names_what_runs(tracker, weights):
    tracker.bring_up(reset_interval=5)
    first = tracker.follow()
    for _ in range(7):
        status, _ = tracker.show()
    assert status.frames_received == status.frames_processed == first.frames_received + 7
    assert (status.frames_dropped, status.frames_rejected, status.boxes_rejected) == (0, 0, 0)
    assert status.device.startswith("cpu, ")
    assert status.weights == weights("still")
    assert 0 < status.inference < status.latency
    target = status.targets[0]
    assert target.state == target.TRACKING
    assert target.frames_since_init == first.targets[0].frames_since_init + 7
    assert target.frames_since_reset == target.frames_since_init % 5


def test_a_box_on_a_past_frame_is_followed_from_there(tracker):
    tracker.bring_up()
    past = tracker.image()
    tracker.show(past)
    for _ in range(4):
        tracker.show()
    tracker.point(stamp=past.header.stamp)
    status = tracker.show_until(lambda s: s.targets)
    assert status.targets[0].frames_since_init >= 4


def test_a_box_may_overtake_its_image(tracker):
    tracker.bring_up()
    tracker.show()
    image = tracker.image()
    tracker.point(stamp=image.header.stamp, id="early")
    tracker.spin(lambda: "following 'early'" in tracker.printed())
    status, _ = tracker.show(image)
    assert [t.id for t in status.targets] == ["early"]


def test_primary_is_the_oldest_target_or_the_one_named(tracker):
    tracker.bring_up()
    tracker.follow(1, id="a")
    tracker.follow(2, id="b")
    tracker.show()
    tracker.spin(lambda: tracker.recorded["detection"])
    assert {d.id for d in tracker.recorded["detection"]} == {"a"}
    assert tracker.set(primary="b") == []
    image = tracker.image()
    tracker.show(image)
    tracker.spin(lambda: tracker.recorded["detection"][-1].header == image.header)
    assert tracker.recorded["detection"][-1].id == "b"


def test_clear_forgets_all_targets(tracker):
    from std_srvs.srv import Trigger

    tracker.bring_up()
    tracker.follow()
    assert tracker.call(Trigger, "clear").success
    assert not tracker.show()[0].targets


def test_each_camera_has_its_own_topics_and_targets(tracker):
    tracker.bring_up(cameras=["left", "right"])
    tracker.show(prefix="left/")
    tracker.show(tracker.image(), "right/")
    tracker.point(id="cup", frame_id="right")
    status = tracker.show_until(lambda s: s.targets, "right/")
    assert status.camera == "right"
    assert not tracker.show(prefix="left/")[0].targets


def test_the_debug_image_shows_the_target_to_those_who_look(tracker):
    from sensor_msgs.msg import Image

    def black():
        return tracker.image(height=480, width=640, step=1920, data=bytes(480 * 640 * 3))

    tracker.bring_up()
    tracker.show(black())
    tracker.point(box=(100, 100, 300, 300))
    tracker.spin(lambda: "following" in tracker.printed())
    seen = tracker.record(Image, "debug_image")
    tracker.show_until(lambda _: seen, make=black)
    image = black()
    tracker.show(image)
    drawn = tracker.spin(lambda: next((m for m in seen if m.header == image.header), None))
    assert drawn.encoding == "rgb8"
    pixels = np.frombuffer(drawn.data, np.uint8).reshape(480, 640, 3)
    assert pixels[200, 98:103].max() > 100, "the left side of the box"
    assert not pixels[200, 150:250].any()


def test_topics_come_with_activate_and_go_with_deactivate(tracker):
    def published():
        names = tracker.node.get_topic_names_and_types()
        return {name for name, _ in names} & {"/detections", "/detection", "/status"}

    assert tracker.lifecycle.change("configure")
    assert not published()
    assert tracker.lifecycle.change("activate")
    tracker.spin(lambda: len(published()) == 3)
    assert tracker.lifecycle.change("deactivate")
    tracker.spin(lambda: not published())


def test_deactivate_forgets_targets_and_counts_start_anew(tracker):
    tracker.bring_up()
    tracker.follow()
    assert tracker.lifecycle.change("deactivate")
    assert tracker.lifecycle.change("activate")
    status, _ = tracker.show()
    assert not status.targets
    assert status.frames_received == 1


def test_the_log_says_what_a_silent_node_waits_for(tracker):
    start = len(tracker.log.read_text())
    assert tracker.set(silence_warning=0.1) == []

    def says(text):
        return lambda: text in tracker.log.read_text()[start:]

    tracker.spin(says("ros2 lifecycle set /re3_tracker configure"))
    assert tracker.lifecycle.change("configure")
    tracker.spin(says("ros2 lifecycle set /re3_tracker activate"))
    assert tracker.lifecycle.change("activate")
    tracker.spin(says("no image on /image: nobody publishes it"))
    assert tracker.set(silence_warning=30.0) == []
    tracker.send(tracker.image())
    tracker.spin(says("images arrive again"))


def test_cleanup_lets_go_of_the_network(ros, weights):
    import weakref

    from rclpy.parameter import Parameter

    from re3_ros.ros.tracker._node import TrackerNode

    values = {"weights": weights("still"), "device": "cpu", "runtime": "torch"}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    node = TrackerNode("forgetful", parameter_overrides=overrides)
    try:
        node.trigger_configure()
        network = weakref.ref(node._loaded.runtime)
        node.trigger_activate()
        assert network() is not None
        node.trigger_deactivate()
        node.trigger_cleanup()
        assert network() is None
    finally:
        node.destroy_node()
