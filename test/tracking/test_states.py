# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from re3_ros.tracking import SessionConfig, TargetState
from re3_ros.tracking._states import Evidence, Health, judge

CONFIG = SessionConfig(uncertain_frames=2, lost_frames=3, found_frames=2)
EVIDENCE = {
    "S": Evidence.SURE,
    "s": Evidence.SEEN,
    "c": Evidence.UNCLEAR,
    "u": Evidence.UNSEEN,
    "f": Evidence.FAILED,
}
STATES = {"N": TargetState.NEW, "T": TargetState.TRACKING, "U": TargetState.UNCERTAIN}
STATES["L"] = TargetState.LOST


@pytest.mark.parametrize(
    ("evidences", "states"),
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
def test_rules(evidences, states):
    health, seen = Health(), ""
    for evidence in evidences:
        health = health.after(EVIDENCE[evidence], CONFIG)
        seen += next(k for k, v in STATES.items() if v is health.state)
    assert seen == states


@pytest.mark.parametrize(
    ("score", "valid", "evidence"),
    [
        (0.8, True, Evidence.SURE),
        (0.79, True, Evidence.SEEN),
        (0.6, True, Evidence.SEEN),
        (0.59, True, Evidence.UNCLEAR),
        (0.4, True, Evidence.UNCLEAR),
        (0.39, True, Evidence.UNSEEN),
        (1.0, False, Evidence.FAILED),
    ],
)
def test_kinds_of_evidence(score, valid, evidence):
    assert judge(score, valid, CONFIG) is evidence


def test_a_threshold_under_that_of_being_seen_asks_for_nothing_more():
    config = SessionConfig(visible_threshold=0.9, found_threshold=0.7)
    assert judge(0.8, True, config) is Evidence.UNCLEAR
    assert judge(0.9, True, config) is Evidence.SURE


@given(st.lists(st.sampled_from(list(Evidence)), max_size=60))
def test_frames_in_state_count_up_from_zero(evidences):
    health = Health()
    for evidence in evidences:
        after = health.after(evidence, CONFIG)
        changed = after.state is not health.state
        assert after.frames == (0 if changed else health.frames + 1)
        health = after


@given(st.lists(st.sampled_from([Evidence.SURE, Evidence.SEEN, Evidence.UNCLEAR]), max_size=60))
def test_scores_around_the_visible_threshold_do_not_flicker(evidences):
    health = Health(TargetState.TRACKING)
    for evidence in evidences:
        health = health.after(evidence, CONFIG)
        assert health.state is TargetState.TRACKING


@given(st.lists(st.sampled_from([Evidence.UNSEEN, Evidence.UNCLEAR, Evidence.SEEN]), max_size=60))
def test_nothing_but_being_seen_for_sure_makes_a_lost_target_tracking(evidences):
    health = Health(TargetState.LOST)
    for evidence in evidences:
        health = health.after(evidence, CONFIG)
        assert health.state is TargetState.LOST
