# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import re

import pytest
import yaml

pytestmark = pytest.mark.ros


def specs():
    from re3_ros.ros.tracker._parameters import SPECS

    return SPECS


def describe(tracker, *names):
    from rcl_interfaces.srv import DescribeParameters

    return tracker.call(DescribeParameters, "describe_parameters", names=names).descriptors


def test_every_setting_of_the_session_is_a_parameter():
    from re3_ros.tracking import SessionConfig

    settings = {field.name: field.default for field in dataclasses.fields(SessionConfig)}
    assert settings.items() <= {name: spec.default for name, spec in specs().items()}.items()


def test_the_shipped_file_names_every_parameter_with_its_default(pytestconfig):
    text = (pytestconfig.rootpath / "config" / "tracker.yaml").read_text()
    values = yaml.safe_load(text)["/**"]["ros__parameters"]
    assert values == {name: spec.default for name, spec in specs().items()}
    for name, spec in specs().items():
        assert isinstance(values[name], type(spec.default)), name


def test_every_parameter_says_what_it_means_and_its_range(tracker):
    for told, spec in zip(describe(tracker, *specs()), specs().values(), strict=True):
        assert len(told.description) > 10
        assert "can be set" in told.additional_constraints
        limits = [*told.integer_range, *told.floating_point_range]
        assert len(limits) == (spec.low is not None)
        for limit in limits:
            assert (limit.from_value, limit.to_value) == (spec.low, spec.high)
        for choice in spec.choices:
            assert choice in told.additional_constraints


def test_values_can_be_read_and_set(tracker):
    assert tracker.get("reset_interval", "class_id") == [32, "object"]
    assert tracker.set(reset_interval=8, class_id="cup") == []
    assert tracker.get("reset_interval", "class_id") == [8, "cup"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"reset_interval": -1}, r"Min: 0, [mM]ax: 1000000, value: -1"),
        ({"visible_threshold": 1.5}, r"Min: 0.0, [mM]ax: 1.0, value: 1.5"),
        ({"image_reliability": "often"}, "expected one of best_effort, reliable"),
        ({"time_jump": "panic"}, "expected one of reject, clear, continue"),
        ({"cameras": ["left", "left"]}, "different names"),
        ({"cameras": ["2 fast"]}, "'2 fast'"),
        ({"reset_interval": 1.0}, "INTEGER"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(tracker, values, says):
    (name,) = values
    before = tracker.get(name)
    (reason,) = tracker.set(**values)
    assert re.search(says, reason), reason
    assert tracker.get(name) == before


def test_what_is_read_at_configure_cannot_change_after(tracker):
    assert tracker.lifecycle.change("configure")
    (reason,) = tracker.set(reset_interval=8)
    assert "run cleanup first" in reason
    assert tracker.set(class_id="cup", primary="a", silence_warning=0.0) == []
    assert tracker.lifecycle.change("cleanup")
    assert tracker.set(reset_interval=8) == []


def test_a_live_parameter_takes_effect_at_the_next_image(tracker):
    tracker.bring_up()
    tracker.follow()
    assert tracker.set(class_id="cup") == []
    _, array = tracker.show()
    assert array.detections[0].results[0].hypothesis.class_id == "cup"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("lost_frames:=0", "lost_frames"),
        ("retry_reach:=1", "a number such as 1.0 from 0.0 to 10.0"),
        ("cameras:=[a, a]", "different names"),
        ("time_jump:=panic", "reject, clear, continue"),
    ],
)
def test_a_bad_value_from_the_command_line_fails_configure_until_set_right(ros, rule, says):
    from rclpy.lifecycle import TransitionCallbackReturn as Outcome
    from rclpy.parameter import Parameter

    from re3_ros.errors import ConfigError
    from re3_ros.ros.tracker._node import TrackerNode

    node = TrackerNode(cli_args=["--ros-args", "-p", rule])
    try:
        with pytest.raises(ConfigError, match=says):
            node.live.read()
        assert node.trigger_configure() == Outcome.FAILURE
        name = rule.partition(":=")[0]
        good = Parameter(name, value=specs()[name].default)
        assert node.set_parameters([good])[0].successful
        assert getattr(node.live.read(), name, None) or node.live.read().session
    finally:
        node.destroy_node()
