# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What RViz draws in space, of the real node."""

import pytest
from depth_camera import BOX, Depth

pytestmark = pytest.mark.ros


@pytest.fixture
def markers(tracker):
    """Return a function that subscribes to markers until the node knows; it returns their list."""
    kinds = pytest.importorskip("visualization_msgs.msg", reason="visualization_msgs is missing")

    def watch():
        found = tracker.record(kinds.MarkerArray, "markers")
        tracker.spin(lambda: tracker.node.count_subscribers("depth") == 1)
        return found

    return watch


def shown(depth, markers):
    """Send an image; return its places and its markers."""
    image, array = depth.show()
    drawn = depth.tracker.spin(
        lambda: next((m for m in markers if m.markers[0].header == image.header), None)
    )
    assert drawn.markers[0].action == drawn.markers[0].DELETEALL
    return array, drawn.markers[1:]


def colour(marker):
    return [marker.color.r, marker.color.g, marker.color.b]


def rgb(state):
    from re3_ros.media import STATE_COLOURS
    from re3_ros.tracking import TargetState

    return pytest.approx([v / 255 for v in STATE_COLOURS[TargetState[state]]])


def test_markers_are_the_boxes_and_labels_of_detections(tracker, markers):
    tracker.bring_up()
    tracker.follow(id="cup", box=BOX)
    found = markers()
    depth = Depth(tracker)
    depth.info()
    array, (box, label) = shown(depth, found)
    (seen,) = array.detections
    assert (box.type, label.type) == (box.CUBE, box.TEXT_VIEW_FACING)
    assert box.pose == seen.bbox.center
    assert [box.scale.x, box.scale.y] == [seen.bbox.size.x, seen.bbox.size.y]
    assert 0 < box.scale.z <= 1e-3, "RViz draws nothing that is 0 thick"
    assert label.text == "cup 0.98"
    assert label.pose.position.y < box.pose.position.y - box.scale.y / 2, "above the box"
    assert colour(box) == colour(label) == rgb("TRACKING")
    assert box.header == label.header == array.header
    assert box.lifetime.sec > 0, "none stays of a node that has ended"


def test_markers_go_with_their_target(tracker, markers):
    from std_msgs.msg import String

    tracker.bring_up()
    tracker.follow(id="cup", box=BOX)
    tracker.point(id="jar", box=BOX)
    tracker.show_until(lambda s: len(s.targets) == 2)
    found = markers()
    depth = Depth(tracker)
    depth.info()
    assert [m.text for m in shown(depth, found)[1][1::2]] == ["cup 0.98", "jar 0.98"]
    tracker.publisher(String, "drop_target").publish(String(data="cup"))
    tracker.show_until(lambda s: len(s.targets) == 1)
    assert [m.text for m in shown(depth, found)[1][1::2]] == ["jar 0.98"]


@pytest.mark.parametrize(("lost_frames", "expected"), [(100, "UNCERTAIN"), (1, "LOST")])
def test_markers_follow_the_state(tracker, weights, markers, lost_frames, expected):
    tracker.bring_up(weights=weights("blind"), lost_frames=lost_frames)
    tracker.follow(id="cup", box=BOX)
    tracker.show_until(lambda s: s.targets[0].state == getattr(s.targets[0], expected))
    found = markers()
    depth = Depth(tracker)
    depth.info()
    drawn = shown(depth, found)[1]
    if expected == "LOST":
        assert not drawn, "as in detections_3d"
        return
    box, label = drawn
    assert colour(box) == rgb(expected)
    assert label.text.endswith(" uncertain")


def test_markers_cost_nothing_while_nobody_listens(tracker, markers):
    tracker.bring_up()
    markers()
    assert tracker.node.count_subscribers("camera_info") == 1
    for subscription in list(tracker.node.subscriptions):
        if subscription.topic_name == "/markers":
            tracker.node.destroy_subscription(subscription)
    tracker.spin(lambda: not tracker.node.count_subscribers("depth"))
