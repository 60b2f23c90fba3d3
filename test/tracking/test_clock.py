# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""One rule for what time it is: case by case, as documented, and whatever stamps come."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from re3_ros.errors import ConfigError, InputError, StampError
from re3_ros.tracking import TIME_JUMPS, Frame, TargetState
from re3_ros.tracking._clock import AHEAD, RULE, SECOND, Clock, Verdict

NODE = Path(__file__).parents[2] / "docs" / "node.md"
PERIOD = SECOND // 30
BEGIN = 1000 * SECOND
YEAR = 365 * 86400 * SECOND
BOX = (50.0, 40.0, 90.0, 80.0)


def verdicts(clock, stamps, back=False):
    return [clock.take(stamp, back) for stamp in stamps]


def row(begin, count):
    return [begin + i * PERIOD for i in range(count)]


@pytest.fixture
def sure():
    """A clock that trusts a time."""
    clock = Clock()
    assert verdicts(clock, row(BEGIN - 4 * PERIOD, 5))[-1] is Verdict.ON_TIME
    assert clock.heads == (BEGIN,)
    return clock


def begun(back, *stamps):
    """Return the verdict on the last stamp, after an even beginning."""
    clock = Clock()
    verdicts(clock, row(BEGIN - 4 * PERIOD, 5))
    return verdicts(clock, stamps, back)[-1]


CASES = (
    (lambda back: begun(back, BEGIN + YEAR, BEGIN + PERIOD),),
    (lambda back: begun(back, BEGIN + PERIOD), lambda back: begun(back, BEGIN)),
    (lambda back: verdicts(Clock(), row(BEGIN, 2), back)[-1],),
    (lambda back: begun(True, *row(BEGIN - 100 * SECOND, 2)),),
    (lambda back: begun(back, *row(BEGIN + YEAR, AHEAD)),),
    (lambda back: begun(back, *row(BEGIN + YEAR, AHEAD - 1)),),
    (lambda back: begun(back, BEGIN - PERIOD), lambda back: begun(back, 0)),
    (
        lambda back: begun(back, BEGIN + YEAR),
        lambda back: begun(True, BEGIN - PERIOD),
        lambda back: begun(back, *row(BEGIN + YEAR, 5), BEGIN + 2 * YEAR),
        lambda back: verdicts(Clock(), [BEGIN], back)[-1],
        lambda back: verdicts(Clock(), [BEGIN + YEAR, BEGIN], back)[-1],
    ),
)
"""For each row of the rule what it means; time has to be able to jump back to have jumped back."""


@pytest.mark.parametrize(
    ("row_", "cases"), list(zip(RULE, CASES, strict=True)), ids=range(len(RULE))
)
def test_the_rule_case_by_case(row_, cases):
    _, policies, verdict = row_
    for policy in TIME_JUMPS if policies == "any" else [policies]:
        assert [case(policy != "reject") for case in cases] == [verdict] * len(cases), policy


def test_the_documentation_has_the_rule():
    lines = [f"| {stamp} | {policies} | {verdict.value} |" for stamp, policies, verdict in RULE]
    assert "\n".join(lines) in NODE.read_text(encoding="utf-8")


