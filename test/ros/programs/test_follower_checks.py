# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to the follower: it commands nothing that is not finite and within limits, and
moves only if all that it was told makes sense."""

import math

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.ros

WIDTH, HEIGHT = 640, 480
LIMITS = {"max_forward": 0.6, "max_backward": 0.2, "max_turn": 1.0}
numbers = st.floats(width=64) | st.sampled_from([0.0, -1.0, 5.0, 60.0, 320.0, 1e308, -1e308])
small = st.floats(width=32) | st.sampled_from([0.0, 0.5, 0.9, 1.0])


@pytest.fixture(scope="module")
def follower(ros):
    """Return a Follower in this process that nobody spins."""
    from rclpy.parameter import Parameter

    from re3_ros.ros.programs.follower import Follower

    given = [Parameter(name, value=value) for name, value in {**LIMITS, "timeout": 10.0}.items()]
    node = Follower("unspun_follower", parameter_overrides=given)
    yield node
    node.destroy_node()


class Told:
    """What one tick of a follower is told; good, unless something is changed."""

    def __init__(self, follower):
        from sensor_msgs.msg import CameraInfo
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2D, ObjectHypothesisWithPose

        from re3_ros.msg import TargetStatus, TrackerStatus

        self.follower = follower
        stamp = follower.get_clock().now().to_msg()
        self.detection = Detection2D(id="cup", header=Header(stamp=stamp, frame_id="lens"))
        result = ObjectHypothesisWithPose()
        result.hypothesis.score = 0.9
        self.detection.results = [result]
        self.box(420.0, 240.0, 60.0, 90.0)
        self.target = TargetStatus(id="cup", state=TargetStatus.TRACKING, score=0.9)
        header = Header(stamp=stamp, frame_id="lens")
        self.status = TrackerStatus(header=header, targets=[self.target])
        self.info = CameraInfo(width=WIDTH, height=HEIGHT)

    def box(self, x, y, width, height, theta=0.0):
        bbox = self.detection.bbox
        bbox.center.position.x, bbox.center.position.y, bbox.center.theta = x, y, theta
        bbox.size_x, bbox.size_y = width, height

    def decide(self, infos=None):
        """Hand all over, as the executor does, to a follower that stands; return its velocity."""
        node = self.follower
        node._info = node._resized = None
        node._ticked = node._now() - 1.0
        from re3_ros.control import Velocity

        node._velocity = Velocity(0.0, 0.0)
        for info in [self.info] if infos is None else infos:
            node._on_info(info)
        node._on_status(self.status)
        node._on_detection(self.detection)
        return node.decide()


def is_safe(velocity):
    linear, angular = velocity
    forward = -LIMITS["max_backward"] <= linear <= LIMITS["max_forward"]
    return math.isfinite(linear + angular) and forward and abs(angular) <= LIMITS["max_turn"]


def moves(velocity):
    return velocity != (0.0, 0.0)


examples = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_it_moves_when_all_is_well(follower):
    assert moves(Told(follower).decide())


@examples
@given(numbers, numbers, numbers, numbers, numbers)
@example(320.0, 240.0, 0.0, 0.0, 0.0)
@example(400.0, 240.0, -40.0, -100.0, 0.0)
@example(400.0, 240.0, 0.0, 5.0, 1.0)
@example(400.0, 240.0, 40.0, 5000.0, 0.0)
@example(1000.0, 240.0, 40.0, 100.0, 0.0)
@example(400.0, 240.0, 40.0, math.nan, 0.0)
@example(1.7e308, 240.0, 1.7e308, 100.0, 0.0)
@example(400.0, 240.0, 40.0, 100.0, math.inf)
def test_any_box(follower, x, y, width, height, theta):
    told = Told(follower)
    told.box(x, y, width, height, theta)
    velocity = told.decide()
    assert is_safe(velocity)
    upright = math.isfinite(theta) and width > 0 and height > 0
    if not (upright and -2 <= x <= WIDTH + 2 and -2 <= y <= HEIGHT + 2):
        assert not moves(velocity)
    if not theta and not (width <= WIDTH + 4 and height <= HEIGHT + 4):
        assert not moves(velocity)


@examples
@given(st.integers(0, 255), small, st.lists(small, max_size=2))
@example(9, 0.9, [])
@example(1, 1.5, [])
@example(1, 0.9, [math.nan])
def test_any_state_and_scores(follower, state, score, others):
    from vision_msgs.msg import ObjectHypothesisWithPose

    told = Told(follower)
    told.target.state, told.target.score = state, score
    told.detection.results = [ObjectHypothesisWithPose() for _ in others]
    for result, value in zip(told.detection.results, others, strict=True):
        result.hypothesis.score = value
    velocity = told.decide()
    assert is_safe(velocity)
    assert moves(velocity) == (state == 1 and all(0 <= value <= 1 for value in [score, *others]))


@examples
@given(
    st.sampled_from(["status", "detection"]),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**32 - 1),
)
@example("status", 0, 0)
@example("detection", 2**31 - 1, 0)
@example("status", 5, 10**9)
def test_any_stamp_of_another_time(follower, name, sec, nanosec):
    told = Told(follower)
    header = getattr(told, name).header
    assume(abs(header.stamp.sec - sec) > 5)
    header.stamp.sec, header.stamp.nanosec = sec, nanosec
    assert told.decide() == (0.0, 0.0)


def test_nanoseconds_of_more_than_a_second_are_no_stamp(follower):
    told = Told(follower)
    told.detection.header.stamp.nanosec = 10**9
    assert told.decide() == (0.0, 0.0)


def test_stamps_of_any_time_are_taken_where_that_is_asked_for(follower):
    from rclpy.parameter import Parameter

    told = Told(follower)
    told.detection.header.stamp.sec = told.status.header.stamp.sec = 5
    follower.set_parameters([Parameter("max_age", value=0.0)])
    try:
        assert moves(told.decide())
    finally:
        follower.set_parameters([Parameter("max_age", value=2.0)])


@examples
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@example(0, 0)
@example(640, 0)
@example(2**32 - 1, 480)
def test_any_size_of_the_image(follower, width, height):
    told = Told(follower)
    told.info.width, told.info.height = width, height
    velocity = told.decide()
    assert is_safe(velocity)
    fits = 448 <= width <= 100_000 and 283 <= height <= 100_000
    assert fits or not moves(velocity)


@pytest.mark.parametrize("field", ["k", "p", "d"])
def test_a_calibration_that_is_not_finite_stops_it(follower, field):
    told = Told(follower)
    size = {"k": 9, "p": 12, "d": 5}[field]
    setattr(told.info, field, [math.nan] * size)
    assert told.decide() == (0.0, 0.0)


def test_without_a_size_or_when_it_has_just_changed_it_stands(follower):
    from sensor_msgs.msg import CameraInfo

    told = Told(follower)
    assert told.decide(infos=[]) == (0.0, 0.0)
    other = CameraInfo(width=1280, height=960)
    assert told.decide(infos=[other, told.info]) == (0.0, 0.0)
    assert told.decide(infos=[told.info, CameraInfo(), told.info]) == (0.0, 0.0)
    assert moves(told.decide(infos=[told.info, told.info]))


def test_a_status_that_tells_twice_of_the_target_or_of_another_camera_stops_it(follower):
    told = Told(follower)
    told.status.targets = [told.target, told.target]
    assert told.decide() == (0.0, 0.0)
    told = Told(follower)
    told.status.header.frame_id = "other"
    assert told.decide() == (0.0, 0.0)


def test_limits_that_are_lowered_while_it_drives_count_at_once(follower):
    from rclpy.parameter import Parameter

    from re3_ros.control import Velocity

    told = Told(follower)
    told.decide()
    follower._velocity = Velocity(0.6, 1.0)
    follower.set_parameters([Parameter("max_forward", value=0.1)])
    try:
        assert follower.decide().linear <= 0.1
    finally:
        follower.set_parameters([Parameter("max_forward", value=0.6)])


def test_what_is_raised_stops_it_too(follower, ros, monkeypatch):
    """A defect must not leave the robot with its last command."""
    from geometry_msgs.msg import Twist

    sent = []
    node = ros.create_node("base")
    subscription = node.create_subscription(Twist, "cmd_vel", sent.append, 10)

    def fail(_now):
        raise KeyError("surprise")

    monkeypatch.setattr(follower, "_obstacle", fail)
    before = follower.faults.count
    try:
        while not sent:
            follower._tick()
            ros.spin_once(node, timeout_sec=0.1)
        assert sent[-1] == Twist()
        assert follower.faults.count > before
    finally:
        node.destroy_subscription(subscription)
        node.destroy_node()
