# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The node in an enclave of SROS2, where ROS and its middleware were built with security."""

import importlib.util
import os
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros_launch

PATIENCE = 90.0
ENCLAVE = "/re3_tracker"


@pytest.fixture
def secured(tmp_path):
    """Return the environment of a keystore that holds the enclave with our policy; else skip."""
    from ament_index_python.packages import get_package_share_directory

    if importlib.util.find_spec("sros2") is None:
        pytest.skip("no package sros2 here: it makes the keys (apt install ros-$ROS_DISTRO-sros2)")
    policy = Path(
        get_package_share_directory("re3_ros"), "security/policies/re3_tracker.policy.xml"
    )
    keys = tmp_path / "keystore"
    for words in (
        ("create_keystore", keys),
        ("create_enclave", keys, ENCLAVE),
        ("create_permission", keys, ENCLAVE, policy),
    ):
        subprocess.run(["ros2", "security", *map(str, words)], check=True)
    security = {"KEYSTORE": str(keys), "ENABLE": "true", "STRATEGY": "Enforce"}
    return {**os.environ, **{f"ROS_SECURITY_{key}": value for key, value in security.items()}}


def started(env, log, name):
    """Start a node of that name in the enclave; return whether it came up, and what it said."""
    from ament_index_python.packages import get_package_prefix

    words = ["--enclave", ENCLAVE, "-p", "silence_warning:=1.0", "-r", f"__node:={name}"]
    # Not `ros2 run`, which leaves its child running when it is told to end.
    program = Path(get_package_prefix("re3_ros"), "lib", "re3_ros", "re3_tracker")
    command = [str(program), "--ros-args", *words]
    with log.open("w") as file:
        child = subprocess.Popen(command, env=env, stdout=file, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + PATIENCE
            while child.poll() is None and time.monotonic() < end:
                if "so nothing is tracked" in log.read_text():
                    return True, log.read_text()
                time.sleep(0.2)
        finally:
            child.terminate()
            child.wait(PATIENCE)
    return False, log.read_text()


def test_the_node_comes_up_in_its_enclave_and_no_other_node_does(secured, tmp_path):
    up, said = started(secured, tmp_path / "log", "re3_tracker")
    if not up and "without" in said and "security" in said.lower():
        pytest.skip(f"the middleware was built without security: {said.splitlines()[-1]}")
    assert up, said
    up, said = started(secured, tmp_path / "other", "somebody_else")
    assert not up, "its services are not in the policy"
