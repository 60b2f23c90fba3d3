# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What has Nav2 follow the target, over DDS, with a server of the real action: it has a goal while
the target is seen, and none in every other case; where it aborts, the robot stands."""

import contextlib
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_until

pytestmark = pytest.mark.ros

TRACKING, UNCERTAIN, LOST = 1, 2, 3
PROGRAM = "re3_ros.ros.follow_object"
WIDTH, HEIGHT = 640, 480


class Server:
    """A Following Server that goes on until it is cancelled, or told to abort."""

    def __init__(self, ros, name):
        from nav2_msgs.action import FollowObject
        from rclpy.action import ActionServer, CancelResponse, GoalResponse
        from rclpy.executors import MultiThreadedExecutor

        self.result = FollowObject.Result
        self.goals, self.active, self.abort, self.refuse = [], 0, None, False
        self.node = ros.create_node("stand_in", namespace=name.rpartition("/")[0])
        self.server = ActionServer(
            self.node,
            FollowObject,
            name,
            self.follow,
            goal_callback=lambda _: GoalResponse.REJECT if self.refuse else GoalResponse.ACCEPT,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )
        self.executor = MultiThreadedExecutor(2)
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def follow(self, handle):
        self.goals.append(handle.request)
        self.active += 1
        try:
            while not (handle.is_cancel_requested or self.abort):
                time.sleep(0.01)
            if self.abort:
                (code, text), self.abort = self.abort, None
                handle.abort()
                return self.result(error_code=code, error_msg=text, num_retries=4)
            handle.canceled()
            return self.result()
        finally:
            self.active -= 1

    def close(self):
        if self.active:
            self.abort = (0, "")
            wait_until(lambda: not self.active)
        self.executor.shutdown()
        self.thread.join()
        self.server.destroy()
        self.node.destroy_node()


class Robot:
    """What the tracker and the camera say, and the goals that come of it."""

    def __init__(self, bench):
        from geometry_msgs.msg import PoseStamped
        from sensor_msgs.msg import CameraInfo
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TrackerStatus

        self.bench = bench
        self.detections = bench.publisher(Detection2D, "detection")
        self.statuses = bench.publisher(TrackerStatus, "status")
        self.infos = bench.publisher(CameraInfo, "camera_info")
        self.poses = bench.publisher(PoseStamped, "pose")

    def tell(self, state=TRACKING, pose=True):
        """Publish what the tracker says of one image: neither detection nor pose while lost."""
        from geometry_msgs.msg import PoseStamped
        from sensor_msgs.msg import CameraInfo
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2D

        from re3_ros.msg import TargetStatus, TrackerStatus
        from re3_ros.ros.tracker import bounding_box

        header = Header(stamp=self.bench.node.get_clock().now().to_msg(), frame_id="lens")
        bbox = bounding_box(np.array([400.0, 200.0, 460.0, 260.0]))
        self.infos.publish(CameraInfo(header=header, width=WIDTH, height=HEIGHT))
        if state != LOST:
            self.detections.publish(Detection2D(header=header, id="cup", bbox=bbox))
            place = PoseStamped(header=header)
            place.pose.position.z = 2.0
            if pose:
                self.poses.publish(place)
        targets = [TargetStatus(id="cup", state=state, score=0.9, bbox=bbox)]
        self.statuses.publish(TrackerStatus(header=header, targets=targets))

    def until(self, condition, *told, **more):
        self.bench.spin(lambda: self.tell(*told, **more) or condition())

    def trigger(self, name):
        from std_srvs.srv import Trigger

        return self.bench.call(Trigger, name)

    def says(self, text, *told, times=1, **more):
        self.until(lambda: self.log.read_text().count(text) >= times, *told, **more)


@pytest.fixture
def make_robot(ros, make_bench, tmp_path):
    """Return a function from a namespace and parameters to a Robot with a process of its own."""
    from re3_ros.ros.programs import ros_arguments, running

    with contextlib.ExitStack() as stack:

        def make(namespace, **parameters):
            words = ros_arguments({"timeout": 5.0, **parameters}, namespace=namespace)
            log = tmp_path / f"{namespace.strip('/')}.txt"
            file = stack.enter_context(log.open("w"))
            process = stack.enter_context(running(PROGRAM, words, file))
            bench = make_bench(f"{namespace}/re3_follow_object", process)
            bench.printed = log.read_text
            robot = Robot(stack.enter_context(contextlib.closing(bench)))
            robot.process, robot.log = process, log
            return robot

        yield make


@pytest.fixture
def make_server(ros):
    pytest.importorskip("nav2_msgs.action", reason="no nav2_msgs here, so no such action")
    with contextlib.ExitStack() as stack:
        yield lambda name: stack.enter_context(contextlib.closing(Server(ros, name)))


def test_the_server_has_the_goal_while_the_target_is_seen_and_at_no_other_time(
    make_robot, make_server
):
    robot, server = make_robot("/rover"), make_server("/rover/follow_object")
    for count, state in enumerate((UNCERTAIN, LOST), 1):
        robot.until(lambda: server.active == 1)
        assert len(server.goals) == count
        robot.until(lambda: server.active == 0, state)
    assert {(goal.pose_topic, goal.tracked_frame) for goal in server.goals} == {("/rover/pose", "")}
    robot.until(lambda: server.active == 1)
    assert robot.trigger("pause").success
    robot.until(lambda: server.active == 0)
    robot.says("paused: ~/pause was called")
    assert robot.trigger("unpause").success
    robot.until(lambda: server.active == 1)
    robot.process.signal(2)
    robot.bench.spin(lambda: robot.process.exit_code is not None)
    assert robot.process.exit_code == 0
    assert server.active == 0, "it waits until the server has stopped the robot"
    assert len(server.goals) == 4


def test_the_file_of_parameters_holds_all_of_them_with_their_defaults():
    import yaml

    from re3_ros.ros.programs import _mover, follow_object

    path = Path(__file__).parents[3] / "config" / "nav2_following.yaml"
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    held = sections["/**/re3_follow_object"]["ros__parameters"]
    assert held == {s.name: s.default for s in (*follow_object.SPECS, *_mover.SPECS)}
    server = sections["/**/following_server"]["ros__parameters"]
    assert held["timeout"] < server["detection_timeout"], "the goal is taken back before"
    assert not server["search_by_rotating"]


def test_where_the_server_aborts_it_says_why_and_gets_no_other_goal_until_unpaused(
    make_robot, make_server
):
    robot, server = make_robot("/stuck"), make_server("/stuck/follow_object")
    robot.until(lambda: server.active == 1)
    server.abort = (903, "Failed to get control")
    robot.says("aborted (FAILED_TO_CONTROL, Failed to get control, after 4 tries): it found no way")
    robot.says("standing: paused")
    end = time.monotonic() + 3.0  # longer than what waits to send a goal anew
    robot.until(lambda: time.monotonic() > end)
    assert len(server.goals) == 1
    answer = robot.trigger("unpause")
    assert answer.success
    assert "has not answered" in answer.message
    robot.until(lambda: server.active == 1)


def test_without_a_pose_of_the_target_there_is_no_goal(make_robot, make_server):
    robot, server = make_robot("/blind", timeout=0.5), make_server("/blind/follow_object")
    robot.says("standing: no pose of the target for 0.5 s", pose=False)
    assert not server.goals
    robot.until(lambda: server.active == 1)
    robot.until(lambda: server.active == 0, pose=False)
    robot.until(lambda: server.active == 1)


def test_without_a_server_it_says_so_and_waits_for_one(make_robot):
    robot = make_robot("/alone", action="nav/follow")
    robot.says("standing: the Following Server")
    text = robot.log.read_text()
    try:
        import nav2_msgs.action  # noqa: F401
    except ImportError:
        assert "nav2_msgs is not installed" in text
        assert "apt install ros-" in text
    else:
        assert "nobody serves the action /alone/nav/follow" in text


def test_a_server_that_is_not_active_is_asked_again(make_robot, make_server):
    robot, server = make_robot("/early"), make_server("/early/follow_object")
    server.refuse = True
    robot.says("standing: the Following Server refuses the goal")
    server.refuse = False
    robot.until(lambda: server.active == 1)


@pytest.mark.parametrize(
    ("status", "code", "text", "said"),
    [
        (6, 901, "Transform error: x", "aborted (TF_ERROR, Transform error: x): a transform"),
        (6, 902, "", "aborted (FAILED_TO_DETECT_OBJECT): it had no pose"),
        (6, 0, "", "aborted (error 0): its log says more"),
        (6, 999, "boom", "aborted (error 999, boom): its log says more"),
        (5, 0, "", "somebody else cancelled"),
        (4, 0, "", "static_object_timeout"),
    ],
)
def test_why_the_server_ended_a_goal_is_told(status, code, text, said):
    from types import SimpleNamespace

    from re3_ros.ros.programs._nav2 import why_ended

    result = SimpleNamespace(error_code=code, error_msg=text, num_retries=0)
    assert said in why_ended(status, result)
