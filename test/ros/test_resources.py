# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Every way through the lifecycle, fifty times: afterwards the node holds what it held before."""

import contextlib
import gc
import itertools
import os
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.ros

TIMES = 50
WARM = 5
"""Rounds before the first measurement: caches and pools fill up."""
TRACED, EVERY = 8, 3
"""Measurements of Python's memory, and the rounds before each."""
PATIENCE = 60.0
OTHERS = ("*/safetensors/*",)
"""Files that keep what is not ours: safetensors 0.8.0 loses two integers, 56 bytes, of each tensor
that it loads from a file."""
OURS = 150
"""Bytes of Python a round that may stay: less than two objects. A target, a topic, or a camera that
is not let go holds kilobytes."""
PROCESS = 50_000
"""Bytes of the process a round: the network, which is loaded in each, alone has more."""


def threads(pid="self"):
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def files(pid="self"):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident(pid="self"):
    """Return the resident memory in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def slope(values):
    """Return by how much a row of values rises from one to the next, in the middle (Theil-Sen)."""
    values = np.asarray(values, float)
    first, second = np.triu_indices(len(values), 1)
    return float(np.median((values[second] - values[first]) / (second - first)))


def graph(node, name, namespace):
    """Return what ROS knows of a node: topics and services, and how many ends each topic has."""
    kinds = ("publisher", "subscriber", "service", "client")
    named = [getattr(node, f"get_{kind}_names_and_types_by_node") for kind in kinds]
    names = [sorted(topic for topic, _ in of(name, namespace)) for of in named]
    topics = {topic for topic in names[0] + names[1] if topic.startswith(namespace)}
    ends = {t: (node.count_publishers(t), node.count_subscribers(t)) for t in sorted(topics)}
    return names, ends, node.get_node_names().count(name)


def settles(read, wanted):
    """Return what something reads, as soon as it is as wanted: discovery may take a while."""
    deadline = time.monotonic() + PATIENCE
    while (found := read()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


ROUND = (
    ("configure", True),
    ("configure", False),
    ("activate", True),
    ("activate", False),
    ("deactivate", True),
    ("deactivate", False),
    ("cleanup", True),
)
"""Transitions, and whether they succeed: the others are not valid where they are asked for."""


def test_a_process_holds_the_same_after_fifty_rounds_through_its_services(tracker):
    from lifecycle_msgs.srv import ChangeState

    from re3_ros.ros._control import TRANSITIONS

    client = tracker.node.create_client(ChangeState, f"{tracker.target}/change_state")

    def ask(step, **options):
        request = ChangeState.Request()
        request.transition.id = TRANSITIONS[step]
        return tracker.lifecycle.call(client, request, **options).success

    def go():
        for step, good in ROUND:
            assert ask(step, repeat=False) is good, step

    def held():
        return threads(pid), files(pid), graph(tracker.node, "re3_tracker", "/")

    pid = tracker.process.pid
    assert not ask("activate"), "once this is answered, the other answers will find their way too"
    for _ in range(WARM):
        go()
    before, memory = held(), []
    for _ in range(TIMES):
        go()
        memory.append(resident(pid))
    assert settles(held, before) == before
    assert slope(memory) < PROCESS
    tracker.node.destroy_client(client)


def make_node(name, weights):
    """Return a node that nobody spins; its transitions are called as functions."""
    from rclpy.parameter import Parameter

    from re3_ros.ros._node import TrackerNode

    values = {"weights": weights("still"), "device": "cpu", "runtime": "torch"}
    values["silence_warning"] = 0.0
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return TrackerNode(name, namespace="/resources", parameter_overrides=overrides)


numbers = itertools.count()


@pytest.fixture
def node(ros, weights):
    node = make_node(f"resources{next(numbers)}", weights)
    yield node
    node.do_cleanup()
    node.destroy_node()


def image(stamp):
    from sensor_msgs.msg import Image

    message = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(48 * 192))
    message.header.stamp.sec = stamp
    return message


def work(node, images=3):
    """Start a target and track it, without a sender: the images go straight into the pipeline."""
    active = node._active
    active.session.initialise("camera", "cup", [10, 10, 30, 30])
    (camera,) = active.cameras
    for stamp in range(1, images + 1):
        camera.topics.image.callback(image(stamp))
        deadline = time.monotonic() + PATIENCE
        while camera.counts["frames_processed"] < stamp:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def in_and_out(node):
    assert node.trigger_configure().name == "SUCCESS"
    assert node.trigger_cleanup().name == "SUCCESS"


def tracked(node):
    assert node.trigger_configure().name == "SUCCESS"
    for _ in range(2):
        assert node.trigger_activate().name == "SUCCESS"
        work(node)
        assert node.trigger_deactivate().name == "SUCCESS"
    assert node.trigger_cleanup().name == "SUCCESS"


def not_configured(node):
    from re3_ros.ros import _node

    load, _node.load = _node.load, fail_to_load
    try:
        assert node.trigger_configure().name == "FAILURE"
    finally:
        _node.load = load
    assert node.phase == "unconfigured"


def fail_to_load(path, _device):
    """Refuse weights."""
    from re3_ros.errors import WeightsError

    raise WeightsError(f"{path} is cut")


def given_up(node):
    assert node.trigger_configure().name == "SUCCESS"
    assert node.trigger_activate().name == "SUCCESS"
    work(node)
    node.fail("CUDA error: as if")
    node._give_up()
    assert node.phase == "unconfigured"


def broken(node):
    """Fail inside activate, after the topics were opened."""
    from re3_ros.ros import _node

    assert node.trigger_configure().name == "SUCCESS"
    make, _node.Pipeline = _node.Pipeline, Halfway
    try:
        assert node.trigger_activate().name == "ERROR"
    finally:
        _node.Pipeline = make
    assert node.phase == "unconfigured"


def Halfway(node, *_arguments, **_keywords):  # noqa: N802, it stands for a class
    """Open the topics of a camera, and fail."""
    from re3_ros.ros._topics import CameraTopics, image_qos

    CameraTopics(node, "", image_qos(), print)
    raise OSError("halfway")


def entities(node):
    kinds = (node.publishers, node.subscriptions, node.services, node.timers, node.guards)
    return [len(list(kind)) for kind in kinds]


def held(node):
    """Return how much there is of all that can be counted."""
    known = graph(node, node.get_name(), node.get_namespace())
    return threads(), files(), entities(node), known


def traced():
    """Return how many bytes of Python are held that are not in OTHERS.

    CPython remembers the last 4096 names that attributes were looked up by, and messages are
    published by names made anew for each message: that is a cache, which is emptied here.
    """
    gc.collect()
    clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()
    ours = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(False, pattern) for pattern in OTHERS]
    )
    return sum(trace.size for trace in ours.traces)


def traced_rounds(node, path):
    """Return the bytes of Python that are held after every few of some more rounds."""
    tracemalloc.start()
    try:
        path(node)
        return [traced() for _ in range(TRACED) if [path(node) for _ in range(EVERY)]]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", [in_and_out, tracked, not_configured, given_up, broken])
def test_objects_of_python_and_of_the_node_are_as_many_after_fifty_rounds(node, path):
    for _ in range(WARM):
        path(node)
    gc.collect()
    before, memory = held(node), []
    for _ in range(TIMES):
        path(node)
        gc.collect()
        memory.append(resident())
    assert settles(lambda: held(node), before) == before
    assert slope(memory[WARM:]) < PROCESS
    # Apart, as tracing takes memory, and time, itself.
    assert slope(traced_rounds(node, path)) / EVERY < OURS


def test_a_node_that_is_shut_down_fifty_times_leaves_nothing(ros, weights, make_bench):
    counts = []
    for _ in range(WARM + TIMES):
        node = make_node("mortal", weights)
        assert node.trigger_configure().name == "SUCCESS"
        assert node.trigger_activate().name == "SUCCESS"
        work(node)
        assert node.trigger_shutdown().name == "SUCCESS"
        assert node.phase == "finalized"
        node.destroy_node()
        del node
        gc.collect()
        counts.append((threads(), files()))
    assert counts[-1] == counts[WARM]
    with contextlib.closing(make_bench("/resources/none")) as other:
        assert settles(lambda: other.node.get_node_names().count("mortal"), 0) == 0
        topics = [topic for topic, _ in other.node.get_topic_names_and_types()]
    assert "/resources/status" not in topics
