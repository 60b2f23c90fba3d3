# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The real node around sessions and networks that fail; it runs in this process to reach them."""

import threading
import weakref

import numpy as np
import pytest
import torch
from waiting import PATIENCE

pytestmark = pytest.mark.ros


@pytest.fixture
def moody(monkeypatch):
    """Make the node's sessions pass what they are about to return through ``moody.mood``."""
    from re3_ros.ros.tracker import _node
    from re3_ros.tracking import TrackingSession

    class Moody(TrackingSession):
        @staticmethod
        def mood(result):
            return result

        def process(self, frame):
            return Moody.mood(super().process(frame))

        def process_many(self, frames):
            return [Moody.mood(result) for result in super().process_many(frames)]

    monkeypatch.setattr(_node, "TrackingSession", Moody)
    return Moody


def boxes(status):
    return {t.id: (t.bbox.center.position.x, t.bbox.size_x) for t in status.targets}


def raising(error):
    def mood(_result):
        raise error

    return mood


def with_box(*box, score=0.9):
    """Return a mood that gives every target that box."""
    from dataclasses import replace

    def mood(result):
        value = np.array(box, np.float64)
        bad = tuple(replace(t, box=value, score=score) for t in result.targets)
        return replace(result, targets=bad)

    return mood


BAD = {
    "raises": raising(KeyError("surprise")),
    "nan": with_box(np.nan, 0, 10, 10),
    "infinite": with_box(0, 0, np.inf, 10),
    "huge": with_box(-1e30, -1e30, 1e30, 1e30),
    "no score": with_box(0, 0, 10, 10, score=np.nan),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_session_that_fails_costs_its_frames_and_nothing_more(make_inside, moody, kind):
    tracker = make_inside().bring_up()
    before = tracker.follow(id="cup")
    good, moody.mood = moody.mood, BAD[kind]
    for n in range(1, 4):
        sent = tracker.send(tracker.image())
        tracker.spin(lambda n=n: tracker.under_test.faults.count == n)
    moody.mood = good
    after, _ = tracker.show()
    assert after.errors == after.frames_rejected == 3
    assert after.fault == ""
    assert boxes(after) == boxes(before)
    assert after.frames_received == after.frames_processed + 3
    assert sent.header not in [m.header for m in tracker.recorded["detections"]]
    tracker.says("Traceback")
    assert tracker.log.read_text().count("Traceback") == 1
    assert "an image raised" in tracker.log.read_text()


def test_a_session_that_hangs_drops_frames_and_holds_up_nobody(make_inside, moody):
    tracker = make_inside().bring_up()
    tracker.follow(id="cup")
    entered, released = threading.Event(), threading.Event()

    def mood(result):
        entered.set()
        assert released.wait(PATIENCE)
        return result

    moody.mood = mood
    tracker.send(tracker.image())
    tracker.spin(entered.is_set)
    assert tracker.lifecycle.state() == "active", "the services do not wait for the network"
    (camera,) = tracker.under_test._active.cameras
    before = camera.counts["frames_received"]
    newest = [tracker.send(tracker.image()) for _ in range(5)][-1]
    tracker.spin(lambda: camera.counts["frames_received"] == before + 5)
    released.set()
    tracker.spin(lambda: any(s.header == newest.header for s in tracker.recorded["status"]))
    status = tracker.recorded["status"][-1]
    assert status.frames_dropped >= 3
    assert status.frames_received == status.frames_processed + status.frames_dropped
    assert (status.errors, [t.id for t in status.targets]) == (0, ["cup"])


def test_deactivate_waits_for_a_slow_image_and_gives_up_on_one_without_end(
    make_inside, moody, monkeypatch
):
    from re3_ros.ros.tracker import _pipeline

    tracker = make_inside().bring_up()
    tracker.show()
    entered, gate = threading.Event(), threading.Event()

    def mood(result):
        entered.set()
        gate.wait(PATIENCE)
        return result

    moody.mood = mood
    monkeypatch.setattr(_pipeline, "PATIENCE", 0.5)
    tracker.send(tracker.image())
    tracker.spin(entered.is_set)
    assert not tracker.lifecycle.change("deactivate")
    assert tracker.lifecycle.state() == "unconfigured"
    tracker.says("has not finished an image for 0.5 s")
    tracker.spin(lambda: tracker.node.count_publishers("status") == 0)
    gate.set()
    moody.mood = staticmethod(lambda result: result)
    tracker.lifecycle.bring_up()
    assert tracker.follow(id="cup").errors == tracker.under_test.faults.count


ACCELERATOR = getattr(torch, "AcceleratorError", RuntimeError)
LOST = {
    "out of memory": (torch.cuda.OutOfMemoryError, "CUDA out of memory. Tried to allocate 2 GiB."),
    "device lost": (ACCELERATOR, "CUDA error: unspecified launch failure\nCompile with ..."),
    "old torch": (RuntimeError, "CUDA error: an illegal memory access was encountered\nFor ..."),
    "library": (RuntimeError, "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
}


@pytest.fixture
def failing(monkeypatch):
    """Let the node's runtimes raise ``failing.error``, and keep weak references to them."""
    from re3_ros.network.runtimes import TorchRuntime
    from re3_ros.ros.tracker import _node

    made = []

    class Failing(TorchRuntime):
        error = None
        """Type and text; a new one each time, for its trace refers to the runtime."""

        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(weakref.ref(self))

        def step(self, *arguments):
            if Failing.error is not None:
                kind, text = Failing.error
                raise kind(text)
            return super().step(*arguments)

    def make_runtime(network, _name, device, _threads):
        return Failing(network, device)

    monkeypatch.setattr(_node, "make_runtime", make_runtime)
    Failing.made = made
    return Failing


def states(tracker):
    """Return the list that the labels of the states passed through are put into."""
    from lifecycle_msgs.msg import TransitionEvent

    seen = []
    topic = f"{tracker.target}/transition_event"
    tracker.node.create_subscription(
        TransitionEvent, topic, lambda m: seen.append(m.goal_state.label), 50
    )
    tracker.rest()
    return seen


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_device_ends_in_unconfigured_says_why_and_configure_recovers(
    make_inside, failing, kind
):
    tracker = make_inside().bring_up()
    tracker.follow(id="cup")
    passed = states(tracker)
    failing.error = LOST[kind]
    tracker.send(tracker.image())
    tracker.spin(lambda: "unconfigured" in passed)
    assert passed == ["deactivating", "errorprocessing", "unconfigured"]
    last = tracker.spin(lambda: next((s for s in tracker.recorded["status"] if s.fault), None))
    reason = LOST[kind][1].partition("\n")[0]
    assert reason in last.fault
    assert last.camera == "camera"
    assert tracker.under_test.fault == last.fault
    tracker.says("the tracker gives up: ")
    tracker.says("configure` starts anew")
    failing.error = None
    assert all(made() is None for made in failing.made), "memory is not released"
    tracker.lifecycle.bring_up()
    assert tracker.under_test.fault == ""
    status = tracker.follow(id="cup")
    assert status.targets[0].state in (0, 1)
    assert status.fault == ""


def test_a_device_that_is_lost_while_configuring_leaves_the_node_unconfigured(make_inside, failing):
    tracker = make_inside()
    failing.error = LOST["out of memory"]
    assert not tracker.lifecycle.change("configure")
    assert tracker.lifecycle.state() == "unconfigured"
    assert "out of memory" in tracker.under_test.fault
    failing.error = None
    assert all(made() is None for made in failing.made)
    assert tracker.lifecycle.change("configure")
    assert tracker.under_test.fault == ""


def test_other_runtime_errors_do_not_cost_the_device(make_inside, failing):
    tracker = make_inside().bring_up()
    tracker.follow(id="cup")
    failing.error = RuntimeError, ("mat1 and mat2 shapes cannot be multiplied")
    tracker.send(tracker.image())
    tracker.spin(lambda: tracker.under_test.faults.count == 1)
    failing.error = None
    assert tracker.show()[0].targets[0].id == "cup"
    assert tracker.lifecycle.state() == "active"
