# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The servo over DDS: twists while the target is seen and nobody paused it, zero in every other
case, and what MoveIt Servo has to agree to before."""

import contextlib

import numpy as np
import pytest

pytestmark = pytest.mark.ros

TRACKING, UNCERTAIN, LOST = 1, 2, 3
SERVO = "re3_ros.ros.servo"
WIDTH, HEIGHT = 640, 480


def moves(command):
    twist = command.twist
    return any(
        getattr(part, axis) for part in (twist.linear, twist.angular) for axis in ("x", "y", "z")
    )


class Arm:
    """What the tracker and the camera say, and the twists that come of it."""

    def __init__(self, bench):
        from geometry_msgs.msg import TwistStamped
        from sensor_msgs.msg import CameraInfo
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.bench = bench
        self.detections = bench.publisher(Detection2D, "detection")
        self.statuses = bench.publisher(TrackerStatus, "status")
        self.infos = bench.publisher(CameraInfo, "camera_info")
        self.commands = bench.record(TwistStamped, f"{bench.target}/delta_twist_cmds")

    def tell(self, state=TRACKING):
        """Publish what the tracker says of one image: no detection while lost."""
        from sensor_msgs.msg import CameraInfo
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TargetStatus, TrackerStatus
        from re3_ros.ros.tracker import bounding_box

        header = Header(stamp=self.bench.node.get_clock().now().to_msg(), frame_id="lens")
        bbox = bounding_box(np.array([400.0, 200.0, 460.0, 260.0]))
        info = CameraInfo(header=header, width=WIDTH, height=HEIGHT)
        info.k = [520.0, 0.0, 320.0, 0.0, 520.0, 240.0, 0.0, 0.0, 1.0]
        self.infos.publish(info)
        if state != LOST:
            self.detections.publish(Detection2D(header=header, id="cup", bbox=bbox))
        targets = [TargetStatus(id="cup", state=state, score=0.9, bbox=bbox)]
        self.statuses.publish(TrackerStatus(header=header, targets=targets))

    def until(self, moving, state=TRACKING):
        """Go on saying the same until the newest commands all move, or all are of zero."""
        before = len(self.commands)

        def settled():
            self.tell(state)
            newest = [moves(command) for command in self.commands[before:][-3:]]
            return len(newest) == 3 and all(m == moving for m in newest)

        self.bench.spin(settled)
        return self.commands[-1]

    def trigger(self, name):
        from std_srvs.srv import Trigger

        return self.bench.call(Trigger, name)


@pytest.fixture
def make_arm(ros, make_bench, tmp_path):
    """Return a function from a namespace and parameters to the Arm of a servo of its own."""
    from re3_ros.ros.programs import ros_arguments, running

    with contextlib.ExitStack() as stack:

        def make(namespace, **parameters):
            values = {"timeout": 5.0, **parameters}
            words = ros_arguments(values, namespace=namespace)
            log = tmp_path / f"{namespace.strip('/')}.txt"
            file = stack.enter_context(log.open("w"))
            process = stack.enter_context(running(SERVO, words, file))
            bench = make_bench(f"{namespace}/re3_servo", process)
            bench.printed = log.read_text
            arm = Arm(stack.enter_context(contextlib.closing(bench)))
            arm.process, arm.log = process, log
            return arm

        yield make


def test_it_moves_once_it_is_unpaused_and_while_the_target_is_seen(make_arm):
    from geometry_msgs.msg import Twist

    arm = make_arm("/hand", moveit=False)
    arm.bench.spin(lambda: arm.tell() or "standing: paused" in arm.log.read_text())
    assert not any(map(moves, arm.commands))
    answer = arm.trigger("unpause")
    assert answer.success, answer
    command = arm.until(moving=True)
    assert command.header.frame_id == "lens"
    assert command.twist.linear.x > 0, "the target is right of the middle"
    assert 0 < np.hypot(command.twist.linear.x, command.twist.linear.z) <= 0.1 + 1e-9
    for state in (UNCERTAIN, LOST):
        arm.until(moving=False, state=state)
        arm.until(moving=True)
    assert arm.trigger("pause").success
    arm.bench.spin(lambda: not moves(arm.commands[-1]))
    said = len(arm.commands)
    arm.bench.spin(lambda: arm.tell() or arm.log.read_text().count("standing: paused") == 2)
    assert len(arm.commands) == said, "while it is paused others may command"
    assert arm.bench.set(max_linear=-1.0), "out of range"
    arm.trigger("unpause")
    arm.until(moving=True)
    arm.process.signal(2)
    arm.bench.spin(lambda: arm.process.exit_code is not None)
    arm.bench.rest()
    assert arm.process.exit_code == 0
    assert arm.commands[-1].twist == Twist()


def test_until_moveit_servo_agrees_it_stands_and_says_why(make_arm):
    """Where moveit_msgs is installed, against a server of the real service."""
    arm = make_arm("/moved", paused=False)
    arm.until(moving=False)
    text = arm.log.read_text()
    try:
        from moveit_msgs.srv import ServoCommandType
    except ImportError:
        assert "moveit_msgs is not installed; apt install ros-" in text
        pytest.skip("no moveit_msgs here: the service itself is not called")
    assert "MoveIt Servo is not there: nobody serves /moved/re3_servo/switch_command_type" in text
    asked, agree = [], [False]

    def answer(request, response):
        asked.append(request.command_type)
        response.success = agree[0]
        return response

    served = f"{arm.bench.target}/switch_command_type"
    server = arm.bench.node.create_service(ServoCommandType, served, answer)
    arm.bench.spin(lambda: arm.tell() or "refused to take twists" in arm.log.read_text())
    assert not any(map(moves, arm.commands))
    agree[0] = True
    arm.until(moving=True)
    assert set(asked) == {ServoCommandType.Request.TWIST}
    arm.bench.node.destroy_service(server)
    arm.until(moving=False)
    asked.clear()
    arm.bench.node.create_service(ServoCommandType, served, answer)
    arm.until(moving=True)
    assert asked, "it is told anew, as it has forgotten"
