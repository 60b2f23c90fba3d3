# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros


def test_every_transition_leads_where_it_should(tracker):
    expected = [
        ("configure", "inactive"),
        ("activate", "active"),
        ("deactivate", "inactive"),
        ("activate", "active"),
        ("deactivate", "inactive"),
        ("cleanup", "unconfigured"),
        ("configure", "inactive"),
        ("cleanup", "unconfigured"),
    ]
    assert tracker.lifecycle.state() == "unconfigured"
    for transition, state in expected:
        assert tracker.lifecycle.change(transition), transition
        assert tracker.lifecycle.state() == state


@pytest.mark.parametrize("transition", ["activate", "deactivate", "cleanup", "active_shutdown"])
def test_an_invalid_transition_is_refused_and_nothing_more(tracker, transition):
    assert not tracker.lifecycle.change(transition)
    assert tracker.lifecycle.state() == "unconfigured"
    assert tracker.lifecycle.change("configure")
    assert not tracker.lifecycle.change("configure")
    assert tracker.lifecycle.state() == "inactive"


def test_an_unknown_label_is_refused(tracker):
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState

    answer = tracker.call(ChangeState, "change_state", transition=Transition(label="dance"))
    assert not answer.success


@pytest.mark.parametrize("content", [None, b"", b"not weights at all", "cut"])
def test_bad_weights_fail_configure_and_good_ones_then_succeed(tracker, weights, tmp_path, content):
    path = tmp_path / "bad.safetensors"
    if content == "cut":
        content = Path(weights("still")).read_bytes()[:-1000]
    if content is not None:
        path.write_bytes(content)
    start = len(tracker.log.read_text())
    assert tracker.set(weights=str(path)) == []
    assert not tracker.lifecycle.change("configure")
    assert tracker.lifecycle.state() == "unconfigured"
    assert f"{path}" in tracker.log.read_text()[start:]
    assert "configure failed" in tracker.log.read_text()[start:]
    assert tracker.set(weights=weights("still")) == []
    assert tracker.lifecycle.change("configure")


def test_a_device_that_is_not_there_fails_configure_and_names_those_that_are(tracker):
    start = len(tracker.log.read_text())
    assert tracker.set(device="cuda:17") == []
    assert not tracker.lifecycle.change("configure")
    log = tracker.log.read_text()[start:]
    assert "'cuda:17'" in log
    assert "auto, cpu" in log


def test_thresholds_that_contradict_each_other_fail_configure(tracker):
    start = len(tracker.log.read_text())
    assert tracker.set(visible_threshold=0.3, uncertain_threshold=0.5) == []
    assert not tracker.lifecycle.change("configure")
    assert "uncertain_threshold is 0.5" in tracker.log.read_text()[start:]


class Moody:
    """Steps of a node's lifecycle, one of which raises."""

    def __init__(self, step, error):
        self.step, self.error = step, error

    def __call__(self, step):
        if step == self.step:
            raise self.error


def moody_node(step, error):
    from re3_ros.ros.kit._lifecycle import GuardedLifecycleNode

    mood = Moody(step, error)

    class Node(GuardedLifecycleNode):
        cleanups = 0

        def do_configure(self):
            mood("configure")

        def do_activate(self):
            mood("activate")

        def do_cleanup(self):
            self.cleanups += 1

    return Node("moody")


@pytest.mark.parametrize("step", ["configure", "activate"])
def test_an_unexpected_exception_releases_everything_and_ends_unconfigured(ros, step):
    from rclpy.lifecycle import TransitionCallbackReturn as Outcome

    node = moody_node(step, KeyError("surprise"))
    try:
        if step == "activate":
            assert node.trigger_configure() == Outcome.SUCCESS
        assert getattr(node, f"trigger_{step}")() == Outcome.ERROR
        assert node.cleanups == 1
        assert node.state_label == "unconfigured"
    finally:
        node.destroy_node()


STAYS = {"configure": "unconfigured", "activate": "inactive"}


@pytest.mark.parametrize("step", STAYS)
def test_an_error_of_ours_leaves_the_node_in_its_state(ros, step):
    from rclpy.lifecycle import TransitionCallbackReturn as Outcome

    from re3_ros.errors import WeightsError

    node = moody_node(step, WeightsError("no such file"))
    try:
        if step == "activate":
            assert node.trigger_configure() == Outcome.SUCCESS
        assert getattr(node, f"trigger_{step}")() == Outcome.FAILURE
        assert node.cleanups == 0
        assert node.state_label == STAYS[step]
    finally:
        node.destroy_node()


def test_what_failed_is_named_when_all_is_released(make_inside, monkeypatch):
    inside = make_inside()
    monkeypatch.setattr(inside.under_test.live, "read", lambda: {}["surprise"])
    assert not inside.lifecycle.change("configure")
    inside.says("configure failed, so unconfigured, all released: `ros2 lifecycle set")
    assert "from unconfigured" not in inside.log.read_text()
