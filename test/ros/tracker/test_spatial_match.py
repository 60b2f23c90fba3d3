# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import threading
import time

import pytest

pytestmark = pytest.mark.ros


@pytest.fixture
def matcher():
    from re3_ros.ros.tracker._spatial_match import Matcher

    matcher = Matcher(lambda: 0.05)
    yield matcher
    matcher.close()


def at(seconds):
    return round(1e9 * seconds)


def is_waiting(matcher):
    return not matcher._is_settled()


def test_a_depth_image_of_the_same_stamp_is_taken_whichever_comes_first(matcher):
    matcher.add_depth(at(1), "d1")
    matcher.add_result(at(1), "r1")
    assert matcher.take() == ("r1", "d1")
    matcher.add_result(at(2), "r2")
    assert is_waiting(matcher)
    matcher.add_depth(at(2), "d2")
    assert matcher.take() == ("r2", "d2")


def test_an_older_one_within_the_tolerance_waits_for_a_better_one(matcher):
    matcher.add_depth(at(0.96), "early")
    matcher.add_result(at(1), "r")
    assert is_waiting(matcher)
    matcher.add_depth(at(1.01), "late")
    assert matcher.take() == ("r", "late")


def test_the_nearer_one_is_taken(matcher):
    for stamp in (0.9, 0.99, 1.03):
        matcher.add_depth(at(stamp), stamp)
    matcher.add_result(at(1), "r")
    assert matcher.take() == ("r", 0.99)


def test_without_one_in_time_there_is_none(matcher):
    matcher.add_result(at(1), "r1")
    matcher.add_result(at(1.04), "r2")
    assert is_waiting(matcher)
    matcher.add_result(at(1.08), "r3")
    assert matcher.take() == ("r1", None)
    matcher.add_depth(at(1.2), "d")
    assert matcher.take() == ("r2", None)


def test_depth_ahead_of_a_slow_tracker_does_no_harm(matcher):
    for n in range(10):
        matcher.add_depth(at(1 + n / 30), n)
    for n in range(5):
        matcher.add_result(at(1 + n / 30), f"r{n}")
    assert [matcher.take() for _ in range(5)] == [(f"r{n}", n) for n in range(5)]


def test_time_that_goes_back_starts_anew(matcher):
    matcher.add_depth(at(50), "old")
    matcher.add_result(at(50), "old")
    assert matcher.take() == ("old", "old")
    matcher.add_result(at(1), "new")
    assert is_waiting(matcher), "what is 49 s ahead proves nothing"
    matcher.add_depth(at(1), "new")
    assert matcher.take() == ("new", "new")


def test_no_more_than_so_many_wait(matcher):
    from re3_ros.ros.tracker._spatial_match import WAITING

    for n in range(3 * WAITING):
        matcher.add_depth(at(n), n)
    assert len(matcher._depths) == WAITING
    matcher.clear()
    left = [matcher.add_result(at(n), n) for n in range(WAITING + 2)]
    assert left == [0] * WAITING + [1, 1]


def test_close_ends_the_wait(matcher):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(matcher.take()))
    thread.start()
    time.sleep(0.05)
    matcher.close()
    thread.join(10)
    assert answers == [None]
