# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.tracking import SessionConfig, TargetState
from re3_ros.tracking._states import Health, Look, judge

CONFIG = SessionConfig(uncertain_frames=2, lost_frames=3, found_frames=2)
LOOKS = {"S": Look.SURE, "s": Look.SEEN, "c": Look.UNCLEAR, "u": Look.UNSEEN, "f": Look.FAILED}
STATES = {"N": TargetState.NEW, "T": TargetState.TRACKING, "U": TargetState.UNCERTAIN}
STATES["L"] = TargetState.LOST


@pytest.mark.parametrize(
    ("looks", "states"),
    [
        ("s", "T"),
        ("S", "T"),
        ("ccc", "NNN"),
        ("uu", "NU"),
        ("ucucu", "NNNNN"),
        ("f", "L"),
        ("suu", "TTU"),
        ("susuc", "TTTTT"),
        ("suus", "TTUT"),
        ("suuuuu", "TTUUUL"),
        ("suuccc", "TTUUUL"),
        ("suuccs", "TTUUUT"),
        ("suuf", "TTUL"),
        ("sf", "TL"),
        ("suuS", "TTUT"),
        ("sfsS", "TLLT"),
        ("sfscsS", "TLLLLT"),
        ("sfsusfsS", "TLLLLLLT"),
        ("sfS", "TLL"),
        ("sfSs", "TLLL"),
        ("sfssssS", "TLLLLLT"),
        ("sfuuuuuu", "TLLLLLLL"),
    ],
)
def test_rules(looks, states):
    health, seen = Health(), ""
    for look in looks:
        health = health.after(LOOKS[look], CONFIG)
        seen += next(k for k, v in STATES.items() if v is health.state)
    assert seen == states


@pytest.mark.parametrize(
    ("score", "good", "look"),
    [
        (0.8, True, Look.SURE),
        (0.79, True, Look.SEEN),
        (0.6, True, Look.SEEN),
        (0.59, True, Look.UNCLEAR),
        (0.4, True, Look.UNCLEAR),
        (0.39, True, Look.UNSEEN),
        (1.0, False, Look.FAILED),
    ],
)
def test_kinds_of_looks(score, good, look):
    assert judge(score, good, CONFIG) is look


def test_a_threshold_under_that_of_being_seen_asks_for_nothing_more():
    config = SessionConfig(visible_threshold=0.9, found_threshold=0.7)
    assert judge(0.8, True, config) is Look.UNCLEAR
    assert judge(0.9, True, config) is Look.SURE


@given(st.lists(st.sampled_from(list(Look)), max_size=60))
def test_frames_in_state_count_up_from_zero(looks):
    health = Health()
    for look in looks:
        after = health.after(look, CONFIG)
        changed = after.state is not health.state
        assert after.frames == (0 if changed else health.frames + 1)
        health = after


@given(st.lists(st.sampled_from([Look.SURE, Look.SEEN, Look.UNCLEAR]), max_size=60))
def test_scores_around_the_visible_threshold_do_not_flicker(looks):
    health = Health(TargetState.TRACKING)
    for look in looks:
        health = health.after(look, CONFIG)
        assert health.state is TargetState.TRACKING


@given(st.lists(st.sampled_from([Look.UNSEEN, Look.UNCLEAR, Look.SEEN]), max_size=60))
def test_nothing_but_being_seen_for_sure_makes_a_lost_target_tracking(looks):
    health = Health(TargetState.LOST)
    for look in looks:
        health = health.after(look, CONFIG)
        assert health.state is TargetState.LOST