def test_soon_is_ten_periods_from_a_second_to_a_minute(sure):
    assert sure.reach() == SECOND
    for period, reach in ((SECOND // 2, 5), (2 * SECOND, 20), (3600 * SECOND, 60)):
        clock = Clock()
        verdicts(clock, [i * period for i in range(6)])
        assert clock.reach() == reach * SECOND


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("off", [YEAR, -BEGIN, 3 * SECOND, -3 * SECOND])
@pytest.mark.parametrize("policy", TIME_JUMPS)
def test_a_lone_outlier_costs_no_other_image(told_session, noise, policy, off, at):
    it = told_session(policy)
    stamps = row(BEGIN, 12)
    stamps[at] += off
    taken = 0
    for stamp in stamps:
        try:
            result = it.process(Frame("camera", stamp, noise(1)))
        except StampError:
            assert off < 0
            continue
        taken += 1
    assert taken >= 11
    (target,) = result.targets
    assert target.state is TargetState.TRACKING
    assert it.counters["time_jumps"] == 0


@pytest.fixture
def told_session(told, session):
    """Return a maker of sessions with a target, for a policy."""

    def make(policy):
        it = session(told, time_jump=policy)
        it.initialise("camera", "a", BOX)
        return it

    return make


def test_the_outlier_and_its_frame_are_forgotten(told_session, noise):
    it = told_session("reject")
    stamps = [*row(BEGIN, 5), BEGIN + YEAR, BEGIN + 5 * PERIOD, BEGIN + 6 * PERIOD]
    results = [it.process(Frame("camera", stamp, noise(1))) for stamp in stamps]
    assert [bool(r.notes) for r in results] == [False] * 6 + [True, False]
    assert "are not believed" in results[6].notes[0]
    assert it.counters["stamp_outliers"] == 1
    with pytest.raises(StampError, match="after the newest frame"):
        it.initialise("camera", "b", BOX, BEGIN + YEAR)
    it.initialise("camera", "b", BOX, BEGIN + 4 * PERIOD)
    it.initialise("camera", "c", BOX, BEGIN + 7 * PERIOD)
    result = it.process(Frame("camera", BEGIN + 7 * PERIOD, noise(1)))
    assert [t.frames_since_init for t in result.targets] == [8, 3, 0]


def test_boxes_are_on_frames_of_either_time_while_one_is_doubtful(told_session, noise):
    it = told_session("reject")
    for stamp in [*row(BEGIN, 5), BEGIN + YEAR]:
        it.process(Frame("camera", stamp, noise(1)))
    for name, stamp in {
        "past": BEGIN,
        "doubtful": BEGIN + YEAR,
        "next": BEGIN + 5 * PERIOD,
        "next there": BEGIN + YEAR + PERIOD,
    }.items():
        it.initialise("camera", name, BOX, stamp)
    result = it.process(Frame("camera", BEGIN + YEAR + PERIOD, noise(1)))
    assert [t.id for t in result.targets] == ["a", "past", "doubtful", "next there"]


def test_a_jump_back_drops_the_targets_from_before_it(told_session, noise):
    it = told_session("clear")
    for stamp in row(BEGIN, 5):
        it.process(Frame("camera", stamp, noise(1)))
    it.process(Frame("camera", 5 * SECOND, noise(1)))
    it.initialise("camera", "b", BOX, 5 * SECOND)
    result = it.process(Frame("camera", 5 * SECOND + PERIOD, noise(1)))
    assert [(t.id, t.frames_since_init) for t in result.targets] == [("b", 1)]
    assert "time_jump is clear: dropped ['a']" in result.notes[0]


def test_clear_begins_time_anew(told_session, noise):
    it = told_session("reject")
    for stamp in row(BEGIN, 5):
        it.process(Frame("camera", stamp, noise(1)))
    with pytest.raises(StampError) as caught:
        it.process(Frame("camera", 5 * SECOND, noise(1)))
    assert caught.value.setting == "time_jump"
    assert "time_jump" not in str(caught.value)
    it.clear()
    for k, stamp in enumerate(row(5 * SECOND, 3)):
        it.initialise("camera", "b", BOX, stamp)
        assert len(it.process(Frame("camera", stamp, noise(1))).targets) == 1, k


def test_the_policy_may_change_meanwhile(told_session, noise):
    it = told_session("reject")
    for stamp in row(BEGIN, 5):
        it.process(Frame("camera", stamp, noise(1)))
    it.time_jump = "continue"
    result = [it.process(Frame("camera", stamp, noise(1))) for stamp in row(5 * SECOND, 3)][-1]
    assert result.targets[0].state is TargetState.TRACKING
    with pytest.raises(ConfigError, match="expected one of reject"):
        it.time_jump = "panic"
    assert it.time_jump == "continue"


def test_a_box_for_the_next_frame_waits_for_it(told_session, noise):
    it = told_session("reject")
    it.process(Frame("camera", BEGIN, noise(1)))
    it.initialise("camera", "b", BOX, upcoming=True)
    it.prepare()
    assert it.targets("camera") == ("a", "b")
    result = it.process(Frame("camera", BEGIN + 50 * PERIOD, noise(1)))
    assert [t.frames_since_init for t in result.targets] == [1, 0]


oddities = st.one_of(
    st.sampled_from([0, 1, YEAR, 2**63 - 1, BEGIN, BEGIN - SECOND, -1]),
    st.integers(0, 2**63 - 1),
)


@given(
    disturbance=st.lists(oddities, max_size=12),
    policy=st.sampled_from(["continue", "clear"]),
    resumed=st.sampled_from([BEGIN + SECOND, BEGIN - 500 * SECOND, 0, YEAR]),
)
@settings(max_examples=150)
def test_where_time_may_jump_every_image_is_taken(disturbance, policy, resumed):
    clock = Clock()
    verdicts(clock, row(BEGIN, 5), True)
    for stamp in disturbance:
        assert clock.take(stamp, policy != "reject") is not Verdict.REJECTED
    after = verdicts(clock, row(resumed, AHEAD + 2), True)
    assert after[-1] is Verdict.ON_TIME
    assert clock.heads == (resumed + (AHEAD + 1) * PERIOD,)


@given(disturbance=st.lists(st.tuples(oddities, st.integers(1, AHEAD - 1)), max_size=8))
@settings(max_examples=150)
def test_where_it_may_not_none_is_lost_to_stamps_that_nothing_confirms(disturbance):
    """Between outliers, of which fewer than are needed come in a row, time goes on."""
    clock, now = Clock(), itertools.count(BEGIN, PERIOD)
    verdicts(clock, itertools.islice(now, 5))
    for odd, count in disturbance:
        if abs(odd - BEGIN) > 60 * SECOND:
            verdicts(clock, [odd] * count)
        assert clock.take(next(now), False) is not Verdict.REJECTED
    assert verdicts(clock, itertools.islice(now, 3))[-1] is Verdict.ON_TIME


@given(
    stamps=st.lists(oddities, max_size=10),
    sides=st.lists(st.sampled_from([(64, 48), (128, 96), (48, 64), (1, 1), (7, 2000)]), max_size=6),
    policy=st.sampled_from(TIME_JUMPS),
)
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_targets_outlive_any_stamps_and_sizes(told, session, stamps, sides, policy):
    it = session(told, time_jump=policy)
    it.initialise("camera", "a", (10, 10, 40, 30))
    frames = [*[(s, (64, 48)) for s in row(BEGIN, 4)], *[(s, (64, 48)) for s in stamps]]
    frames += [(BEGIN + (5 + i) * PERIOD, size) for i, size in enumerate(sides)]
    for stamp, (width, height) in frames:
        try:
            result = it.process(Frame("camera", stamp, np.full((height, width, 3), 7, np.uint8)))
        except InputError:
            continue
        for target in result.targets:
            assert np.isfinite(target.box).all()
            assert not (target.state is TargetState.LOST and target.score > 0.8)
    if policy == "reject":
        it.time_jump = "continue"
    for stamp in row(BEGIN + 10 * SECOND, 14):
        result = it.process(Frame("camera", stamp, np.full((48, 64, 3), 7, np.uint8)))
    if policy != "clear":
        assert [t.state for t in result.targets] == [TargetState.TRACKING]
