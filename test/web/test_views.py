# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Images find their targets, videos their pace, settings their limits."""

import numpy as np
import pytest

from re3_ros.errors import ConfigError
from re3_ros.tracking import Frame, TargetState
from re3_ros.web import (
    Address,
    Found,
    Matcher,
    WebServer,
    WebSettings,
    paced,
    parse_address,
    started,
)
from re3_ros.web._guard import Bucket


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def rest(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shown():
    return []


@pytest.fixture
def matcher(shown, clock):
    return Matcher(shown.append, "nobody tracks", clock)


def stamps(shown):
    return [(view.stamp, view.note, list(view.targets)) for view in shown]


def test_images_are_shown_at_once_while_nobody_tracks(matcher, shown):
    matcher.add_image(1, None)
    matcher.add_image(2, None)
    assert stamps(shown) == [(1, "nobody tracks", []), (2, "nobody tracks", [])]


def test_images_wait_for_their_targets(matcher, shown):
    matcher.add_targets(1, Found(["a"]))  # before its image, as may be
    matcher.add_image(1, None)
    for stamp in (2, 3, 4):
        matcher.add_image(stamp, None)
    assert len(shown) == 1
    matcher.add_targets(3, Found(["b"], 0.1, "slow"))
    matcher.add_targets(2, Found(["late"]))  # an older one than what is shown
    matcher.add_image(4, None)
    assert stamps(shown) == [(1, "", ["a"]), (3, "slow", ["b"])]
    assert shown[-1].latency == 0.1


def test_images_go_on_when_the_tracker_does_not(matcher, shown, clock):
    matcher.add_targets(1, Found(["a"]))
    matcher.add_image(1, None)
    clock.now += 10
    matcher.add_image(2, None)
    assert stamps(shown)[-1] == (2, "nobody tracks", [])


def test_a_reason_is_shown_until_targets_come_again(matcher, shown):
    matcher.add_targets(1, Found([]))
    matcher.add_image(2, None)
    matcher.explain("images are rejected")
    matcher.add_image(3, None)
    matcher.add_targets(4, Found(["a"]))
    matcher.add_image(4, None)
    assert stamps(shown) == [
        (2, "images are rejected", []),
        (3, "images are rejected", []),
        (4, "", ["a"]),
    ]


def test_boxes_of_a_very_slow_tracker_are_shown_on_the_next_image_that_waits(matcher, shown):
    matcher.add_targets(1, Found([]))
    for stamp in range(1, 41):
        matcher.add_image(stamp, None)
    matcher.add_targets(2, Found(["slow"]))
    assert stamps(shown) == [(1, "", []), (25, "", ["slow"])]


def test_what_waits_is_bounded(matcher, shown):
    matcher.add_targets(1, Found([]))
    for stamp in range(2, 1000):
        matcher.add_image(stamp, None)
        matcher.add_targets(stamp + 10**6, Found([]))
    assert len(matcher._images) <= 16
    assert len(matcher._early) <= 16
    assert not shown


@pytest.fixture
def frames():
    image = np.zeros((8, 8, 3), np.uint8)
    return [Frame("camera", i * 10**8, image) for i in range(5)]


def test_files_run_at_their_own_pace(frames, clock):
    times = [clock.now for _ in paced(frames, clock=clock, rest=clock.rest)]
    assert np.diff(times) == pytest.approx([0.1] * 4)


def test_who_was_slow_is_not_hurried(frames, clock):
    times = []
    for frame in paced(frames, clock=clock, rest=clock.rest):
        times.append(clock.now)
        clock.now += 3.0 if frame.stamp == 10**8 else 0.0
    assert np.diff(times) == pytest.approx([0.1, 3.0, 0.1, 0.1])


def test_a_wait_ends_when_it_is_to(frames, clock):
    assert list(paced(frames, lambda: True, clock, clock.rest)) == frames
    assert clock.now == 100.0
    assert list(started(frames, lambda _: False, lambda: True)) == frames


def test_the_first_frame_waits(frames):
    asked = []
    assert list(started(frames, lambda f: asked.append(f) or len(asked) > 3, rest=int)) == frames
    assert asked == frames[:1] * 4


def test_a_bucket_lets_a_rate_through(clock):
    bucket = Bucket(10.0, 3.0, clock)
    assert [bool(bucket.take()) for _ in range(5)] == [False] * 3 + [True] * 2
    clock.now += 0.15
    assert [bool(bucket.take()) for _ in range(2)] == [False, True]
    clock.now += 1e6
    assert sum(not bucket.take() for _ in range(10)) == 3


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("8080", ("127.0.0.1", 8080)),
        (":0", ("127.0.0.1", 0)),
        ("[::1]:8080", ("::1", 8080)),
        ("robot.local:8080", ("robot.local", 8080)),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address
    assert parse_address(str(Address(*address))) == address


@pytest.mark.parametrize("text", ["", "robot", "a:b", "1:2:3", "127.0.0.1:70000", "::1:80", "-1"])
def test_what_is_no_address_is_named(text):
    with pytest.raises(ConfigError, match="no address to listen at"):
        parse_address(text)


def test_settings_out_of_range_are_named():
    bad = {"rate": float("nan"), "side": 0, "quality": 101, "clients": 0}
    for name, value in bad.items():
        with pytest.raises(ConfigError, match=f"{name} is .*expected"):
            WebSettings(**{name: value})


@pytest.mark.parametrize("cameras", [(), ("a", "a")])
def test_cameras_have_different_names(cameras):
    with pytest.raises(ConfigError, match="different names"):
        WebServer(cameras, None)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:8080"):
        WebServer(("camera",), None, WebSettings("192.0.2.1:8080"))


def test_the_page_knows_the_codes_of_the_server():
    """By one it asks for a token; states have colours."""
    from re3_ros.web._client import WRONG_TOKEN
    from re3_ros.web._server import PAGE

    script = (PAGE / "page.js").read_text(encoding="utf-8")
    assert f"event.code === {WRONG_TOKEN}" in script
    assert all(f"{state.name}:" in script for state in TargetState)
