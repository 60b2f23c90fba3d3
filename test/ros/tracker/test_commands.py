# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the node is told, through its topics and services."""

import numpy as np
import pytest

pytestmark = pytest.mark.ros

BOXES = {"a": (4, 4, 24, 24), "b": (30, 10, 50, 40)}


def box(name, corners, **header):
    from vision_msgs.msg import Detection2D

    from re3_ros.ros.tracker._messages import bounding_box

    message = Detection2D(id=name, bbox=bounding_box(np.array(corners, float)))
    for key, value in header.items():
        setattr(message.header, key, value)
    return message


def give(tracker, boxes, **header):
    """Send boxes to init_boxes."""
    from vision_msgs.msg import Detection2DArray

    message = Detection2DArray(detections=boxes)
    for key, value in header.items():
        setattr(message.header, key, value)
    tracker.publisher(Detection2DArray, "init_boxes").publish(message)


def drop(tracker, text):
    from std_msgs.msg import String

    tracker.publisher(String, "drop_target").publish(String(data=text))


def enable(tracker, on):
    from std_srvs.srv import SetBool

    answer = tracker.call(SetBool, "enable", data=on)
    assert answer.success
    return answer.message


def ids(status):
    return [target.id for target in status.targets]


def test_several_boxes_at_once(tracker):
    tracker.bring_up()
    past = tracker.image()
    tracker.show(past)
    tracker.show()
    give(tracker, [box(n, b) for n, b in BOXES.items()], stamp=past.header.stamp)
    status = tracker.show_until(lambda s: len(s.targets) == 2)
    assert ids(status) == ["a", "b"]
    assert all(t.frames_since_init >= 1 for t in status.targets), "from the stamped image on"


def test_a_bad_box_among_several_is_its_own_affair(tracker):
    tracker.bring_up()
    tracker.show()
    boxes = [box("a", BOXES["a"]), box("bad", (9, 9, 9, 9)), box("a", BOXES["b"])]
    give(tracker, [*boxes, box("", BOXES["b"])])
    status = tracker.show_until(lambda s: len(s.targets) == 2)
    assert ids(status) == ["a", "target"]
    assert status.boxes_rejected == 2
    assert "'a' is in init_boxes twice" in tracker.printed()


def test_boxes_of_several_cameras_in_one_message(tracker):
    tracker.bring_up(cameras=["left", "right"])
    tracker.show(prefix="left/")
    tracker.show(prefix="right/")
    give(tracker, [box("a", BOXES["a"]), box("b", BOXES["b"], frame_id="right")], frame_id="left")
    assert ids(tracker.show_until(lambda s: s.targets, "left/")) == ["a"]
    assert ids(tracker.show_until(lambda s: s.targets, "right/")) == ["b"]


def test_one_target_is_dropped_the_other_goes_on(tracker):
    tracker.bring_up()
    tracker.follow(1, id="a", box=BOXES["a"])
    tracker.follow(2, id="b", box=BOXES["b"])
    drop(tracker, "c")
    tracker.spin(lambda: "no target 'c'; there are camera/a, camera/b" in tracker.printed())
    drop(tracker, "a")
    status = tracker.show_until(lambda s: len(s.targets) == 1)
    assert ids(status) == ["b"]
    assert status.targets[0].frames_since_init >= 1


def test_dropped_on_all_cameras_or_on_the_one_named(tracker):
    tracker.bring_up(cameras=["left", "right"])
    for camera in ("left", "right"):
        for count, name in enumerate("ab", 1):
            tracker.follow(count, f"{camera}/", id=name, box=BOXES[name], frame_id=camera)
    drop(tracker, "left/a")
    assert ids(tracker.show_until(lambda s: len(s.targets) == 1, "left/")) == ["b"]
    assert ids(tracker.show(prefix="right/")[0]) == ["a", "b"]
    drop(tracker, "b")
    tracker.show_until(lambda s: not s.targets, "left/")
    assert ids(tracker.show_until(lambda s: len(s.targets) == 1, "right/")) == ["a"]


def test_disabled_it_ignores_images_and_keeps_its_targets(tracker):
    tracker.bring_up()
    before = tracker.follow(id="a")
    assert before.enabled
    assert "ignored" in enable(tracker, False)
    answered = len(tracker.recorded["detections"])
    sent = [tracker.send(tracker.image()).header for _ in range(3)]
    statuses = tracker.recorded["status"]
    tracker.spin(lambda: any(s.header == sent[-1] for s in statuses))
    last = next(s for s in statuses if s.header == sent[-1])
    assert not last.enabled
    assert last.targets == before.targets, "as they were"
    assert last.frames_processed == before.frames_processed
    assert last.frames_received > before.frames_received
    assert len(tracker.recorded["detections"]) == answered
    assert "tracked" in enable(tracker, True)
    after, array = tracker.show()
    assert after.enabled
    assert after.targets[0].frames_since_init == before.targets[0].frames_since_init + 1
    assert [d.id for d in array.detections] == ["a"]


def test_it_is_enabled_when_activated(tracker):
    tracker.bring_up()
    enable(tracker, False)
    for step in ("deactivate", "activate"):
        assert tracker.lifecycle.change(step)
    assert tracker.show()[0].enabled


def test_the_class_of_a_box_is_that_of_its_detections(tracker):
    from vision_msgs.msg import ObjectHypothesisWithPose

    tracker.bring_up()
    tracker.show()
    named = box("a", BOXES["a"])
    for kind, score in (("bowl", 0.2), ("cup", 0.7)):
        hypothesis = ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id, hypothesis.hypothesis.score = kind, score
        named.results.append(hypothesis)
    give(tracker, [named, box("b", BOXES["b"])])
    tracker.show_until(lambda s: len(s.targets) == 2)
    image = tracker.image()
    _, array = tracker.show(image)
    kinds = {d.id: d.results[0].hypothesis.class_id for d in array.detections}
    assert kinds == {"a": "cup", "b": "object"}
    found = tracker.recorded["detection"]
    tracker.spin(lambda: found and found[-1].header == image.header)
    assert found[-1].results[0].hypothesis.class_id == "cup"
    drop(tracker, "a")
    tracker.show_until(lambda s: len(s.targets) == 1)
    give(tracker, [box("a", BOXES["a"])])
    tracker.show_until(lambda s: len(s.targets) == 2)
    _, array = tracker.show()
    assert {d.results[0].hypothesis.class_id for d in array.detections} == {"object"}
