# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files of the two examples."""

import subprocess

import pytest

pytestmark = pytest.mark.launch

FOLLOWER, DEMONSTRATION = "follower.launch.py", "demonstration.launch.py"
ARGUMENTS = {
    FOLLOWER: {"simulation", "tracker", "camera_info", "cmd_vel", "params_file", "use_sim_time"},
    DEMONSTRATION: {"folder", "label", "format", "record", "tracker", "use_sim_time"},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_show_args_lists_the_arguments_with_their_meaning(name):
    command = ["ros2", "launch", "re3_ros", name, "--show-args"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {line.strip()[1:-2] for line in output.splitlines() if line.startswith("    '")}
    assert found >= ARGUMENTS[name]
    assert "No description given" not in output


def test_the_simulated_robot_follows_and_all_ends_cleanly(launch, weights):
    import rclpy
    from geometry_msgs.msg import Twist

    launched = launch(
        f"weights:={weights}", "simulation:=true", "namespace:=sim", "device:=cpu", what=FOLLOWER
    )
    commands = []
    launched.node.create_subscription(Twist, "/sim/cmd_vel", commands.append, 10)

    def moves():
        rclpy.spin_once(launched.node, timeout_sec=0.1)
        return any(c.linear.x or c.angular.z for c in commands)

    launched.until(moves)
    assert "following 'suitcase'" in launched.log()
    assert launched.stop() == 0
    assert launched.log().count("process has finished cleanly") == 3


def test_without_a_tracker_of_its_own_the_follower_takes_the_topics_given(launch):
    launched = launch(
        "tracker:=false", "detection:=/eye/detection", "cmd_vel:=/base/cmd_vel", what=FOLLOWER
    )
    launched.until(lambda: launched.node.count_subscribers("/eye/detection"))
    launched.until(lambda: launched.node.count_publishers("/base/cmd_vel"))
    names = [name for name, _ in launched.node.get_node_names_and_namespaces()]
    assert "re3_tracker" not in names


def test_demonstrations_are_recorded_into_the_folder_given(launch, tmp_path):
    from std_srvs.srv import SetBool

    shows = tmp_path / "shows"
    launched = launch("tracker:=false", f"folder:={shows}", "label:=pour", what=DEMONSTRATION)
    client = launched.node.create_client(SetBool, "/re3_recorder/record")
    lifecycle = launched.lifecycle("/re3_recorder")
    answer = lifecycle.call(client, SetBool.Request(data=True))
    assert answer.success
    assert str(shows) in answer.message
    assert launched.get("label", node="/re3_recorder") == ["pour"]
