# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The follower drives after a target that is seen, and stands in every other case."""

import contextlib
import math

import numpy as np
import pytest

pytestmark = pytest.mark.ros

TRACKING, UNCERTAIN, LOST, NEW = 1, 2, 3, 0
FOLLOWER = "re3_ros.ros.follower"
WIDTH, HEIGHT = 640, 480


@pytest.fixture
def law():
    from re3_ros.control import ControlLaw

    return ControlLaw(0.35, 3.0, 1.5, 0.6, 0.2, 1.0)


def box(x=0.0, height=0.35, y=0.0):
    """Return a box by how far right of the middle it is (edge: 1), and its height in images."""
    cx, half = WIDTH / 2 * (1 + x), height * HEIGHT / 2
    cy = HEIGHT / 2 * (1 + y)
    return np.array([cx - 20, cy - half, cx + 20, cy + half])


def test_a_target_in_its_place_is_left_there(law):
    assert law.velocity(box(), WIDTH, HEIGHT) == pytest.approx((0, 0))


def test_it_turns_to_the_side_of_the_target(law):
    assert law.velocity(box(0.4), WIDTH, HEIGHT).angular == pytest.approx(-0.6), "right is negative"
    assert law.velocity(box(-0.4), WIDTH, HEIGHT).angular == pytest.approx(0.6)
    assert law.velocity(box(0.9), WIDTH, HEIGHT).angular == -1.0


def test_it_drives_towards_a_small_target_and_away_from_a_large_one(law):
    assert law.velocity(box(height=0.25), WIDTH, HEIGHT).linear == pytest.approx(0.3)
    assert law.velocity(box(height=0.01), WIDTH, HEIGHT).linear == 0.6
    assert law.velocity(box(height=0.8), WIDTH, HEIGHT).linear == -0.2
    aside = law.velocity(box(0.5, height=0.25), WIDTH, HEIGHT)
    assert aside.linear == pytest.approx(0.15), "first it turns"


@pytest.mark.parametrize("y", [-0.85, 0.85])
def test_it_does_not_drive_into_a_target_that_is_cut_off(law, y):
    cut = np.clip(box(height=0.2, y=y), 0, HEIGHT)
    cut[[0, 2]] = box()[[0, 2]]
    assert law.velocity(cut, WIDTH, HEIGHT).linear <= 0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_box_that_is_not_finite_stops_it(law, value):
    assert law.velocity(np.array([0, 0, value, 9]), WIDTH, HEIGHT) == (0, 0)


def test_speeds_grow_by_steps():
    from re3_ros.control import Velocity, approach

    assert approach(Velocity(0, 0), Velocity(1, -1), 0.1, 0.2) == pytest.approx((0.1, -0.2))
    assert approach(Velocity(0.95, 0), Velocity(1, 0), 0.1, 0.2) == pytest.approx((1, 0))


# The node, over DDS.


def moves(command):
    return command.linear.x != 0 or command.angular.z != 0


class Robot:
    """Detections and statuses for the follower, and the commands that it gives."""

    def __init__(self, bench):
        from geometry_msgs.msg import Twist
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.bench = bench
        self.detections = bench.publisher(Detection2D, "detection")
        self.statuses = bench.publisher(TrackerStatus, "status")
        self.commands = bench.record(Twist, "cmd_vel")

    def tell(self, state=TRACKING, target="cup", where=None, stamp=None):
        """Publish what the tracker says of one image, as it does: no detection while lost."""
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TargetStatus, TrackerStatus
        from re3_ros.ros.tracker._messages import bounding_box

        now = self.bench.node.get_clock().now().to_msg()
        header = Header(stamp=now if stamp is None else stamp, frame_id="lens")
        bbox = bounding_box(box(0.4, 0.2) if where is None else where)
        if state != LOST:
            self.detections.publish(Detection2D(header=header, id="cup", bbox=bbox))
        targets = [TargetStatus(id=target, state=state, score=0.9, bbox=bbox)]
        self.statuses.publish(TrackerStatus(header=header, targets=targets))

    def until(self, moving, **said):
        """Go on saying the same until the newest commands all drive, or all stand."""

        def settled():
            self.tell(**said)
            newest = self.commands[before:][-3:]
            drives = [moves(command) for command in newest]
            return len(drives) == 3 and all(d == moving for d in drives)

        before = len(self.commands)
        self.bench.spin(settled)
        return self.commands[-1]

    def silent_until_it_stands(self):
        before = len(self.commands)
        self.bench.spin(lambda: len(self.commands) > before and self.commands[-1].linear.x == 0.0)
        return self.commands[-1]


@pytest.fixture(scope="module")
def follower(ros, tmp_path_factory):
    from re3_ros.ros.programs import ros_arguments, running

    log = tmp_path_factory.mktemp("follower") / "log"
    size = {"image_width": WIDTH, "image_height": HEIGHT, "timeout": 5.0}
    with log.open("w") as file, running(FOLLOWER, ros_arguments(size), file) as process:
        process.log = log
        yield process


@pytest.fixture
def robot(follower, make_bench):
    with contextlib.closing(make_bench("/re3_follower", follower)) as bench:
        yield Robot(bench)


def test_it_drives_while_the_target_is_seen_and_stands_while_it_is_not(robot):
    command = robot.until(moving=True)
    assert command.linear.x > 0
    assert command.angular.z < 0
    for state in (UNCERTAIN, LOST, NEW):
        robot.until(moving=False, state=state)
        robot.until(moving=True)


def test_it_stands_when_the_target_is_given_up(robot):
    robot.until(moving=True)
    robot.until(moving=False, target="another")


def test_it_stands_when_the_tracker_falls_silent(robot, follower):
    assert robot.bench.set(timeout=1.0) == []
    robot.until(moving=True)
    command = robot.silent_until_it_stands()
    assert (command.linear.x, command.angular.z) == (0, 0)
    assert "no status for 1 s" in follower.log.read_text()
    assert robot.bench.set(timeout=5.0) == []
    robot.until(moving=True)


def test_values_out_of_range_are_refused(robot):
    assert robot.bench.set(max_forward=-1.0)
    assert robot.bench.set(rate=10.0), "is read at the start only"


def test_it_stops_the_robot_when_it_ends_and_says_what_it_lacks(ros, make_bench, tmp_path):
    from re3_ros.ros.programs import ros_arguments, running

    arguments = ros_arguments({"timeout": 10.0}, name="other", namespace="/else")
    with (tmp_path / "log").open("w") as file, running(FOLLOWER, arguments, file) as process:
        from geometry_msgs.msg import Twist
        from sensor_msgs.msg import CameraInfo
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        with contextlib.closing(make_bench("/else/other", process)) as bench:
            robot = Robot.__new__(Robot)
            robot.bench = bench
            robot.detections = bench.publisher(Detection2D, "/else/detection")
            robot.statuses = bench.publisher(TrackerStatus, "/else/status")
            robot.commands = bench.record(Twist, "/else/cmd_vel")
            robot.until(moving=False)
            bench.spin(
                lambda: robot.tell() or "size of the image" in (tmp_path / "log").read_text()
            )
            infos = bench.publisher(CameraInfo, "/else/camera_info")
            info = CameraInfo(width=WIDTH, height=HEIGHT)
            # Again and again: a publisher that has just been made may not be known yet.
            bench.spin(
                lambda: infos.publish(info) or robot.tell() or any(map(moves, robot.commands))
            )
            process.signal(2)
            bench.spin(lambda: process.exit_code is not None)
            bench.rest()
            assert process.exit_code == 0
            assert robot.commands[-1] == Twist()
