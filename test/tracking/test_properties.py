# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Any sequence of commands and frames, sensible or not."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from re3_ros.errors import InputError
from re3_ros.tracking import Frame, SessionConfig, TargetState, TrackingSession

CAMERAS = ("left", "right")
PERIOD = 10**7
cameras = st.sampled_from([*CAMERAS, *CAMERAS, *CAMERAS, "rear"])
names = st.sampled_from(["a", "b", "c", "d", ""])
odd = st.sampled_from([float("nan"), float("inf"), -1e30, 1e30])
numbers = st.one_of(st.floats(-20, 80), st.integers(0, 64), odd)
boxes = st.one_of(
    st.sampled_from([(10, 10, 30, 30), (20, 5, 50, 45), (-5, -5, 12, 12)]),
    st.tuples(numbers, numbers, numbers, numbers),
)
stamps = st.one_of(st.just(0), st.integers(-1, 80).map(lambda k: k * PERIOD // 2))
shapes = st.sampled_from([(48, 64, 3)] * 4 + [(20, 90, 3), (48, 64), (1, 1, 3), (0, 64, 3)])
answers = st.one_of(
    st.sampled_from([(2.5, 2.5, 7.5, 7.5), (3.0, 2.0, 8.0, 7.0)]),
    st.tuples(*[st.one_of(st.floats(0, 10), odd)] * 4),
)
logits = st.one_of(st.floats(-9, 9), st.sampled_from([None, float("nan"), float("inf")]))


class Machine(RuleBasedStateMachine):
    """A session and what must hold whatever it is told."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        config = SessionConfig(
            reset_interval=3, ring_size=4, max_targets=3, found_frames=2, lost_frames=2
        )
        self.session = TrackingSession(network, CAMERAS, config)
        self.counters = self.session.counters
        self.last = {camera: {} for camera in CAMERAS}
        self.sizes = {}
        self.waiting = set()
        """Cameras and names with a box whose frame has not come yet."""
        self.now = dict.fromkeys(CAMERAS, 0)

    def try_(self, action):
        """Run an action; return whether it was accepted. No other error may leave it."""
        try:
            action()
        except InputError:
            return False
        return True

    @rule(camera=cameras, name=names, box=boxes, stamp=stamps)
    def initialise(self, camera, name, box, stamp):
        if self.try_(lambda: self.session.initialise(camera, name, box, stamp)):
            assert name in self.session.targets(camera)
            self.last[camera].pop(name, None)
            self.waiting.add((camera, name))

    @rule(camera=cameras, name=names)
    def drop(self, camera, name):
        if self.try_(lambda: self.session.drop(camera, name)):
            assert name not in self.session.targets(camera)
            self.last[camera].pop(name, None)
            self.waiting.discard((camera, name))

    @rule(camera=st.sampled_from([*CAMERAS, None]))
    def clear(self, camera):
        self.session.clear(camera)
        for one in CAMERAS if camera is None else [camera]:
            assert self.session.targets(one) == ()
            self.last[one].clear()
            self.waiting -= {(one, name) for _, name in self.waiting}

    @rule(answer=answers, logit=logits)
    def answer(self, answer, logit):
        self.network.corners, self.network.logit = answer, logit

    @rule()
    def prepare(self):
        self.session.prepare()

    @rule(camera=cameras, shape=shapes, step=st.integers(-1, 4))
    def process(self, camera, shape, step):
        now = self.now.get(camera, 0) + step * PERIOD
        try:
            result = self.session.process(Frame(camera, now, np.full(shape, 7, np.uint8)))
        except InputError:
            return
        self.now[camera] = now
        self.check(result)

    def check(self, result):
        ids = [target.id for target in result.targets]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(self.session.targets(result.camera))
        before = self.last[result.camera]
        for target in result.targets:
            self.check_target(target, result, before.get(target.id))
        self.sizes[result.camera] = (result.width, result.height)
        self.last[result.camera] = {t.id: t for t in result.targets}

    def check_target(self, target, result, before):
        limits = (result.width, result.height) * 2
        assert np.isfinite(target.box).all()
        assert (target.box >= 0).all()
        assert (target.box <= limits).all()
        assert 0 <= target.score <= 1
        if target.state is TargetState.LOST:
            assert target.score <= self.session.config.found_threshold
        started = before is None or target.frames_since_init <= before.frames_since_init
        if started:
            if before is not None or target.frames_since_init == 0:
                assert (target.camera, target.id) in self.waiting
                self.waiting.discard((target.camera, target.id))
            return
        assert target.frames_since_init == before.frames_since_init + 1
        same = target.state is before.state
        assert target.frames_in_state == (before.frames_in_state + 1 if same else 0)
        still = same and target.state is TargetState.LOST and target.score == before.score == 0
        if still and self.sizes[result.camera] == limits[:2]:
            assert (target.box == before.box).all()

    @invariant()
    def counters_never_fall(self):
        counters = self.session.counters
        assert all(counters[name] >= n for name, n in self.counters.items())
        self.counters = counters

    @invariant()
    def no_more_targets_than_allowed(self):
        assert all(len(self.session.targets(camera)) <= 3 for camera in CAMERAS)


def test_any_sequence_of_commands_and_frames(told):
    run_state_machine_as_test(
        lambda: Machine(told),
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
