# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest

from re3_ros.errors import ConfigError
from re3_ros.tracking import SessionConfig

FIELDS = dataclasses.fields(SessionConfig)
RANGED = [field for field in FIELDS if "low" in field.metadata]


def test_every_setting_is_documented_and_its_default_in_range():
    SessionConfig()
    for field in FIELDS:
        assert len(field.metadata["help"]) > 20, field.name


@pytest.mark.parametrize("field", RANGED, ids=lambda f: f.name)
def test_ends_of_the_range_are_allowed_and_what_is_beyond_is_not(field):
    low, high = field.metadata["low"], field.metadata["high"]
    others = {"uncertain_threshold": 0.0} if field.name == "visible_threshold" else {}
    others |= {"visible_threshold": 1.0} if field.name == "uncertain_threshold" else {}
    for value in (low, high):
        assert getattr(SessionConfig(**others, **{field.name: value}), field.name) == value
    for value in (low - 1, high + 1, float("nan"), "1", None, True):
        with pytest.raises(ConfigError, match=f"{field.name} is {value!r}; expected .* {low}"):
            SessionConfig(**others, **{field.name: value})


def test_whole_numbers_must_be_whole():
    with pytest.raises(ConfigError, match=r"ring_size is 2\.5; expected a whole number"):
        SessionConfig(ring_size=2.5)


def test_thresholds_must_leave_a_gap_or_touch():
    SessionConfig(uncertain_threshold=0.6, visible_threshold=0.6)
    with pytest.raises(ConfigError, match=r"uncertain_threshold is 0\.7; .* which is 0\.6"):
        SessionConfig(uncertain_threshold=0.7)


def test_choices():
    with pytest.raises(ConfigError, match="time_jump is 'back'; expected one of reject, clear"):
        SessionConfig(time_jump="back")


def test_from_mapping():
    assert SessionConfig.from_mapping({"lost_frames": 4}) == SessionConfig(lost_frames=4)
    with pytest.raises(ConfigError, match="no setting is named 'lost_frame'; did you mean lost_f"):
        SessionConfig.from_mapping({"lost_frame": 4})
