# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that changes its resolution: what is in pixels goes with it."""

import cv2
import numpy as np
import pytest

from re3_ros.boxes import iou
from re3_ros.errors import BoxError
from re3_ros.tracking import Frame, TargetState, Tracker
from re3_ros.tracking._sizes import keeps_aspect

BOX = np.array([100.0, 80.0, 140.0, 110.0])
PERIOD = 33_000_000


@pytest.fixture
def show(scene):
    """Return a function that shows a session frame k with the red box at a scale."""

    def run(session, k, box=BOX, scale=1.0, camera="camera"):
        image = scene(None if box is None else box.astype(int))
        size = round(320 * scale), round(240 * scale)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return session.process(Frame(camera, (k + 1) * PERIOD, image))

    return run


@pytest.fixture
def tracked(blob, session, show):
    it = session(blob)
    it.initialise("camera", "a", BOX)
    for k in range(4):
        show(it, k)
    return it


@pytest.mark.parametrize("scale", [2.0, 0.5, 3.7])
def test_a_target_is_followed_on_at_another_resolution(tracked, show, scale):
    results = [show(tracked, 4 + i, BOX + 4 * i, scale) for i in range(4)]
    for i, result in enumerate(results):
        (target,) = result.targets
        assert target.state is TargetState.TRACKING
        assert iou(target.box / scale, BOX + 4 * i) > 0.8
    assert [len(result.notes) for result in results] == [1, 0, 0, 0]
    assert "scaled with them" in results[0].notes[0]
    assert tracked.counters["size_changes"] == 1


def test_there_and_back_again_at_every_frame(tracked, show):
    for i in range(12):
        scale = 2.0 if i % 2 else 1.0
        (target,) = show(tracked, 4 + i, BOX + 2 * i, scale).targets
        assert target.state is TargetState.TRACKING
        assert iou(target.box / scale, BOX + 2 * i) > 0.8


def test_several_cameras_in_one_batch(blob, session, scene):
    it = session(blob, ("left", "right"))
    frames = []
    for k in range(6):
        scales = {"left": 2 if k > 2 else 1, "right": 1}
        frames = [
            Frame(c, (k + 1) * PERIOD, cv2.resize(scene(BOX.astype(int)), (320 * s, 240 * s)))
            for c, s in scales.items()
        ]
        for camera in scales if k == 0 else ():
            it.initialise(camera, "a", BOX)
        results = it.process_many(frames)
    left, right = (r.targets[0] for r in results)
    assert left.state is right.state is TargetState.TRACKING
    assert iou(left.box / 2, BOX) > 0.8
    assert iou(right.box, BOX) > 0.8


def test_a_late_box_goes_through_the_change(blob, session, show):
    it = session(blob)
    for k in range(6):
        show(it, k, BOX + 3 * k, 2.0 if k > 2 else 1.0)
    it.initialise("camera", "late", BOX + 3, 2 * PERIOD)
    (target,) = show(it, 6, BOX + 18, 2.0).targets
    assert target.frames_since_init == 5
    assert target.state is TargetState.TRACKING
    assert iou(target.box / 2, BOX + 18) > 0.8


def test_a_lost_target_is_searched_for_where_it_was(tracked, show):
    k = 4
    while show(tracked, k, None).targets[0].state is not TargetState.LOST:
        k += 1
    states = [show(tracked, k + i, BOX, 2.0).targets[0] for i in range(1, 6)]
    assert states[-1].state is TargetState.TRACKING
    assert iou(states[-1].box / 2, BOX) > 0.8


def test_another_view_begins_a_search(tracked, scene):
    tall = np.ascontiguousarray(np.rot90(scene(BOX.astype(int))))
    result = tracked.process(Frame("camera", 5 * PERIOD, tall))
    assert result.targets[0].state is TargetState.LOST
    assert "searched for" in result.notes[0]
    squeezed = cv2.resize(scene(BOX.astype(int)), (320, 120))
    for k in range(6, 12):
        result = tracked.process(Frame("camera", k * PERIOD, squeezed))
    (target,) = result.targets
    assert target.state is TargetState.TRACKING
    assert iou(target.box, BOX * [1, 0.5, 1, 0.5]) > 0.8


def test_the_bare_procedure_too(blob, scene):
    tracker = Tracker(blob)
    image = scene(BOX.astype(int))
    tracker.start(image, {"a": BOX})
    tracker.track(image)
    found = tracker.track(cv2.resize(image, (640, 480)))["a"]
    assert iou(found.box / 2, BOX) > 0.8
    with pytest.raises(BoxError):
        tracker.track(image, at={"a": (0, 0, 1, 1)})
    assert iou(tracker.track(image)["a"].box, BOX) > 0.8


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ((640, 480), (1280, 960), True),
        ((1280, 720), (848, 480), True),
        ((64, 48), (21, 16), True),
        ((640, 480), (1280, 720), False),
        ((640, 480), (480, 640), False),
        ((160, 120), (150, 100), False),
    ],
)
def test_which_sizes_may_show_the_same(old, new, same):
    assert keeps_aspect(old, new) is keeps_aspect(new, old) is same


# One limit for the sides of a box.


@pytest.mark.parametrize("sides", [2.01, 5.0, 99.0])
def test_a_box_that_would_be_lost_at_once_is_refused(tracked, show, sides):
    huge = [160 - 160 * sides, 80, 160 + 160 * sides, 110]
    with pytest.raises(BoxError, match="at most max_side = 2 times the image") as caught:
        tracked.initialise("camera", "b", huge)
    assert caught.value.setting == "max_side"
    assert tracked.targets("camera") == ("a",)


def test_one_that_waits_for_its_frame_is_refused_there(told, session, show):
    it = session(told)
    it.initialise("camera", "b", [0, 0, 700, 100])
    result = show(it, 0)
    assert "max_side" in result.rejected[0]
    assert result.targets == ()


def test_the_largest_box_is_tracked(told, session, show):
    it = session(told)
    it.initialise("camera", "b", [-160, -120, 480, 360])
    assert [show(it, k).targets[0].state for k in range(3)][-1] is TargetState.TRACKING


def test_the_score_does_not_contradict_the_state(told, session, show):
    it = session(told)
    it.initialise("camera", "b", [-160, -120, 480, 360])
    show(it, 0)
    told.corners = (0.0, 0.0, 10.0, 10.0)  # twice as large
    (target,) = show(it, 1).targets
    assert (target.state, target.score) == (TargetState.LOST, 0.0)
    told.corners = (2.5, 2.5, 7.5, 7.5)
    (target,) = show(it, 2).targets
    assert target.state is TargetState.LOST
    assert target.score <= it.config.found_threshold
    assert show(it, 3).targets[0].state is TargetState.TRACKING
