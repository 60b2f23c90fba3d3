# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A launch that misses something starts nothing, and nothing that was started outlives a launch."""

import re
import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros_launch

PATIENCE = 90.0
TRACKER, FOLLOWER, DEMONSTRATION = (
    f"{name}.launch.py" for name in ("tracker", "follower", "demonstration")
)


def started(launched):
    """Return the ids of the processes that a launch has started."""
    return re.findall(r"process started with pid \[(\d+)\]", launched.log())


def said_at_the_end(launched):
    """Return the log of a launch that ends by itself, with exit code 1 and nothing started."""
    assert launched.child.wait(PATIENCE) == 1, launched.log()
    assert not started(launched), launched.log()
    return launched.log()


@pytest.mark.parametrize(
    ("what", "argument"),
    [
        (TRACKER, "params_file"),
        (FOLLOWER, "params_file"),
        (FOLLOWER, "tracker_params_file"),
        (DEMONSTRATION, "tracker_params_file"),
    ],
)
def test_a_missing_file_of_parameters_is_named_before_anything_is_started(launch, what, argument):
    launched = launch(f"{argument}:=/nowhere.yaml", what=what)
    assert f"{argument}:=/nowhere.yaml is no file" in said_at_the_end(launched)


def test_rviz_without_rviz2_is_named_before_anything_is_started(launch):
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix

    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        said = said_at_the_end(launch("rviz:=true"))
        assert "no executable rviz2" in said
        assert "-rviz2" in said
    else:
        pytest.skip("rviz2 is installed here")


def test_what_the_tracker_lacks_is_named_before_the_follower_is_started(launch):
    assert "name the cameras" in said_at_the_end(launch("image:=/a,/b", what=FOLLOWER))


def runs(pid):
    """Tell whether a process is there, and not only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_however_a_launch_ends_its_nodes_end_too(launch, weights, number):
    launched = launch(f"weights:={weights}", "simulation:=true", "device:=cpu", what=FOLLOWER)
    assert launched.is_active()
    pids = started(launched)
    assert len(pids) == 3
    launched.child.send_signal(number)
    launched.child.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while left := [pid for pid in pids if runs(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
