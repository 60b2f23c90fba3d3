# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The robot in the yard as a base of Nav2's: its frames, and commands that come when they like."""

import math

import numpy as np
import pytest

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def make(ros):
    """Return a function from parameters to a yard in this process that nobody spins."""
    from rclpy.parameter import Parameter

    from re3_ros.ros.demos.yard import YardNode

    made = []

    def one(**values):
        given = [Parameter(name, value=value) for name, value in values.items()]
        made.append(YardNode(f"unspun_yard_{len(made)}", parameter_overrides=given))
        return made[-1]

    yield one
    for node in made:
        node.destroy_node()


def forward(speed):
    from geometry_msgs.msg import Twist

    command = Twist()
    command.linear.x = speed
    return command


def go_on(yard):
    """Let the time of one image pass, as if nothing had come in answer to it."""
    yard.move(0.05)
    yard._count += 1
    yard._command = None


def test_a_base_stops_soon_after_the_last_command_and_waits_for_none(make):
    yard = make(base=True)
    assert not yard.waits_for_commands()
    yard._on_command(forward(0.4))
    went = []
    for _ in range(20):
        before = yard.world.robot.x
        go_on(yard)
        went.append(yard.world.robot.x > before)
    assert went[0]
    assert went.index(False) == 7, "after 0.3 s"
    assert not any(went[7:])
    yard._on_command(forward(0.4))
    before = yard.world.robot.x
    go_on(yard)
    assert yard.world.robot.x > before


def test_a_robot_that_is_no_base_goes_on_as_told_last(make):
    yard = make()
    yard._on_command(forward(0.4))
    for _ in range(20):
        go_on(yard)
    assert yard.world.robot.x == pytest.approx(0.4)


def rotation(q):
    """Return the matrix of a quaternion."""
    x, y, z, w = q.x, q.y, q.z, q.w
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def test_its_frames_lead_from_what_the_camera_sees_to_where_that_is(make):
    from std_msgs.msg import Header

    yard = make(base=True)
    yard.world.drive(0.5, 0.6, 1.2)
    view = yard.world.view()
    chain = [yard._camera_on_base(), yard._base_on_ground(Header())]
    assert [(f.header.frame_id, f.child_frame_id) for f in chain] == [
        ("base_link", "yard_camera"),
        ("odom", "base_link"),
    ]
    place = np.array([-view.left, 0.0, view.ahead])
    for frame in chain:
        moved = frame.transform.translation
        place = rotation(frame.transform.rotation) @ place + (moved.x, moved.y, moved.z)
    assert place[:2] == pytest.approx(yard.world.object_position())
    assert place[2] == pytest.approx(yard.world.lens.height_above)
    assert math.isclose(np.linalg.det(rotation(chain[1].transform.rotation)), 1.0)
