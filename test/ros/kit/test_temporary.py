# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A node that is there for a while is none of its process's other business."""

import signal

import pytest

pytestmark = pytest.mark.ros


@pytest.fixture
def temporary_node():
    from re3_ros.ros.kit import temporary_node

    return temporary_node


def test_it_has_a_context_of_its_own_that_ends_with_it(ros, temporary_node):
    with temporary_node("guest", namespace="/there") as node:
        assert node.get_fully_qualified_name() == "/there/guest"
        assert node.context is not ros.get_default_context()
        assert node.context.ok()
    assert not node.context.ok()
    assert ros.ok()


def test_the_arguments_of_ros_count(temporary_node):
    with temporary_node("guest", ["--ros-args", "-r", "__ns:=/told"]) as node:
        assert node.get_namespace() == "/told"


def test_signals_stay_as_they_are(temporary_node):
    before = signal.getsignal(signal.SIGINT)
    with temporary_node("guest"):
        assert signal.getsignal(signal.SIGINT) is before


def interrupted(temporary_node, seen):
    with temporary_node("guest") as node:
        seen.append(node)
        raise KeyboardInterrupt


def test_it_ends_whatever_happens(temporary_node):
    seen = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(temporary_node, seen)
    assert not seen[0].context.ok()
