# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Which joint state and which command belongs to an image."""

from types import SimpleNamespace as Message

import numpy as np
import pytest

from re3_ros.demonstrations import JOINTS, TWIST_STAMPED, Series
from re3_ros.errors import SourceError

MS = 1_000_000


def header(stamp):
    return Message(stamp=Message(sec=stamp // 10**9, nanosec=stamp % 10**9))


def joints(stamp, names, position):
    return Message(header=header(stamp), name=names, position=position, velocity=[], effort=[])


def twist(stamp, forward):
    zero = Message(x=0.0, y=0.0, z=0.0)
    message = Message(linear=Message(x=forward, y=0.0, z=0.0), angular=zero)
    return Message(header=header(stamp), twist=message)


def test_a_state_is_the_nearest_and_a_command_the_next():
    states, commands = Series("/s"), Series("/c", commands=True)
    for i in range(10):
        states.add(joints(i * 10 * MS, ["a", "b"], [i, -i]), JOINTS, 0)
        commands.add(twist(i * 10 * MS, i), TWIST_STAMPED, 0)
    stamps = [4 * MS, 26 * MS, 90 * MS, 95 * MS]
    assert states.sample(stamps, stamps).values[:, 0].tolist() == [0, 3, 9, 9]
    assert commands.sample(stamps, stamps).values[:, 0].tolist() == [1, 3, 9, 9]
    assert commands.names[0] == "linear.x"


def test_joints_come_in_any_order_and_what_is_of_no_use_is_counted():
    series = Series("/s")
    series.add(joints(0, ["a", "b"], [1, 2]), JOINTS, 0)
    series.add(joints(10 * MS, ["b", "a"], [4, 3]), JOINTS, 0)
    series.add(joints(20 * MS, ["a"], [5]), JOINTS, 0)
    series.add(joints(20 * MS, ["a", "b"], [5]), JOINTS, 0)
    series.add(joints(20 * MS, ["a", "b"], [5, np.nan]), JOINTS, 0)
    assert series.refused == 3
    assert "joint 'b' is not in it" in series.reason
    found = series.sample([0, 10 * MS, 500 * MS], [0, 0, 0])
    assert found.values.tolist() == [[1, 2], [3, 4], [3, 4]]
    assert found.missing == 1


def test_what_comes_before_the_first_message_gets_the_first():
    series = Series("/s", tolerance=0.01)
    series.add(joints(10**9, ["a"], [7]), JOINTS, 0)
    found = series.sample([0, 10**9, 2 * 10**9], [0, 0, 0])
    assert found.values.ravel().tolist() == [7, 7, 7]
    assert found.missing == 2
    with pytest.raises(
        SourceError, match=r"its stamps go from 1.000 to 1.000 s, those of the imag"
    ):
        series.sample([0], [0])


def test_a_topic_of_messages_of_no_use_is_told():
    series = Series("/s")
    series.add(joints(0, ["a", "b"], [1]), JOINTS, 0)
    with pytest.raises(SourceError, match="of 1 none is of use, first: joint state has 1 values"):
        series.sample([0], [0])
