# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.ros_launch

SLOW = {"torch", "cv2", "numpy"}


def test_a_launch_file_loads_without_what_the_nodes_need():
    code = "import sys; import launch_ros; before = set(sys.modules)\n"
    code += "import re3_ros.ros.launching; print(*set(sys.modules) - before)"
    words = [sys.executable, "-c", code]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "re3_ros.ros.launching" in loaded
    assert not SLOW & {name.partition(".")[0] for name in loaded}
    assert {name for name in loaded if name.startswith("re3_ros")} == {
        "re3_ros",
        "re3_ros.ros",
        "re3_ros.ros._entry",
        "re3_ros.ros.launching",
    }


def test_start_gets_the_values_that_the_arguments_have():
    from launch import LaunchContext
    from re3_ros.ros.launching import describe, is_true, switch

    seen = []
    rows = [("name", "cup", "Of it."), switch("on", "false", "Whether.")]
    description = describe(rows, lambda values: seen.append(values) or [])
    assert [a.name for a in description.get_launch_arguments()] == ["name", "on"]
    context = LaunchContext()
    context.launch_configurations["on"] = "True"
    for entity in description.entities:
        entity.visit(context)
    assert seen == [{"name": "cup", "on": "True"}]
    assert is_true(seen[0]["on"])


def test_a_switch_takes_nothing_but_true_and_false():
    from launch import LaunchContext
    from re3_ros.ros.launching import describe, switch

    description = describe([switch("on", "false", "Whether.")], lambda _values: [])
    context = LaunchContext()
    context.launch_configurations["on"] = "perhaps"
    with pytest.raises(RuntimeError, match="on"):
        description.entities[0].visit(context)
