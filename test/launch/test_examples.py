# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files of the examples."""

import contextlib
import csv
import json
import os
import signal
import subprocess

import pytest

pytestmark = pytest.mark.ros_launch

FOLLOWER, DEMONSTRATION = "follower.launch.py", "demonstration.launch.py"
SERVO, NAV2 = "servo.launch.py", "nav2_following.launch.py"
ARGUMENTS = {
    FOLLOWER: {
        "simulation",
        "tracker",
        "runtime",
        "camera_info",
        "cmd_vel",
        "params_file",
        "use_sim_time",
    },
    SERVO: {
        "simulation",
        "tracker",
        "runtime",
        "depth",
        "servo_node",
        "params_file",
        "use_sim_time",
    },
    NAV2: {"simulation", "tracker", "server", "depth", "pose", "params_file", "use_sim_time"},
    DEMONSTRATION: {"folder", "label", "format", "record", "tracker", "runtime", "use_sim_time"},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_show_args_lists_the_arguments_with_their_meaning(name):
    command = ["ros2", "launch", "re3_ros", name, "--show-args"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {line.strip()[1:-2] for line in output.splitlines() if line.startswith("    '")}
    assert found >= ARGUMENTS[name]
    assert "No description given" not in output


def moves(command):
    return bool(command.linear.x or command.angular.z)


def test_the_simulated_robot_follows_what_is_tracked_and_all_ends_cleanly(launch, weights):
    from geometry_msgs.msg import Twist

    from re3_ros.msg import TargetStatus, TrackerStatus

    launched = launch(
        f"weights:={weights}", "simulation:=true", "namespace:=sim", "device:=cpu", what=FOLLOWER
    )
    statuses = launched.record(TrackerStatus, "/sim/status")
    commands = launched.record(Twist, "/sim/cmd_vel")
    launched.hear(lambda: any(moves(command) for command in commands))
    assert "following 'suitcase'" in launched.log()
    states = {target.state for status in statuses for target in status.targets}
    assert TargetStatus.TRACKING in states
    assert launched.stop() == 0
    assert not moves(launched.last_of(commands))
    assert launched.log().count("process has finished cleanly") == 3


def test_the_simulated_arm_goes_to_what_is_tracked_and_all_ends_cleanly(launch, weights):
    from geometry_msgs.msg import TwistStamped

    launched = launch(
        f"weights:={weights}", "simulation:=true", "namespace:=bench", "device:=cpu", what=SERVO
    )
    commands = launched.record(TwistStamped, "/bench/re3_servo/delta_twist_cmds")
    launched.hear(lambda: any(command.twist.linear.x for command in commands))
    assert "following 'carton'" in launched.log()
    assert launched.stop() == 0
    assert launched.last_of(commands).twist == TwistStamped().twist
    assert launched.log().count("process has finished cleanly") == 3


def test_the_servo_speaks_to_the_moveit_servo_given_and_waits_for_it(launch):
    from std_srvs.srv import Trigger

    launched = launch("tracker:=false", "servo_node:=/arm/servo_node", what=SERVO)
    launched.until(lambda: launched.node.count_publishers("/arm/servo_node/delta_twist_cmds"))
    client = launched.node.create_client(Trigger, "/re3_servo/unpause")
    answer = launched.lifecycle("/re3_servo").call(client, Trigger.Request())
    assert answer.success
    assert "MoveIt Servo" in answer.message, "it is not there"


@pytest.fixture
def nav2():
    """Skip where there is no Following Server of Nav2's."""
    packages = pytest.importorskip("ament_index_python.packages")
    try:
        packages.get_package_prefix("opennav_following")
        packages.get_package_prefix("nav2_lifecycle_manager")
    except packages.PackageNotFoundError as error:
        pytest.skip(f"no Following Server here: {error}")


def test_nav2_drives_after_what_is_tracked_and_one_manager_has_both(launch, weights, nav2):
    from geometry_msgs.msg import Twist

    launched = launch(
        f"weights:={weights}", "simulation:=true", "namespace:=nav", "device:=cpu", what=NAV2
    )
    commands = launched.record(Twist, "/nav/cmd_vel")
    launched.hear(lambda: any(moves(command) for command in commands))
    log = launched.log()
    for name in ("re3_tracker", "following_server"):
        assert f"Server {name} connected with bond" in log
        assert launched.is_active(f"/nav/{name}")
    assert launched.get("desired_distance", node="/nav/following_server") == [2.0]
    assert launched.stop() == 0
    assert not moves(launched.last_of(commands))
    assert launched.log().count("process has finished cleanly") == 5


def test_where_the_server_of_nav2_aborts_nothing_moves(launch, weights, nav2, tmp_path):
    from ament_index_python.packages import get_package_share_path
    from geometry_msgs.msg import Twist

    text = (get_package_share_path("re3_ros") / "config" / "nav2_following.yaml").read_text()
    path = tmp_path / "lost.yaml"
    path.write_text(text.replace("fixed_frame: odom", "fixed_frame: nowhere"))
    launched = launch(
        f"weights:={weights}",
        "simulation:=true",
        "device:=cpu",
        f"params_file:={path}",
        what=NAV2,
    )
    commands = launched.record(Twist, "/cmd_vel")
    launched.hear(lambda: "standing: paused: the Following Server aborted" in launched.log())
    assert "FAILED_TO_DETECT_OBJECT" in launched.log()
    assert launched.stop() == 0
    assert not any(map(moves, commands))


def test_when_the_tracker_hangs_the_manager_notices_and_nothing_moves(launch, weights, nav2):
    from geometry_msgs.msg import Twist

    launched = launch(f"weights:={weights}", "simulation:=true", "device:=cpu", what=NAV2)
    commands = launched.record(Twist, "/cmd_vel")
    launched.hear(lambda: any(moves(command) for command in commands))
    begin = "[re3_tracker-1]: process started with pid ["
    pid = int(launched.log().partition(begin)[2].partition("]")[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        launched.hear(lambda: "re3_tracker" in launched.log().partition("CRITICAL FAILURE")[2])
        launched.hear(lambda: not moves(commands[-1]))
    finally:
        os.kill(pid, signal.SIGCONT)


def test_without_the_server_of_nav2_nothing_is_started_and_it_says_what_to_install():
    packages = pytest.importorskip("ament_index_python.packages")
    with contextlib.suppress(packages.PackageNotFoundError):
        packages.get_package_prefix("opennav_following")
        pytest.skip("the Following Server is here")
    command = ["ros2", "launch", "re3_ros", NAV2, "simulation:=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "opennav-following" in done.stderr + done.stdout
    assert "process started" not in done.stderr + done.stdout


def test_the_goal_goes_to_a_server_that_runs_already(launch):
    launched = launch(
        "tracker:=false", "server:=false", "pose:=/eye/pose", "detection:=/eye/detection", what=NAV2
    )
    launched.until(lambda: launched.node.count_subscribers("/eye/pose"))
    launched.until(lambda: launched.node.count_subscribers("/eye/detection"))
    names = [name for name, _ in launched.node.get_node_names_and_namespaces()]
    assert not {"re3_tracker", "following_server", "lifecycle_manager_following"} & set(names)


class Said:
    """What a tracker says of a target to the right, which the follower then drives after."""

    def __init__(self, node):
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.now = lambda: node.get_clock().now().to_msg()
        self.detections = node.create_publisher(Detection2D, "detection", 10)
        self.statuses = node.create_publisher(TrackerStatus, "status", 10)

    def say(self, state):
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TargetStatus, TrackerStatus

        detection = Detection2D(id="cup")
        detection.bbox.center.position.x, detection.bbox.center.position.y = 500.0, 240.0
        detection.bbox.size_x = detection.bbox.size_y = 60.0
        status = TrackerStatus(targets=[TargetStatus(id="cup", state=state)])
        detection.header.stamp = status.header.stamp = self.now()
        self.detections.publish(detection)
        self.statuses.publish(status)


@pytest.fixture
def patient(tmp_path):
    """Return parameters with which the follower does not stop by itself where this test is slow."""
    path = tmp_path / "patient.yaml"
    values = "timeout: 10.0, image_width: 640, image_height: 480"
    path.write_text(f"/**: {{ros__parameters: {{{values}}}}}\n")
    return path


def test_it_drives_while_the_target_is_tracked_and_stands_after_ctrl_c(launch, patient):
    from geometry_msgs.msg import Twist

    from re3_ros.msg import TargetStatus

    launched = launch("tracker:=false", f"params_file:={patient}", what=FOLLOWER)
    said, commands = Said(launched.node), launched.record(Twist, "cmd_vel")

    def goes_on_to(move, state):
        before = len(commands)
        launched.hear(
            lambda: (
                said.say(state)
                or (len(commands) > before and [moves(c) for c in commands[-5:]] == [move] * 5)
            )
        )

    goes_on_to(False, TargetStatus.NEW)
    goes_on_to(True, TargetStatus.TRACKING)
    goes_on_to(False, TargetStatus.LOST)
    goes_on_to(True, TargetStatus.TRACKING)
    assert launched.stop() == 0
    assert not moves(launched.last_of(commands))
    assert "process has finished cleanly" in launched.log()


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


def test_a_demonstration_of_what_the_tracker_sees_is_kept_at_ctrl_c(launch, weights, tmp_path):
    from sensor_msgs.msg import Image
    from std_srvs.srv import SetBool
    from vision_msgs.msg import Detection2D

    from re3_ros.msg import TrackerStatus

    shows = tmp_path / "shows"
    launched = launch(
        f"weights:={weights}",
        "device:=cpu",
        "image:=/eye/raw",
        f"folder:={shows}",
        what=DEMONSTRATION,
    )
    assert launched.is_active()
    images = launched.node.create_publisher(Image, "/eye/raw", 10)
    boxes = launched.node.create_publisher(Detection2D, "init_box", 10)
    statuses = launched.record(TrackerStatus, "status")
    image = Image(height=48, width=64, step=192, encoding="bgr8", data=bytes(range(192)) * 48)
    box = Detection2D(id="cup")
    box.bbox.center.position.x = box.bbox.center.position.y = 24.0
    box.bbox.size_x = box.bbox.size_y = 20.0

    def show():
        image.header.stamp.sec += 1
        images.publish(image)
        return statuses and statuses[-1].targets

    launched.hear(lambda: show() is not None and boxes.get_subscription_count())
    boxes.publish(box)
    launched.hear(show)
    client = launched.node.create_client(SetBool, "/re3_recorder/record")
    assert launched.lifecycle("/re3_recorder").call(client, SetBool.Request(data=True)).success
    launched.hear(lambda: show() and any(len(rows(path)) > 5 for path in shows.glob(".*.csv")))
    assert launched.stop() == 0
    assert launched.log().count("process has finished cleanly") == 2
    kept = rows(shows / "demonstration_0001.csv")
    assert {row["target"] for row in kept} == {"cup"}
    assert json.loads((shows / "demonstration_0001.json").read_text())["images"] == len(kept)


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
