# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM end the process in every state, with exit code 0."""

import contextlib
import signal
import subprocess
import sys
import time

import pytest
from waiting import PATIENCE, wait_until

pytestmark = pytest.mark.ros

STEPS = {
    "unconfigured": [],
    "inactive": ["configure"],
    "active": ["configure", "activate"],
    "finalized": ["configure", "inactive_shutdown"],
}


@pytest.fixture
def node(ros, weights, tmp_path, request):
    """Return a node process of its own and a bench that drives it."""
    from re3_ros.ros.programs import NODE, ros_arguments, running

    bench_of = request.getfixturevalue("make_bench")
    name = f"victim_{request.node.callspec.indices['state']}"
    arguments = ros_arguments({"weights": weights("still"), "runtime": "torch"}, name=name)
    with (
        (tmp_path / "log").open("w") as log,
        running(NODE, arguments, log) as process,
        contextlib.closing(bench_of(f"/{name}", process)) as bench,
    ):
        yield process, bench
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("state", STEPS)
def test_a_signal_ends_the_process_cleanly(node, state, number):
    process, bench = node
    assert bench.lifecycle.state() == "unconfigured"
    for step in STEPS[state]:
        assert bench.lifecycle.change(step)
    assert bench.lifecycle.state() == state
    process.signal(number)
    assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("state", ["starting"])
def test_signals_that_come_while_it_ends_do_no_harm(node, state):
    process, bench = node
    assert bench.lifecycle.change("configure")

    def bother():
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        time.sleep(0.002)

    wait_until(lambda: process.exit_code is not None, bother)
    assert process.exit_code == 0


MAIN = """
import sys
import threading
from re3_ros.ros import main

code = main(sys.argv[1:])
print("LEFT", [thread.name for thread in threading.enumerate()])
sys.exit(code)
"""


class Child:
    """The node in a process that says at its end which threads are left."""

    exit_code = property(lambda self: self.popen.poll())

    def __init__(self, log, arguments):
        self.path = log
        with log.open("w") as file:
            command = [sys.executable, "-c", MAIN, *arguments]
            self.popen = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)

    def ends_cleanly(self, hard=False):
        """Expect its end; ``hard``: it may also end in the middle of what cannot be interrupted."""
        code = self.popen.wait(timeout=PATIENCE)
        text = self.path.read_text()
        assert code == 0, text
        assert "LEFT ['MainThread']" in text or (hard and "ending at once" in text), text
        assert "Traceback" not in text


@pytest.fixture
def make_child(weights, tmp_path):
    """Return a function from a name to the node of that name in a `Child`."""
    from re3_ros.ros.programs import ros_arguments

    made = []

    def make(name, **parameters):
        values = {"weights": weights("still"), "runtime": "torch", **parameters}
        made.append(Child(tmp_path / name, ros_arguments(values, name=name)))
        return made[-1]

    yield make
    for child in made:
        child.popen.kill()
        child.popen.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_while_images_flow_and_leaves_no_thread(
    make_child, make_bench, number
):
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2D

    from re3_ros.msg import TrackerStatus
    from re3_ros.ros.tracker._messages import bounding_box

    child = make_child(f"busy_{int(number)}", image_reliability="reliable")
    with contextlib.closing(make_bench(f"/busy_{int(number)}", child)) as bench:
        bench.lifecycle.bring_up()
        camera = bench.publisher(Image, "image")
        box = Detection2D(id="cup", bbox=bounding_box([10.0, 10.0, 30.0, 30.0]))
        bench.publisher(Detection2D, "init_box").publish(box)
        seen = bench.record(TrackerStatus, "status")
        image = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(48 * 192))

        def flow():
            image.header.stamp = bench.node.get_clock().now().to_msg()
            camera.publish(image)

        bench.spin(lambda: flow() or (seen and seen[-1].targets))
        child.popen.send_signal(number)
        bench.spin(lambda: flow() or child.exit_code is not None)
        child.ends_cleanly()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_configure_ends_it_cleanly(make_child, make_bench, number):
    from lifecycle_msgs.msg import Transition, TransitionEvent
    from lifecycle_msgs.srv import ChangeState

    name = f"busier_{int(number)}"
    # The network as it is shipped: it takes a while to load.
    child = make_child(name, weights="", runtime="auto")
    with contextlib.closing(make_bench(f"/{name}", child)) as bench:
        events = bench.record(TransitionEvent, f"/{name}/transition_event")
        assert bench.lifecycle.state() == "unconfigured"
        bench.rest()
        client = bench.node.create_client(ChangeState, f"/{name}/change_state")
        bench.spin(client.service_is_ready)
        wanted = Transition(id=Transition.TRANSITION_CONFIGURE)
        client.call_async(ChangeState.Request(transition=wanted))
        bench.spin(lambda: events)
        assert events[0].goal_state.label == "configuring"
        child.popen.send_signal(number)
        child.ends_cleanly(hard=True)


def start(*arguments):
    command = [sys.executable, "-m", "re3_ros.ros.start", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_the_starter_brings_the_node_up_and_passes_signals_on(make_bench, weights):
    rule = f"weights:={weights('still')}"
    rules = ["-p", rule, "-p", "runtime:=torch"]
    child = start("--namespace", "robot", "--name", "eye", "--ros-args", *rules)
    with contextlib.closing(make_bench("/robot/eye")) as bench:
        bench.spin(lambda: bench.node.count_publishers("/robot/status") or child.poll() is not None)
        assert bench.lifecycle.state() == "active"
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=PATIENCE) == 0, child.stdout.read()
    child.stdout.close()


def test_the_starter_fails_if_the_node_cannot_be_brought_up():
    child = start("--name", "poor", "--ros-args", "-p", "weights:=/nowhere.safetensors")
    output, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1
    assert "no weights at /nowhere.safetensors" in output
    assert "did not configure" in output
