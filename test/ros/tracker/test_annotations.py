# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What Foxglove is told to draw; with the real messages where they are installed."""

from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.ros

installed = pytest.mark.skipif(
    find_spec("foxglove_msgs") is None, reason="foxglove_msgs is not installed"
)


def colour(annotation):
    return annotation.r, annotation.g, annotation.b, annotation.a


@installed
@pytest.mark.parametrize("cameras", [["camera"], ["left", "right"]])
def test_boxes_and_labels_have_the_stamp_of_their_image(tracker, cameras):
    from foxglove_msgs.msg import ImageAnnotations, PointsAnnotation

    from re3_ros.media import STATE_COLOURS
    from re3_ros.tracking import TargetState

    prefix = f"{cameras[-1]}/" if len(cameras) > 1 else ""
    tracker.bring_up(cameras=cameras)
    drawn = tracker.record(ImageAnnotations, f"{prefix}annotations")
    tracker.show(prefix=prefix)
    frame_id = cameras[-1] if prefix else ""
    tracker.point(id="cup", box=(12, 8, 36, 40), frame_id=frame_id)
    tracker.show_until(lambda s: s.targets and s.targets[0].state == 1, prefix)
    image = tracker.image()
    tracker.show(image, prefix)
    message = tracker.spin(
        lambda: next((m for m in drawn if m.points and stamp(m) == image.header.stamp), None)
    )
    (box,), (label,) = message.points, message.texts
    assert box.type == PointsAnnotation.LINE_LOOP
    corners = [(p.x, p.y) for p in box.points]
    for found, told in zip(corners, [(12, 8), (36, 8), (36, 40), (12, 40)], strict=True):
        assert found == pytest.approx(told, abs=1e-3)
    rgb = [v / 255 for v in STATE_COLOURS[TargetState.TRACKING]]
    assert colour(box.outline_color) == colour(label.text_color) == pytest.approx((*rgb, 1.0))
    assert label.text == "cup 0.98"
    assert label.timestamp == image.header.stamp


def stamp(message):
    return message.points[0].timestamp


@installed
def test_lost_targets_are_drawn_in_their_colour_and_nothing_is_an_empty_array(tracker, weights):
    from foxglove_msgs.msg import ImageAnnotations

    from re3_ros.media import STATE_COLOURS
    from re3_ros.tracking import TargetState

    tracker.bring_up(weights=weights("drifting"))
    drawn = tracker.record(ImageAnnotations, "annotations")
    tracker.show_until(lambda _: drawn)
    assert not drawn[0].points
    tracker.point(id="cup")
    tracker.show_until(lambda s: s.targets and s.targets[0].state == s.targets[0].LOST)
    message = tracker.spin(
        lambda: next((m for m in drawn if m.texts and m.texts[0].text.endswith(" lost")), None)
    )
    rgb = [v / 255 for v in STATE_COLOURS[TargetState.LOST]]
    assert colour(message.points[0].outline_color) == pytest.approx((*rgb, 1.0))


@pytest.mark.skipif(find_spec("foxglove_msgs") is not None, reason="foxglove_msgs is installed")
def test_without_the_package_there_is_no_topic_and_the_log_says_so(tracker):
    tracker.bring_up()
    tracker.show()
    assert "foxglove_msgs is not installed" in tracker.log.read_text()
    assert not tracker.node.count_publishers("annotations")


@pytest.mark.skipif(
    find_spec("visualization_msgs") is not None, reason="visualization_msgs is installed"
)
def test_without_markers_there_is_no_topic_and_the_log_says_so(tracker):
    tracker.bring_up()
    tracker.show()
    assert "visualization_msgs is not installed" in tracker.log.read_text()
    assert not tracker.node.count_publishers("markers")
