# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks that go on from step to step."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from re3_ros.boxes import centre, size
from re3_ros.network import build
from re3_ros.simulation._render import HostRenderer
from re3_ros.training import TrainingConfig, Unroll, UnrollPlan, train
from re3_ros.training._carry import CarriedState, CarrySchedule, join
from re3_ros.training._data import read_data
from re3_ros.training._loader import Loader
from re3_ros.training._parallel import ProcessGroup

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}
CARRIED = {"unroll": 3, "batch": 4, "carry": 6, "self_training": 0.5, "rate": [1e-3, 1e-3]}


@pytest.fixture
def config(recipe):
    return TrainingConfig.model_validate(recipe(stages=[{"steps": 6, **CARRIED}]))


@pytest.fixture
def batches(config, data_root):
    with Loader(config, read_data(config, data_root), ProcessGroup(), lambda b: b) as loader:
        return [loader.batch(config.stages[0], step) for step in range(6)]


@pytest.fixture
def unroll():
    torch.manual_seed(0)
    with ThreadPoolExecutor(1) as executor:
        yield Unroll(build("compact", **SMALL), HostRenderer(executor, torch.device("cpu")))


def test_a_slot_goes_through_all_parts_of_a_track_before_the_next():
    schedule = CarrySchedule(3, 4)
    parts = [schedule.at(2, step) for step in range(60)]
    for now, later in pairwise(parts):
        if now.part + 1 < now.parts:
            assert (later.track, later.part, later.parts) == (now.track, now.part + 1, now.parts)
        else:
            assert (later.track, later.part) == (now.track + 1, 0)
    assert {at.parts for at in parts} == {1, 2, 3, 4}


def test_a_part_depends_on_seed_slot_and_step_alone():
    there, back = CarrySchedule(3, 4), CarrySchedule(3, 4)
    forwards = [there.at(1, step) for step in range(30)]
    assert [back.at(1, step) for step in reversed(range(30))] == forwards[::-1]
    assert [CarrySchedule(4, 4).at(1, step) for step in range(30)] != forwards


def test_a_track_is_the_same_one_until_it_ends(batches):
    kept = 0
    for now, later in pairwise(batches):
        for i, track in enumerate(now.tracks):
            if later.starts[i]:
                kept += 1
                assert later.tracks[i] is track
                assert later.starts[i] == now.starts[i] + 2
                assert later.choices.self_training[i] == now.choices.self_training[i]
            else:
                assert now.starts[i] + 3 == len(track)
    assert kept > 4


def test_a_loader_that_begins_later_draws_the_same(batches, config, data_root):
    with Loader(config, read_data(config, data_root), ProcessGroup(1, 2), lambda b: b) as loader:
        late = loader.batch(config.stages[0], 4)
    np.testing.assert_array_equal(late.starts, batches[4].starts[1::2])
    for mine, theirs in zip(late.tracks, batches[4].tracks[1::2], strict=True):
        np.testing.assert_array_equal(mine.boxes, theirs.boxes)


@torch.no_grad()
def test_parts_of_a_track_are_run_as_the_whole(config, batches, unroll):
    """Without a gradient, two steps of two frames are one step of four."""
    plan = UnrollPlan(1.0, reset_interval=None)
    short = [b for b in batches if (b.starts >= 0).all()]
    k = next(k for k, b in enumerate(short) if (short[k + 1].starts == b.starts + 2).any())
    which = np.flatnonzero(short[k + 1].starts == short[k].starts + 2)[:1]
    parts = [_only(b, which, plan) for b in short[k : k + 2]]
    whole = _only(short[k], which, plan, frames=5)
    unroll.carried = None
    for part in parts:
        unroll(part)
    handed = unroll.carried
    unroll.carried = None
    unroll(whole)
    np.testing.assert_allclose(unroll.carried.boxes, handed.boxes, rtol=1e-5)
    torch.testing.assert_close(unroll.carried.state, handed.state)


def _only(batch, which, plan, frames=3):
    choices = batch.choices.part(which)
    choices.self_training[:], choices.cover[:] = True, 0.0
    shift = np.zeros((frames - 1, len(which), 2))
    choices = replace(choices, shift=shift, stretch=shift + 1)
    tracks = [batch.tracks[i] for i in which]
    return type(batch)(tracks, plan, choices, frames, batch.starts[which], batch.key)


@torch.no_grad()
def test_what_was_handed_on_to_another_batch_is_not_taken_up(batches, unroll):
    step = next(k for k, b in enumerate(batches) if b.starts.any())
    unroll.carried = None
    alone = unroll(batches[step]).loss
    wrong = CarriedState(
        (99, 4, 3, 6), np.full((4, 4), 1e4), torch.ones(4, *unroll.network.state_shape)
    )
    unroll.carried = wrong
    assert unroll(batches[step]).loss == alone
    unroll.carried = CarriedState(batches[step].key, wrong.boxes, wrong.state)
    assert unroll(batches[step]).loss != alone


