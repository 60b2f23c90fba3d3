# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes that are no lifecycle nodes are guarded too, and tell of what means nothing to them."""

import contextlib
import subprocess
import sys

import pytest
from waiting import PATIENCE

pytestmark = pytest.mark.ros

PROGRAMS = ("follow_object", "follower", "recorder", "servo", "table", "yard", "select_box")


@contextlib.contextmanager
def made(kind, *arguments, **options):
    node = kind(*arguments, **options)
    try:
        yield node
    finally:
        node.destroy_node()


def test_all_programs_are_guarded():
    from re3_ros.ros.demos.table import TableNode
    from re3_ros.ros.demos.yard import YardNode
    from re3_ros.ros.kit import GuardedLifecycleNode, GuardedNode
    from re3_ros.ros.programs.follow_object import FollowObject
    from re3_ros.ros.programs.follower import Follower
    from re3_ros.ros.programs.recorder import DemonstrationRecorder
    from re3_ros.ros.programs.select_box import Selector
    from re3_ros.ros.programs.servo import Servo

    movers = (Follower, FollowObject, Servo)
    programs = (YardNode, TableNode, *movers, DemonstrationRecorder, Selector)
    for kind in (*programs, GuardedLifecycleNode):
        assert issubclass(kind, GuardedNode), kind


def test_what_a_callback_of_a_plain_node_raises_goes_no_further(ros):
    from std_msgs.msg import Bool
    from std_srvs.srv import Trigger

    from re3_ros.ros.kit import GuardedNode, spin
    from re3_ros.ros.kit._signals import StopFlag

    def fail(*_):
        raise KeyError("surprise")

    with made(GuardedNode, "clumsy") as node:
        node.create_subscription(Bool, "poke", fail, 10)
        node.create_service(Trigger, "~/ask", fail)
        publisher = node.create_publisher(Bool, "poke", 10)
        client = node.create_client(Trigger, "clumsy/ask")
        answers = []
        node.create_timer(0.05, lambda: publisher.publish(Bool()))
        stop = StopFlag()

        def turn():
            if not answers and client.service_is_ready():
                answers.append(client.call_async(Trigger.Request()))
            asked = answers and answers[0].done()
            return not (asked and node.faults.count >= 3)

        spin(node, stop, turn)
        answer = answers[0].result()
    assert not answer.success
    assert "surprise" in answer.message


def test_a_command_that_is_not_finite_does_not_move_the_yard(ros):
    import math

    from geometry_msgs.msg import Twist

    from re3_ros.ros.demos.yard import YardNode

    with made(YardNode, "unspun_yard") as yard:
        for place in ("linear", "angular"):
            command = Twist()
            setattr(getattr(command, place), "x" if place == "linear" else "z", math.nan)
            yard._on_command(command)
            assert yard._command is None
        yard._on_command(Twist())
        assert yard._command == Twist()


def given(**values):
    from rclpy.parameter import Parameter

    return [Parameter(name, value=value) for name, value in values.items()]


def test_parameters_that_there_are_not_are_named_with_the_nearest(ros):
    from re3_ros.ros.kit._overrides import unknown_parameters
    from re3_ros.ros.tracker import TrackerNode

    wrong = given(reset_intervall=7, device="cpu", banana=1)
    with made(TrackerNode, "misled", parameter_overrides=wrong) as node:
        text = unknown_parameters(node)
    assert "reset_intervall (did you mean reset_interval?)" in text
    assert "banana;" in text
    assert "device" not in text


def test_parameters_that_there_are_need_no_words(ros):
    from re3_ros.ros.kit._overrides import unknown_parameters
    from re3_ros.ros.tracker import TrackerNode

    right = given(device="cpu", use_sim_time=False, reset_interval="bad")
    with made(TrackerNode, "well_led", parameter_overrides=right) as node:
        assert not unknown_parameters(node)


@pytest.mark.parametrize(
    ("rules", "unknown"),
    [
        (["image:=/cam", "init_box:=/b", "~/clear:=/c", "depth:=/d", "__node:=other"], []),
        (["/image:=/cam", "/mapped/clear:=/c", "/tf:=tf", "other:imagee:=/cam"], []),
        (["imgae:=/cam", "mapped:detectoins:=/d"], ["imgae (did you mean image?)", "detectoins"]),
    ],
)
def test_remappings_of_topics_that_there_are_not_are_named(ros, rules, unknown):
    from re3_ros.ros.tracker import TrackerNode

    with made(TrackerNode, "mapped") as node:
        node.given = ("--ros-args", *(word for rule in rules for word in ("-r", rule)))
        text = node.unknown_remappings()
    assert bool(text) == bool(unknown)
    for part in unknown:
        assert part in text


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_tell_of_misspelt_names_and_of_arguments_that_ros_does_not_know(program):
    words = ["-p", "tymeout:=1.0", "-r", "detektion:=/d", "-r", "__ns:=/told"]
    command = [sys.executable, "-m", f"re3_ros.ros.{program}", "--ros-args", *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = ""
    for line in child.stdout:
        said += line
        if "tymeout" in said and "detektion" in said:
            break
    child.terminate()
    child.stdout.close()
    assert child.wait(PATIENCE) == 0
    assert "no such topic here" in said, said


def test_arguments_that_ros_does_not_understand_are_one_line():
    words = ["--ros-args", "-r", "no rule at all"]
    command = [sys.executable, "-m", "re3_ros.ros.follower", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
