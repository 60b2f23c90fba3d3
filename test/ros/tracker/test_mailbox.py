# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

pytestmark = pytest.mark.ros


def make():
    from re3_ros.ros.tracker._mailbox import Mailbox

    return Mailbox()


def test_the_newest_frame_wins():
    mailbox = make()
    assert [mailbox.put("a", n) for n in range(3)] == [False, True, True]
    assert mailbox.take() == [2]


def test_all_cameras_are_served_together_whatever_their_rates():
    mailbox = make()
    mailbox.put("fast", 0)
    mailbox.put("slow", "first")
    mailbox.put("fast", 1)
    assert mailbox.take() == [1, "first"]
    assert mailbox.put("fast", 2) is False, "its slot is free again"
    assert mailbox.take() == [2]


def test_take_waits_for_a_frame():
    mailbox, taken = make(), []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.put("a", 1)
    thread.join(30)
    assert taken == [[1]]


def test_close_ends_the_wait_and_forgets():
    mailbox, taken = make(), []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.close()
    thread.join(30)
    assert taken == [None]
    mailbox.put("a", 1)
    assert mailbox.take() is None


def test_a_throttle_lets_each_key_through_once_a_period():
    from re3_ros.ros.kit._throttle import Throttle

    now = [0.0]
    throttle = Throttle(5.0, lambda: now[0])
    assert [throttle.due("a"), throttle.due("a"), throttle.due("b")] == [0, None, 0]
    now[0] = 4.9
    assert throttle.due("a") is None
    now[0] = 5.0
    assert throttle.due("a") == 2, "held back since"
    now[0] = 10.0
    assert throttle.due("a") == 0


def test_of_very_many_keys_some_are_due_and_none_is_remembered_for_long():
    from re3_ros.ros.kit._throttle import MOST_KEYS, Throttle

    now = [0.0]
    throttle = Throttle(5.0, lambda: now[0])
    due = [throttle.due(f"target {i}") is not None for i in range(1000)]
    assert due == [True] * MOST_KEYS + [False] * (1000 - MOST_KEYS)
    now[0] = 6.0
    assert throttle.due("another") == 0
    assert len(throttle._last) == 1