def _taken_up(unroll, batch, boxes, **choices):
    """Return where tracks start from that were handed on with boxes (N, 4)."""
    state = torch.ones(len(boxes), *unroll.network.state_shape)
    unroll.carried = CarriedState(batch.key, boxes, state)
    chosen = replace(batch, choices=replace(batch.choices, **choices))
    return unroll._taken_up(chosen, torch.zeros_like(state))


def test_lost_tracks_are_rescued_and_others_are_not(batches, unroll):
    batch = next(b for b in batches if b.starts.any())
    truth = np.stack([t.boxes[k] for t, k in zip(batch.tracks, batch.starts, strict=True)])
    all_of_them = np.full(4, True)
    boxes, state = _taken_up(unroll, batch, truth + 1e4, rescued=all_of_them)
    np.testing.assert_array_equal(boxes, truth)
    assert not state.any()
    left, state = _taken_up(unroll, batch, truth + 1e4, rescued=~all_of_them)
    old = batch.starts > 0
    np.testing.assert_array_equal(left[old], truth[old] + 1e4)
    assert state[old].all()
    near, state = _taken_up(unroll, batch, truth + 1, rescued=all_of_them)
    np.testing.assert_array_equal(near[old], truth[old] + 1)
    assert state[old].all()


def test_lost_tracks_can_be_rescued_in_the_frame_itself(batches, unroll):
    every = np.full(4, True)
    choices = replace(batches[0].choices, self_training=every, rescued=every)
    batch = replace(batches[0], choices=choices)
    with torch.no_grad():  # after a step of this network each object is far from its box
        unroll.network.head.bias[:4] += 8
    at_once = replace(batch, plan=replace(batch.plan, rescue_at_once=True))
    truth = batch.truth(batch.frames - 1)
    rescued = truth.visibility > 0.5
    unroll(at_once)
    assert rescued.any()
    np.testing.assert_array_equal(unroll.carried.boxes[rescued], truth.boxes[rescued])
    first = unroll.carried.state[rescued]
    unroll(batch)
    assert (unroll.carried.boxes[rescued] != truth.boxes[rescued]).any(axis=1).all()
    assert (unroll.carried.state[rescued] != first).flatten(1).any(1).all()


def test_tracks_are_pushed_if_they_follow_the_network(batches, unroll):
    batch = next(b for b in batches if b.starts.any())
    truth = np.stack([t.boxes[k] for t, k in zip(batch.tracks, batch.starts, strict=True)])
    pushed, self_training = np.array([True, True, False, False]), np.array([True, False] * 2)
    shift, stretch = np.full((4, 2), 0.5), np.full((4, 2), 2.0)
    drawn = {
        "pushed": pushed,
        "self_training": self_training,
        "push_shift": shift,
        "push_stretch": stretch,
    }
    boxes, _ = _taken_up(unroll, batch, truth, **drawn)
    np.testing.assert_array_equal(boxes[1:], truth[1:])
    np.testing.assert_allclose(size(boxes[0]), 2 * size(truth[0]))
    np.testing.assert_allclose(centre(boxes[0]), centre(truth[0]) + size(truth[0]) / 2)


@torch.no_grad()
def test_the_state_is_reset_as_the_tracker_does(batches, unroll, monkeypatch):
    """With a reset after every frame, what the state was before has no say in what it is after."""
    step = next(k for k, b in enumerate(batches) if b.starts.any())
    batch = batches[step]
    old = np.flatnonzero(batch.starts)
    plan = UnrollPlan(1.0, reset_interval=1)
    batch = _only(batch, old, plan)
    batch.choices.self_training[:] = False  # else the boxes would carry the past
    ends = []
    for filling in (0.0, 1.0):
        state = torch.full((len(old), *unroll.network.state_shape), filling)
        unroll.carried = CarriedState(
            batch.key, np.stack([t.boxes[0] for t in batch.tracks]), state
        )
        unroll(batch)
        ends.append(unroll.carried.state)
    torch.testing.assert_close(ends[0], ends[1])


def test_a_run_that_stopped_goes_on_where_it_was(recipe, data_root, tmp_path, monkeypatch):
    stages = [{"steps": 5, **CARRIED}, {"steps": 2, **CARRIED, "batch": 2}]
    config = TrainingConfig.model_validate(recipe(stages=stages))
    train(config, data_root, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "batch", _stop_at(3, Loader.batch))
        with pytest.raises(KeyboardInterrupt):
            train(config, data_root, tmp_path / "parts")
    with safe_open(tmp_path / "parts" / "run.safetensors", "pt") as file:
        assert file.metadata()["baton"] == "[3, 4, 3, 6]"
    train(config, data_root, tmp_path / "parts")
    one, two = (load_file(tmp_path / n / "run.safetensors") for n in ("whole", "parts"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def _stop_at(last, batch):
    def stop(self, stage, step):
        if step == last:
            raise KeyboardInterrupt
        return batch(self, stage, step)

    return stop


def test_parts_join_to_the_whole_that_was_dealt_out():
    whole = CarriedState((1,), np.arange(24.0).reshape(6, 4), torch.arange(36.0).reshape(6, 2, 3))
    again = join([whole.part(slice(r, None, 3)) for r in range(3)])
    np.testing.assert_array_equal(again.boxes, whole.boxes)
    assert torch.equal(again.state, whole.state)
