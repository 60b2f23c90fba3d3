# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Bonds with a lifecycle manager: with bond_core's own other end, and with one that speaks as it.

The second runs where only the messages of `bond` are installed.
"""

import signal
import sys
import time
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.ros

PERIOD = 0.1
LONG = 60.0
"""Seconds of silence that no test takes: what breaks such a bond was said, not left unsaid."""


class Plain:
    """The other end of a bond: beats, hears, and writes down when it formed and when it broke."""

    def __init__(self, node, timeout):
        from bond.msg import Status

        self.node, self.timeout = node, timeout
        self.befell, self.active = [], True
        self.heard, self.last_words = 0.0, 0
        self.instance_id = "the manager's"
        self.status = Status(id="re3_tracker", instance_id=self.instance_id)
        self.status.heartbeat_timeout, self.status.heartbeat_period = timeout, PERIOD
        # Depths as those of bondcpp, which nav2 has.
        self.publisher = node.create_publisher(Status, "bond", 5)
        self.subscription = node.create_subscription(Status, "bond", self.hear, 100)
        self.timer = node.create_timer(PERIOD, self.beat)

    def hear(self, status):
        """Take a beat of the tracker's end, or its last word, which is answered."""
        if status.id != self.status.id or status.instance_id == self.instance_id:
            return
        self.heard = time.monotonic()
        self.last_words += not status.active
        if status.active and self.active and not self.befell:
            self.befell.append("formed")
        if not status.active and "broken" not in self.befell:
            self.befell.append("broken")
            self.break_bond()

    def beat(self):
        """Say how it is; take silence for death."""
        if self.befell == ["formed"] and time.monotonic() - self.heard > self.timeout:
            self.befell.append("broken")
            self.active = False
        self.status.active = self.active
        self.publisher.publish(self.status)

    def break_bond(self):
        """End it, and say so until somebody has heard that."""
        self.active = False
        self.beat()

    def is_broken(self):
        return "broken" in self.befell

    def shutdown(self):
        self.node.destroy_timer(self.timer)
        self.node.destroy_subscription(self.subscription)
        self.node.destroy_publisher(self.publisher)


def bond_core(node, timeout):
    """Return bond_core's own."""
    from bondpy.bondpy import Bond

    befell = []
    bond = Bond(
        node,
        "bond",
        "re3_tracker",
        on_broken=lambda: befell.append("broken"),
        on_formed=lambda: befell.append("formed"),
    )
    bond.befell = befell
    bond.connect_timeout = LONG
    bond.disconnect_timeout = LONG
    bond.heartbeat_timeout = timeout
    bond.heartbeat_period = PERIOD
    bond.start()
    return bond


installed = pytest.mark.skipif(
    find_spec("bondpy") is None, reason="no bondpy here (package bond_core) to bond with"
)


@pytest.fixture(params=[Plain, pytest.param(bond_core, marks=installed)])
def make_manager(request):
    """Return a function from a Tracker to the other end of its bond."""
    made = []

    def make(tracker, timeout=LONG):
        bond = request.param(tracker.node, timeout)
        made.append(bond)
        return bond

    yield make
    for bond in made:
        bond.shutdown()


def active(make_inside):
    tracker = make_inside(bond_heartbeat_period=PERIOD)
    tracker.lifecycle.bring_up()
    return tracker


def test_the_bond_forms_with_activate_and_ends_with_deactivate(make_inside, make_manager):
    tracker = active(make_inside)
    bond = make_manager(tracker)
    tracker.spin(lambda: bond.befell == ["formed"])
    assert tracker.lifecycle.change("deactivate")
    tracker.spin(lambda: bond.befell == ["formed", "broken"])
    # What is left is the manager's own.
    tracker.spin(lambda: tracker.node.count_publishers("bond") == 1)


plain = pytest.mark.parametrize("make_manager", [Plain], indirect=True)


@plain
def test_last_words_are_said_again_as_one_may_be_overwritten_unread(make_inside, make_manager):
    tracker = active(make_inside)
    bond = make_manager(tracker)
    tracker.spin(lambda: bond.befell == ["formed"])
    assert tracker.lifecycle.change("deactivate")
    tracker.spin(lambda: bond.last_words > 1)


@plain
def test_a_manager_that_goes_on_to_end_the_bond_is_answered_each_time(make_inside, make_manager):
    tracker = active(make_inside)
    bond = make_manager(tracker)
    tracker.spin(lambda: bond.befell == ["formed"])
    bond.break_bond()
    tracker.spin(lambda: bond.last_words > 2)
    assert tracker.log.read_text().count("ended the bond") <= 1


# bondpy leaves its node a subscription that is destroyed, and cannot be followed by another.
@plain
def test_each_activation_makes_a_bond_of_its_own(make_inside, make_manager):
    tracker = active(make_inside)
    first = make_manager(tracker)
    tracker.spin(lambda: first.befell == ["formed"])
    assert tracker.lifecycle.change("deactivate")
    tracker.spin(lambda: first.befell == ["formed", "broken"])
    first.shutdown()
    assert tracker.lifecycle.change("activate")
    second = make_manager(tracker)
    tracker.spin(lambda: second.befell == ["formed"])


def test_the_bond_ends_when_the_tracker_gives_up(make_inside, make_manager):
    tracker = active(make_inside)
    bond = make_manager(tracker)
    tracker.spin(lambda: bond.befell == ["formed"])
    tracker.under_test.fail("CUDA error: as if")
    tracker.spin(lambda: bond.befell == ["formed", "broken"])


def test_a_manager_that_ends_the_bond_gets_an_answer_and_the_node_goes_on(
    make_inside, make_manager
):
    tracker = active(make_inside)
    bond = make_manager(tracker)
    tracker.spin(lambda: bond.befell == ["formed"])
    bond.break_bond()
    tracker.spin(bond.is_broken)
    tracker.says("the lifecycle manager ended the bond")
    assert tracker.lifecycle.state() == "active"


def test_the_bond_breaks_when_the_process_dies(make_tracker, make_manager, weights):
    from bond.msg import Status

    tracker = make_tracker("/bonded", weights=weights("still"), bond_heartbeat_period=PERIOD)
    tracker.lifecycle.bring_up()
    bond = make_manager(tracker, timeout=4.0)
    tracker.spin(lambda: bond.befell == ["formed"])
    # bondpy takes silence for death only after a second beat.
    beats = tracker.record(Status, "bond")
    tracker.spin(lambda: sum(beat.instance_id != bond.instance_id for beat in beats) > 5)
    tracker.process.signal(signal.SIGKILL)
    tracker.spin(lambda: bond.befell == ["formed", "broken"])


def test_without_the_messages_there_is_no_bond_and_the_log_says_how_to_get_one(
    make_inside, monkeypatch
):
    monkeypatch.setitem(sys.modules, "bond.msg", None)
    tracker = active(make_inside)
    tracker.says("install it (rosdep key bond)")
    assert tracker.lifecycle.state() == "active"
    assert tracker.log.read_text().count("rosdep key bond") == 1


def test_no_bond_is_asked_for_by_default(make_inside):
    tracker = make_inside()
    tracker.lifecycle.bring_up()
    assert tracker.node.count_publishers("bond") == 0
