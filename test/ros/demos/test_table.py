# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated arm obeys, and what the demo of the servo complains about."""

import numpy as np
import pytest

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def table(ros):
    """Return a table in this process that nobody spins."""
    from re3_ros.ros.demos.table import TableNode

    node = TableNode("unspun_table")
    yield node
    node.destroy_node()


def twist(table, x=0.05, frame="table_camera", late=0.0):
    from geometry_msgs.msg import TwistStamped
    from rclpy.time import Time

    message = TwistStamped()
    message.header.frame_id = frame
    message.header.stamp = Time(nanoseconds=table._stamp - round(late * 1e9)).to_msg()
    message.twist.linear.x = x
    return message


def test_it_obeys_twists_of_now_in_its_frame_alone(table):
    table._on_command(twist(table))
    assert table._command == pytest.approx([0.05, 0, 0, 0, 0, 0])
    for bad in (
        twist(table, frame="base"),
        twist(table, late=1.0),
        twist(table, late=-1.0),
        twist(table, x=np.nan),
    ):
        table._on_command(bad)
        assert not table._command.any()
    before = table.world.eye.position.copy()
    table.move(0.05)
    assert (table.world.eye.position == before).all()


def rows(lost=(), offset=3.0, distance=0.39):
    """Return 100 rows of 0.1 s; ``lost`` are the times at which the target is LOST."""
    from re3_ros.ros.demos._servo_run import ServoRow
    from re3_ros.tracking import TargetState

    states = [TargetState.LOST if i in lost else TargetState.TRACKING for i in range(100)]
    return [ServoRow(i / 10, offset, distance, 1.0, s, 0.9) for i, s in enumerate(states)]


@pytest.mark.parametrize(
    ("told", "commands", "complaint"),
    [
        ({"lost": range(50, 60)}, [(5.5, 0.0, 0.0)], None),
        ({}, [], "never lost"),
        ({"lost": range(50, 60)}, [(5.5, 0.02, 0.0)], "moved while the carton was lost"),
        ({"lost": range(50, 60)}, [(5.05, 0.02, 0.0)], None),
        ({"lost": range(50, 60), "offset": 90.0}, [], "had not come"),
        ({"lost": range(50, 60), "distance": 0.6}, [], "had not come"),
    ],
)
def test_it_complains_of_an_arm_that_does_not_as_it_should(told, commands, complaint):
    from re3_ros.ros.demos._servo_run import ServoRun
    from re3_ros.ros.demos.servo_demo import complaints

    said = complaints(ServoRun(0.38, rows(**told), commands))
    assert bool(said) == bool(complaint)
    assert complaint is None or complaint in said[0]
