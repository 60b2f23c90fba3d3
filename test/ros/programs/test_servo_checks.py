# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to the servo: it commands nothing that is not finite and within limits, and
moves only if all that it was told makes sense."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.ros

WIDTH, HEIGHT = 640, 480
numbers = st.floats(width=64) | st.sampled_from([0.0, -1.0, 5.0, 60.0, 320.0, 1e308, -1e308])
examples = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def make(ros):
    """Return a function from parameters to a Servo in this process that nobody spins."""
    from rclpy.parameter import Parameter

    from re3_ros.ros.programs.servo import Servo

    made = []

    def one(**values):
        values = {"moveit": False, "paused": False, "timeout": 10.0, **values}
        given = [Parameter(name, value=value) for name, value in values.items()]
        made.append(Servo(f"unspun_servo_{len(made)}", parameter_overrides=given))
        return made[-1]

    yield one
    for node in made:
        node.destroy_node()


@pytest.fixture(scope="module")
def servo(make):
    return make()


@pytest.fixture(scope="module")
def by_depth(make):
    return make(keep="distance", desired_distance=0.4)


class Told:
    """What one tick of a servo is told; good, unless something is changed."""

    def __init__(self, servo):
        from sensor_msgs.msg import CameraInfo
        from std_msgs.msg import Header
        from vision_msgs.msg import (
            Detection2D,
            Detection3D,
            Detection3DArray,
            ObjectHypothesisWithPose,
        )

        from re3_ros.msg import TargetStatus, TrackerStatus

        self.servo = servo
        stamp = servo.get_clock().now().to_msg()
        self.header = Header(stamp=stamp, frame_id="lens")
        self.detection = Detection2D(id="cup", header=self.header)
        bbox = self.detection.bbox
        bbox.center.position.x, bbox.center.position.y = 420.0, 200.0
        bbox.size_x = bbox.size_y = 60.0
        self.target = TargetStatus(id="cup", state=TargetStatus.TRACKING, score=0.9)
        self.status = TrackerStatus(header=self.header, targets=[self.target])
        self.info = CameraInfo(width=WIDTH, height=HEIGHT)
        self.info.k = [520.0, 0.0, 320.0, 0.0, 520.0, 240.0, 0.0, 0.0, 1.0]
        self.place = ObjectHypothesisWithPose()
        self.place.pose.pose.position.z = 0.8
        found = Detection3D(id="cup", header=self.header, results=[self.place])
        self.positions = Detection3DArray(header=self.header, detections=[found])

    def decide(self):
        """Hand all over, as the executor does, to a servo that stands; return its twist."""
        node = self.servo
        node._info = node._resized = node._camera = node._positions = None
        node._paused = False
        node._ticked = node._now() - 1.0
        node._velocity = np.zeros(6)
        if self.info is not None:
            node._on_info(self.info)
        node._on_status(self.status)
        node._on_detection(self.detection)
        if self.positions is not None:
            node._on_positions(self.positions)
        return node.decide()


def is_safe(twist):
    slow = np.linalg.norm(twist[:3]) <= 0.1 + 1e-9 and np.linalg.norm(twist[3:]) <= 0.5 + 1e-9
    return bool(np.isfinite(twist).all()) and bool(slow)


def test_it_moves_to_the_target_when_all_is_well(servo, by_depth):
    for node in (servo, by_depth):
        vx, vy, vz, *turn = Told(node).decide()
        assert vx > 0, "the target is right of the middle"
        assert vy < 0, "and above it"
        assert vz > 0, "and small"
        assert turn == [0, 0, 0]


def test_it_turns_to_the_target_where_that_is_asked_for(make):
    vx, vy, vz, wx, wy, wz = Told(make(motion="rotate", keep="nothing")).decide()
    assert (vx, vy, vz, wz) == (0, 0, 0, 0)
    assert wy > 0, "to the right"
    assert wx > 0, "and up: y points down"


@examples
@given(numbers, numbers, numbers, numbers)
@example(320.0, 240.0, 0.0, 0.0)
@example(1000.0, 240.0, 40.0, 100.0)
@example(400.0, 240.0, 40.0, math.nan)
@example(1.7e308, 240.0, 1.7e308, 100.0)
def test_any_box(servo, x, y, width, height):
    told = Told(servo)
    bbox = told.detection.bbox
    bbox.center.position.x, bbox.center.position.y = x, y
    bbox.size_x, bbox.size_y = width, height
    twist = told.decide()
    assert is_safe(twist)
    inside = x - width / 2 >= -2 and x + width / 2 <= WIDTH + 2 and width > 0 < height
    assert inside or not twist.any()


@examples
@given(st.integers(0, 255), st.floats(width=32))
@example(1, math.nan)
@example(3, 0.9)
def test_any_state_and_score(servo, state, score):
    told = Told(servo)
    told.target.state, told.target.score = state, score
    assert told.decide().any() == (state == 1 and 0 <= score <= 1)


