# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A detector's boxes and lost targets, with a network that sees what is red."""

import numpy as np
import pytest

pytestmark = pytest.mark.ros

START, AWAY, GREY = (20, 20, 44, 44), (110, 80, 134, 104), (20, 80, 44, 104)


@pytest.fixture
def red(make_inside, doubles, monkeypatch):
    """Return a function from parameters to an active node whose network sees what is red."""
    from re3_ros.network.runtimes import TorchRuntime
    from re3_ros.ros.tracker import _node

    monkeypatch.setattr(_node, "make_runtime", lambda *_: TorchRuntime(doubles.Finder().eval()))

    def make(**parameters):
        quick = {"lost_frames": 1, "uncertain_frames": 1, "retry_reach": 0.0}
        return make_inside(detector="found", **quick, **parameters).bring_up()

    return make


def scene(tracker, *boxes, zoom=1):
    """Return the next image, ``zoom`` times 160 x 120: red rectangles on grey."""
    pixels = np.full((120 * zoom, 160 * zoom, 3), 100, np.uint8)
    for x1, y1, x2, y2 in np.multiply(boxes, zoom):
        pixels[y1:y2, x1:x2] = (230, 30, 40)
    fields = {"encoding": "rgb8", "step": 480 * zoom, "data": pixels.tobytes()}
    return tracker.image(height=120 * zoom, width=160 * zoom, **fields)


def detect(tracker, stamped, *boxes, kind="object"):
    """Send what a detector sees in an image, and wait until the node has it."""
    from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

    from re3_ros.ros.tracker._messages import bounding_box

    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id, hypothesis.hypothesis.score = kind, 0.9
    found = [
        Detection2D(bbox=bounding_box(np.array(b, float)), results=[hypothesis]) for b in boxes
    ]
    message = Detection2DArray(header=stamped.header, detections=found)
    bridge = tracker.under_test._active.pipeline._bridge
    before = len(bridge._frames.get("camera", []))
    tracker.publisher(Detection2DArray, "found").publish(message)
    tracker.spin(lambda: len(bridge._frames.get("camera", [])) > before)


def lose(tracker, kind=""):
    """Follow a target at START and let it vanish."""
    from vision_msgs.msg import Detection2D, ObjectHypothesisWithPose

    from re3_ros.ros.tracker._messages import bounding_box

    tracker.show(scene(tracker, START))
    box = Detection2D(id="cup", bbox=bounding_box(np.array(START, float)))
    if kind:
        box.results = [ObjectHypothesisWithPose()]
        box.results[0].hypothesis.class_id = kind
    tracker.publisher(Detection2D, "init_box").publish(box)
    tracker.says("following 'cup'")
    for _ in range(3):
        tracker.show(scene(tracker, START))
    status = tracker.show_until(
        lambda s: s.targets and s.targets[0].state == s.targets[0].LOST,
        make=lambda: scene(tracker),
    )
    return status.targets[0]


def lose_and_follow_another(tracker):
    """Lose the target at START, and follow another at AWAY."""
    lose(tracker)
    tracker.show(scene(tracker, AWAY))
    tracker.point(id="other", box=AWAY)
    tracker.says("following 'other'")
    tracker.show(scene(tracker, AWAY))


def x_of(target):
    return target.bbox.center.position.x


def test_a_lost_target_is_found_where_the_detector_sees_it_and_it_knows_itself(red):
    tracker = red()
    lose(tracker)
    for _ in range(3):  # out of its own reach
        status, _ = tracker.show(scene(tracker, AWAY))
        assert status.targets[0].state == status.targets[0].LOST
    image = scene(tracker, AWAY)
    detect(tracker, image, GREY, np.add(AWAY, 2))
    tracker.show(image)
    status, array = tracker.show(scene(tracker, AWAY))
    assert [d.id for d in array.detections] == ["cup"]
    assert x_of(status.targets[0]) == pytest.approx(122, abs=2)
    assert status.targets[0].frames_since_init == 1
    tracker.says("a detector found 'cup', looks right with 1.00")


def test_detections_of_a_past_image_are_used_from_there(red):
    tracker = red()
    lose(tracker)
    image = scene(tracker, AWAY)
    tracker.show(image)
    tracker.show(scene(tracker, np.add(AWAY, 3)))
    detect(tracker, image, AWAY)
    tracker.show(scene(tracker, np.add(AWAY, 6)))
    status, _ = tracker.show(scene(tracker, np.add(AWAY, 9)))
    assert x_of(status.targets[0]) == pytest.approx(131, abs=2)
    assert status.targets[0].frames_since_init == 3


