# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM end the process in every state, with exit code 0."""

import contextlib
import signal
import subprocess
import sys
import time

import pytest

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
    from re3_ros.ros import NODE, ros_arguments, running

    bench_of = request.getfixturevalue("make_bench")
    name = f"victim_{request.node.callspec.indices['state']}"
    arguments = ros_arguments({"weights": weights("still")}, name=name)
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
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("state", ["starting"])
def test_signals_that_come_while_it_ends_do_no_harm(node, state):
    process, bench = node
    assert bench.lifecycle.change("configure")
    deadline = time.monotonic() + 60
    while process.exit_code is None:
        assert time.monotonic() < deadline
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        time.sleep(0.002)
    assert process.exit_code == 0


def start(*arguments):
    command = [sys.executable, "-m", "re3_ros.ros.start", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_the_starter_brings_the_node_up_and_passes_signals_on(make_bench, weights):
    rule = f"weights:={weights('still')}"
    child = start("--namespace", "robot", "--name", "eye", "--ros-args", "-p", rule)
    with contextlib.closing(make_bench("/robot/eye")) as bench:
        bench.spin(lambda: bench.node.count_publishers("/robot/status") or child.poll() is not None)
        assert bench.lifecycle.state() == "active"
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 0, child.stdout.read()
    child.stdout.close()


def test_the_starter_fails_if_the_node_cannot_be_brought_up():
    child = start("--name", "poor", "--ros-args", "-p", "weights:=/nowhere.safetensors")
    output, _ = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "no weights at /nowhere.safetensors" in output
    assert "did not configure" in output