@examples
@given(st.lists(numbers, min_size=9, max_size=9), st.integers(0, 2**32 - 1), st.integers(0, 700))
@example([0.0] * 9, WIDTH, HEIGHT)
@example([1e-308, 0, 0, 0, 1e-308, 0, 0, 0, 1], WIDTH, HEIGHT)
@example([1e308, 0, 0, 0, 1e308, 0, 0, 0, 1], WIDTH, HEIGHT)
def test_any_calibration(servo, matrix, width, height):
    told = Told(servo)
    told.info.k = matrix
    told.info.width, told.info.height = width, height
    twist = told.decide()
    assert is_safe(twist)
    if not (min(matrix[0], matrix[4]) > 0 and 448 <= width <= 100_000 and height >= 228):
        assert not twist.any()


@pytest.mark.parametrize("name", ["status", "detection"])
@pytest.mark.parametrize("seconds", [-60, 60])
def test_stamps_that_are_old_or_from_the_future_stop_it(servo, name, seconds):
    told = Told(servo)
    message = getattr(told, name)
    message.header = type(message.header)(frame_id="lens", stamp=message.header.stamp)
    message.header.stamp.sec += seconds
    assert not told.decide().any()


@examples
@given(numbers)
@example(0.0)
@example(math.inf)
@example(1e-308)
def test_any_distance(by_depth, z):
    told = Told(by_depth)
    told.place.pose.pose.position.z = z
    twist = told.decide()
    assert is_safe(twist)
    assert twist.any() == (0.01 <= z <= 100)


def test_positions_of_another_target_camera_or_time_stop_it_where_a_distance_is_kept(by_depth):
    def unknown(told):
        told.positions.detections[0].id = "saucer"

    def none(told):
        told.positions = None

    def twice(told):
        told.positions.detections = [told.positions.detections[0]] * 2

    def frame(told):
        told.positions.header = type(told.header)(frame_id="other", stamp=told.header.stamp)

    def old(told):
        told.positions.header = type(told.header)(frame_id="lens")
        told.positions.header.stamp.sec = 5

    for change in (unknown, none, twice, frame, old):
        told = Told(by_depth)
        change(told)
        assert not told.decide().any(), change.__name__
    assert Told(by_depth).decide().any()


def test_without_calibration_target_or_frame_it_stands_and_says_what_it_lacks(servo):
    told = Told(servo)
    told.info = None
    assert not told.decide().any()
    assert "camera_info" in servo._obstacle(servo._now())
    told = Told(servo)
    told.status.targets = []
    assert not told.decide().any()
    assert "not tracked" in servo._obstacle(servo._now())
    told = Told(servo)
    told.header.frame_id = ""
    assert not told.decide().any()
    assert "set frame_id" in servo._obstacle(servo._now())


def test_a_lost_target_pauses_it_where_that_is_asked_for(make):
    node = make(pause_when_lost=True)
    told = Told(node)
    told.target.state = 3
    assert not told.decide().any()
    assert node._paused
    told = Told(node)
    node._on_status(told.status)
    node._on_detection(told.detection)
    assert not node.decide().any(), "until it is unpaused"
    assert told.decide().any()


def test_it_begins_paused(make):
    node = make(paused=True)
    assert "~/unpause" in node._obstacle(node._now())


def test_without_moveit_msgs_it_stands_and_says_what_to_install(make, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "moveit_msgs", None)
    monkeypatch.setitem(sys.modules, "moveit_msgs.srv", None)
    node = make(moveit=True)
    told = Told(node)
    assert not told.decide().any()
    reason = node._obstacle(node._now())
    assert "moveit_msgs is not installed" in reason
    assert "moveit:=false" in reason


def test_the_end_effector_is_told_what_moves_the_camera_as_wanted(make):
    """Told of the twist, the hand half a metre behind the camera swings to the side."""
    sent = []
    node = make(motion="rotate", keep="nothing", ee_z=-0.1)
    told = Told(node)
    twist = told.decide()
    node._commands = type("Sent", (), {"publish": lambda _self, message: sent.append(message)})()
    node._command(twist)
    (message,) = sent
    assert message.header.frame_id == "lens"
    assert message.twist.angular.y == pytest.approx(twist[4])
    assert message.twist.linear.x == pytest.approx(twist[4] * -0.1)
    assert abs(message.header.stamp.sec - told.header.stamp.sec) < 60


@pytest.mark.parametrize(
    ("name", "value"), [("max_linear", -1.0), ("gain", 100.0), ("motion", "jump"), ("aim_x", 2.0)]
)
def test_a_parameter_out_of_range_is_refused(servo, make, name, value):
    from rclpy.exceptions import InvalidParameterValueException
    from rclpy.parameter import Parameter

    from re3_ros.errors import ConfigError

    (result,) = servo.set_parameters([Parameter(name, value=value)])
    assert not result.successful
    with pytest.raises((InvalidParameterValueException, ConfigError)):
        make(**{name: value})


def test_the_file_of_parameters_lists_them_all_with_their_defaults():
    import yaml

    from re3_ros.ros.programs._mover import SPECS as COMMON
    from re3_ros.ros.programs.servo import SPECS

    path = Path(__file__).parents[3] / "config" / "servo.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8"))["/**"]["ros__parameters"]
    assert values == {spec.name: spec.default for spec in (*SPECS, *COMMON)}