def test_detections_of_an_image_of_another_size_are_used_from_there(red):
    tracker = red()
    lose(tracker)
    image = scene(tracker, AWAY)
    tracker.show(image)
    tracker.show(scene(tracker, np.add(AWAY, 3), zoom=2))
    detect(tracker, image, AWAY)
    tracker.show(scene(tracker, np.add(AWAY, 6), zoom=2))
    status, _ = tracker.show(scene(tracker, np.add(AWAY, 9), zoom=2))
    assert x_of(status.targets[0]) == pytest.approx(2 * 131, abs=4)
    assert status.targets[0].frames_since_init == 3


def test_a_target_that_is_seen_is_not_given_away_in_an_image_of_another_size(red):
    tracker = red()
    lose_and_follow_another(tracker)
    image = scene(tracker, AWAY)
    tracker.show(image)
    tracker.show(scene(tracker, AWAY, zoom=2))
    detect(tracker, image, AWAY)
    for _ in range(2):
        status, _ = tracker.show(scene(tracker, AWAY, zoom=2))
    found = {t.id: t for t in status.targets}
    assert found["cup"].state == found["cup"].LOST
    assert x_of(found["other"]) == pytest.approx(244, abs=4)


@pytest.mark.parametrize(
    ("boxes", "kind", "parameters"),
    [
        ([GREY], "object", {}),  # it does not look like the target
        ([AWAY], "plate", {}),  # something else
        ([np.add(AWAY, 17)], "object", {}),  # it sees itself, but beside the detection
        ([], "object", {}),
        ([(5, 5, 5, 5), (np.nan, 1, 2, 3)], "object", {}),
    ],
)
def test_what_does_not_find_a_lost_target(red, boxes, kind, parameters):
    tracker = red(**parameters)
    lose(tracker)
    image = scene(tracker, AWAY)
    detect(tracker, image, *boxes, kind=kind)
    tracker.show(image)
    status, _ = tracker.show(scene(tracker, AWAY))
    assert status.targets[0].state == status.targets[0].LOST
    assert x_of(status.targets[0]) == pytest.approx(32, abs=1)
    assert status.errors == 0


def test_the_class_is_the_one_the_target_was_started_with(red):
    tracker = red()
    lose(tracker, kind="mug")
    for kind in ("object", "mug"):
        image = scene(tracker, AWAY)
        detect(tracker, image, AWAY, kind=kind)
        tracker.show(image)
    status, array = tracker.show(scene(tracker, AWAY))
    assert status.targets[0].frames_since_init == 1, "the second one found it"
    assert array.detections[0].results[0].hypothesis.class_id == "mug"


def test_a_target_that_is_seen_is_not_moved_nor_given_away(red):
    tracker = red()
    lose_and_follow_another(tracker)
    image = scene(tracker, AWAY, GREY)
    detect(tracker, image, AWAY, GREY)
    tracker.show(image)
    status, _ = tracker.show(scene(tracker, AWAY, GREY))
    found = {t.id: t for t in status.targets}
    assert x_of(found["other"]) == pytest.approx(122, abs=2)
    assert found["other"].frames_since_init > found["cup"].frames_since_init == 1
    assert x_of(found["cup"]) == pytest.approx(32, abs=2)
    assert found["cup"].bbox.center.position.y == pytest.approx(92, abs=2)


def test_looks_are_limited_and_take_turns(red):
    tracker = red(detector_looks=1)
    lose(tracker)
    looks = []
    session = tracker.under_test._active.session
    match = session.match_lost

    def counted(camera, boxes, stamp):
        looks.append(sum(map(len, boxes.values())))
        return match(camera, boxes, stamp)

    session.match_lost = counted
    for _ in range(3):
        image = scene(tracker, AWAY)
        detect(tracker, image, GREY, np.add(GREY, 4), AWAY)
        tracker.show(image)
    status, _ = tracker.show(scene(tracker, AWAY))
    assert looks == [1, 1, 1]
    assert x_of(status.targets[0]) == pytest.approx(122, abs=2)


def test_a_detector_that_is_no_topic_name_is_refused(make_inside):
    tracker = make_inside(detector="no topic!")
    assert tracker.lifecycle.change("configure")
    assert not tracker.lifecycle.change("activate")
    assert tracker.lifecycle.state() == "inactive"
    tracker.says("detector is 'no topic!', which is no topic name")
