# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What is refused: the right error, counted, and no target changed by it."""

import numpy as np
import pytest

from re3_ros.errors import BoxError, CameraError, ImageError, StampError, TargetError
from re3_ros.tracking import Frame, TargetState

BOX = (50.0, 40.0, 90.0, 80.0)
SECOND = 10**9


@pytest.fixture
def running(told, session, frame, noise):
    """A session with one target, three frames in."""
    it = session(told, max_targets=2)
    it.initialise("camera", "a", BOX)
    for k in range(3):
        it.process(frame(k, noise(k)))
    return it


@pytest.fixture
def unchanged(running, frame, noise):
    """Check afterwards that the target was tracked on as if nothing had happened."""
    counters = running.counters
    before = running._cameras["camera"].targets._tracker.snapshot("a")
    yield
    after = running._cameras["camera"].targets._tracker.snapshot("a")
    assert (after.box == before.box).all()
    assert after.state.equal(before.state)
    assert running.counters["frames_processed"] == counters["frames_processed"]
    target = running.process(frame(3, noise(3))).targets[0]
    assert target.state is TargetState.TRACKING
    assert target.frames_since_init == 3


FRAMES = {
    "grey": (lambda i: i[..., 0], ImageError),
    "four channels": (lambda i: np.dstack([i, i[..., :1]]), ImageError),
    "float": (lambda i: i / 255.0, ImageError),
    "16 bit": (lambda i: i.astype(np.uint16), ImageError),
    "no pixel": (lambda i: i[:0], ImageError),
    "no array": (lambda _: b"\0" * 10, ImageError),
    "none": (lambda _: None, ImageError),
}


@pytest.mark.parametrize(("spoil", "error"), FRAMES.values(), ids=FRAMES)
@pytest.mark.usefixtures("unchanged")
def test_bad_images(running, noise, spoil, error):
    with pytest.raises(error):
        running.process(Frame("camera", SECOND, spoil(noise(9))))
    assert running.counters["frames_rejected"] == 1
    assert running.counters_of("camera")["frames_rejected_image"] == 1


@pytest.mark.parametrize("stamp", [0, 33_000_000, -1, 1.5, True, None, 2**63, "1"])
@pytest.mark.usefixtures("unchanged")
def test_bad_stamps_of_frames(running, noise, stamp):
    with pytest.raises(StampError):
        running.process(Frame("camera", stamp, noise(9)))
    assert running.counters["frames_rejected_stamp"] == 1


@pytest.mark.usefixtures("unchanged")
def test_frame_of_another_camera(running, noise):
    with pytest.raises(CameraError, match=r"no camera 'rear'; declared are \['camera'\]"):
        running.process(Frame("rear", SECOND, noise(9)))
    assert running.counters["frames_rejected_camera"] == 1


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 0, 0),
        (50, 40, float("nan"), 80),
        (50, 40, float("inf"), 80),
        (90, 40, 50, 80),
        (50, 40, 51, 80),
        (200, 200, 300, 300),
        (-50, -50, -10, -10),
        (-1e6, 0, 1e6, 100),
        (-1e308, 0, 1e308, 100),
        (1, 2, 3),
        "box",
        None,
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_bad_boxes(running, box):
    for name in ("a", "new"):
        with pytest.raises(BoxError):
            running.initialise("camera", name, box)
    assert running.targets("camera") == ("a",)
    assert running.counters["boxes_rejected"] == 2
    assert running.counters["boxes_rejected_box"] == 2


@pytest.mark.parametrize("stamp", [1, 200 * SECOND, -5, 0.5, None])
@pytest.mark.usefixtures("unchanged")
def test_bad_stamps_of_boxes(running, stamp):
    with pytest.raises(StampError):
        running.initialise("camera", "a", BOX, stamp)
    assert running.counters["boxes_rejected_stamp"] == 1


@pytest.mark.parametrize("name", ["", None, 3])
@pytest.mark.usefixtures("unchanged")
def test_bad_names(running, name):
    with pytest.raises(TargetError, match="expected text"):
        running.initialise("camera", name, BOX)
    assert running.counters["boxes_rejected_target"] == 1


@pytest.mark.usefixtures("unchanged")
def test_names_that_are_too_long(running):
    with pytest.raises(TargetError, match="1000 characters; expected at most 256"):
        running.initialise("camera", 1000 * "a", BOX)


@pytest.mark.usefixtures("unchanged")
def test_box_for_another_camera(running):
    with pytest.raises(CameraError):
        running.initialise("rear", "a", BOX)
    assert running.counters["boxes_rejected_camera"] == 1
    for call in (running.targets, running.clear, running.counters_of, running.nbytes):
        with pytest.raises(CameraError):
            call("rear")


def test_too_many_targets(running):
    running.initialise("camera", "b", BOX)
    with pytest.raises(TargetError, match="max_targets = 2"):
        running.initialise("camera", "c", BOX)
    running.initialise("camera", "b", BOX)
    running.drop("camera", "a")
    running.initialise("camera", "c", BOX)


@pytest.mark.usefixtures("unchanged")
def test_drop_of_what_is_not_there(running):
    with pytest.raises(TargetError, match=r"no target 'x' on camera 'camera'; known are \['a'\]"):
        running.drop("camera", "x")
    with pytest.raises(CameraError):
        running.drop("rear", "a")
    assert running.counters["drops_rejected"] == 2


@pytest.mark.usefixtures("unchanged")
def test_network_that_fails_on_a_frame(running, told, noise, frame):
    told.fail = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        running.process(frame(2, noise(2)))
    told.fail = None
    assert running.counters["frames_failed"] == 1


def test_network_that_fails_on_a_start(running, told, noise, frame):
    """The start is given up, or it would fail again on every frame to come."""
    running.initialise("camera", "b", BOX)
    running.initialise("camera", "a", (10, 10, 30, 30))
    running._cameras["camera"].targets.prepare()
    told.fail = RuntimeError("out of memory")
    with pytest.raises(RuntimeError):
        running.process(frame(3, noise(3)))
    told.fail = None
    assert running.targets("camera") == ("a",)
    target = running.process(frame(4, noise(4))).targets[0]
    assert (target.box == BOX).all()


def test_equal_stamps_are_no_error(told, session, noise):
    """Some drivers stamp every frame 0."""
    it = session(told)
    it.initialise("camera", "a", BOX)
    for k in range(3):
        assert it.process(Frame("camera", 0, noise(k))).targets[0].frames_since_init == k


@pytest.mark.parametrize(("policy", "left"), [("clear", ()), ("continue", ("a",))])
def test_time_jump_policies(told, session, noise, policy, left):
    it = session(told, time_jump=policy)
    it.initialise("camera", "a", BOX)
    for stamp in (5 * SECOND, 6 * SECOND, 2 * SECOND, 3 * SECOND):
        result = it.process(Frame("camera", stamp, noise(1)))
    assert tuple(t.id for t in result.targets) == it.targets("camera") == left
    assert it.counters["time_jumps"] == 1
    with pytest.raises(StampError, match=r"remembered are 2 from 2\.0+ s to 3\.0+ s"):
        it.initialise("camera", "b", BOX, 5 * SECOND + 1)


def test_size_change_is_accepted_and_counted(running, noise):
    result = running.process(Frame("camera", SECOND, noise(2, width=200, height=150)))
    assert (result.width, result.height) == (200, 150)
    assert result.targets[0].state is TargetState.TRACKING
    assert running.counters["size_changes"] == 1
