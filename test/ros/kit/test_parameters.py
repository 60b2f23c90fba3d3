# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters that are declared with range and meaning, and kept good."""

import contextlib

import pytest

pytestmark = pytest.mark.ros


@pytest.fixture
def make(ros):
    """Return a function that declares specs on a node, with overrides, and returns both."""
    from rclpy.node import Node
    from rclpy.parameter import Parameter

    from re3_ros.ros.kit import GuardedParameters

    with contextlib.ExitStack() as nodes:

        def build(*specs, settable=True, **overrides):
            given = [Parameter(name, value=value) for name, value in overrides.items()]
            node = Node("parameters", namespace="/kit", parameter_overrides=given)
            nodes.callback(node.destroy_node)
            return node, GuardedParameters(node, specs, lambda: settable)

        yield build


def spec(name, default, **more):
    from re3_ros.ros.kit import ParameterSpec

    return ParameterSpec(name, default, f"what {name} means", **more)


def put(node, **values):
    from rclpy.parameter import Parameter

    parameters = [Parameter(name, value=value) for name, value in values.items()]
    return node.set_parameters_atomically(parameters)


SIZES = ("small", "large")


def test_good_values_are_read(make):
    _, parameters = make(spec("rate", 5, low=1, high=9), rate=7)
    parameters.require()
    assert parameters["rate"] == 7


@pytest.mark.parametrize(
    ("value", "says"),
    [(0, "expected a whole number from 1 to 9"), ("x", "expected a whole number from 1 to 9")],
)
def test_a_bad_value_is_named_with_its_range_until_a_good_one_is_set(make, value, says):
    from re3_ros.errors import ConfigError

    node, parameters = make(spec("rate", 5, low=1, high=9), rate=value)
    with pytest.raises(ConfigError, match=says):
        parameters.require()
    assert put(node, rate=9).successful
    parameters.require()


def test_a_set_that_is_refused_cures_nothing(make):
    from re3_ros.errors import ConfigError

    specs = (spec("size", "small", choices=SIZES), spec("kind", "small", choices=SIZES))
    node, parameters = make(*specs, size="bogus")
    answer = put(node, size="large", kind="nonsense")
    assert not answer.successful
    assert "kind is 'nonsense'; expected one of small, large" in answer.reason
    with pytest.raises(ConfigError, match="size is 'bogus'"):
        parameters.require()


def test_what_is_read_at_configure_cannot_be_set_meanwhile(make):
    node, parameters = make(spec("rate", 5), spec("name", "a", live=True), settable=False)
    assert "run cleanup first" in put(node, rate=6).reason
    assert put(node, name="b").successful
    assert (parameters["rate"], parameters["name"]) == (5, "b")


def test_a_check_of_its_own_is_asked(make):
    odd = spec("rate", 5, check=lambda value: "" if value % 2 else f"rate is {value}; expected odd")
    node, _ = make(odd)
    assert put(node, rate=4).reason == "rate is 4; expected odd"
