# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of several cameras in one batch, and lost targets that look at places."""

import numpy as np
import pytest

from re3_ros.boxes import iou
from re3_ros.errors import BoxError, CameraError, ImageError, StampError
from re3_ros.tracking import Frame, FrameResult

BOXES = {"left": (20, 20, 60, 60), "right": (80, 40, 130, 90)}
SIZES = {"left": (160, 120), "right": (200, 140)}
PLACE = (200, 150, 240, 180)


@pytest.fixture
def pair(tiny, session, frame, noise):
    """Return a maker of sessions with a target on each of two cameras, that have seen one frame."""

    def make(network=None, **settings):
        it = session(network or tiny().double().eval(), tuple(BOXES), **settings)
        for camera, box in BOXES.items():
            it.initialise(camera, "a", box)
            it.process(frame(0, noise(0, *SIZES[camera]), camera))
        return it

    return make


@pytest.fixture
def both(frame, noise):
    """Return a maker of frame k of both cameras, which see different things."""

    def make(k):
        images = {camera: noise(2 * k + i, *SIZES[camera]) for i, camera in enumerate(BOXES)}
        return [frame(k, image, camera) for camera, image in images.items()]

    return make


def compared(results):
    return [(t.id, t.camera, t.state, t.frames_since_reset) for r in results for t in r.targets]


def test_together_as_one_by_one(pair, both):
    together, apart = pair(reset_interval=3), pair(reset_interval=3)
    for k in range(1, 9):
        found = together.process_many(both(k))
        together.prepare()
        expected = [apart.process(frame) for frame in both(k)]
        assert compared(found) == compared(expected)
        for one, other in zip(found, expected, strict=True):
            assert (one.camera, one.width) == (other.camera, other.width)
            np.testing.assert_allclose(one.targets[0].box, other.targets[0].box, atol=1e-6)
            assert one.targets[0].score == pytest.approx(other.targets[0].score, abs=1e-9)


def test_together_is_one_batch(pair, both, monkeypatch):
    it = pair()
    it.prepare()
    looks, seen = [], []
    look, remember = it.runtime.step, it.runtime.remember
    monkeypatch.setattr(it.runtime, "step", lambda c, *m: looks.append(len(c)) or look(c, *m))
    monkeypatch.setattr(it.runtime, "remember", lambda c: seen.append(len(c)) or remember(c))
    it.process_many(both(1))
    it.prepare()
    assert looks == [2]
    assert seen == [2]


def test_a_bad_frame_among_them_is_its_own_affair(pair, both):
    it = pair()
    left, right = both(1)
    bad = Frame("left", left.stamp, left.image.astype(float))
    error, result = it.process_many([bad, right])
    assert isinstance(error, ImageError)
    assert isinstance(result, FrameResult)
    assert it.counters_of("left")["frames_rejected_image"] == 1
    error, result = it.process_many([Frame("rear", 1, left.image), left])
    assert isinstance(error, CameraError)
    assert result.camera == "left"


def test_one_camera_twice_is_refused(pair, both):
    it = pair()
    with pytest.raises(CameraError, match="left"):
        it.process_many([both(1)[0], both(2)[0]])
    assert it.counters["frames_processed"] == 2


def test_no_frames_no_results(pair):
    assert pair().process_many([]) == []


def test_a_failing_network_changes_no_camera(told, pair, both):
    it = pair(told)
    it.prepare()
    told.fail = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        it.process_many(both(1))
    assert it.counters["frames_failed"] == 2
    told.fail = None
    results = it.process_many(both(2))
    assert [r.targets[0].frames_since_init for r in results] == [1, 1]
    for result in results:
        np.testing.assert_allclose(result.targets[0].box, BOXES[result.camera], atol=1e-4)


@pytest.fixture
def lost(blob, session, scene, frame):
    """Return a session whose red target has been hidden until it was lost; 12 frames."""
    it = session(blob, lost_frames=3, retry_reach=0.5)
    it.initialise("camera", "a", (20, 20, 60, 60))
    for k in range(12):
        it.process(frame(k, scene((20, 20, 60, 60) if k < 4 else None)))
    return it


def test_a_lost_target_knows_itself_where_it_is_shown(lost, scene, frame):
    lost.process(frame(12, scene(PLACE)))
    around = np.add(PLACE, (-3, 2, 3, 2))
    (here, elsewhere) = lost.match_lost("camera", {"a": [around, (50, 150, 90, 180)]})["a"]
    assert here.score > 0.9
    assert iou(here.box, PLACE) > 0.8
    assert elsewhere.score < 0.1


def test_looking_at_places_changes_nothing(lost, scene, frame):
    before = lost.process(frame(12, scene(PLACE))).targets[0]
    lost.match_lost("camera", {"a": [PLACE] * 3})
    after = lost.process(frame(13, scene(PLACE))).targets[0]
    assert after.state is before.state
    assert after.box.tolist() == before.box.tolist()


def test_only_lost_targets_that_nobody_moves_are_asked(lost, scene, frame):
    lost.initialise("camera", "b", (20, 20, 60, 60))
    lost.process(frame(12, scene((20, 20, 60, 60))))
    assert set(lost.match_lost("camera", {"a": [PLACE], "b": [PLACE], "c": [PLACE]})) == {"a"}
    lost.initialise("camera", "a", PLACE)
    assert lost.match_lost("camera", {"a": [PLACE]}) == {}


def test_places_on_a_past_frame(lost, scene, frame):
    shown = frame(12, scene(PLACE))
    lost.process(shown)
    lost.process(frame(13, scene(None)))
    (now,) = lost.match_lost("camera", {"a": [PLACE]})["a"]
    (then,) = lost.match_lost("camera", {"a": [PLACE]}, shown.stamp)["a"]
    assert now.score < 0.1
    assert then.score > 0.9


def test_places_that_cannot_be_looked_at(lost):
    with pytest.raises(BoxError):
        lost.match_lost("camera", {"a": [(1, 1, 1, np.nan)]})
    with pytest.raises(StampError):
        lost.match_lost("camera", {"a": [PLACE]}, stamp=1)
    with pytest.raises(CameraError):
        lost.match_lost("rear", {"a": [PLACE]})


def test_before_the_first_frame_there_is_nothing_to_look_at(told, session):
    assert session(told).match_lost("camera", {"a": [PLACE]}) == {}
