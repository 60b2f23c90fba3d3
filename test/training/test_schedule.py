# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from re3_ros.training import TrainingConfig
from re3_ros.training._schedule import Schedule

STAGE = {"unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]}


def schedule(*stages, **changes):
    values = {"stages": [STAGE | stage for stage in stages], **changes}
    return Schedule(TrainingConfig.model_validate(values))


def walk(plan, loss=lambda step: 1.0):
    """Return (unroll, rate) of every step."""
    steps = []
    while plan.stage is not None:
        steps.append((plan.stage.unroll, plan.rate))
        plan.advance(loss(plan.step))
    return steps


def test_rates_change_linearly_over_a_stage():
    steps = walk(schedule({"steps": 4, "rate": [1.0, 0.2]}, {"steps": 2, "unroll": 4}))
    assert [rate for _, rate in steps] == pytest.approx([1.0, 0.8, 0.6, 0.4, 1e-3, 1e-3])
    assert [unroll for unroll, _ in steps] == [2, 2, 2, 2, 4, 4]


def test_the_rate_drops_once_whatever_the_stage():
    drop = {"step": 3, "factor": 0.1}
    steps = walk(schedule({"steps": 2}, {"steps": 3}, drop=drop))
    assert [rate for _, rate in steps] == pytest.approx([1e-3, 1e-3, 1e-3, 1e-4, 1e-4])


PLATEAU = {"patience": 20, "smoothing": 0.9, "least": 0.01}


def test_a_stage_whose_loss_stays_ends_after_its_patience():
    steps = walk(schedule({"steps": 500, "plateau": PLATEAU}, {"steps": 1, "unroll": 4}))
    assert steps.count((2, 1e-3)) == 21  # the first step sets the mark
    assert steps[-1][0] == 4


def test_a_stage_whose_loss_falls_goes_on_to_its_last_step():
    steps = walk(schedule({"steps": 300, "plateau": PLATEAU}), lambda step: 0.99**step)
    assert len(steps) == 300


def test_single_low_losses_are_no_progress():
    """The mean is what counts: a spread around a level that stays does not keep a stage going."""
    steps = walk(
        schedule({"steps": 5000, "plateau": PLATEAU | {"smoothing": 0.99, "patience": 100}}),
        lambda step: 1.0 + (0.5 if step % 2 else -0.5),
    )
    assert len(steps) < 500


def test_the_total_shrinks_when_a_stage_ends_early():
    plan = schedule({"steps": 500, "plateau": PLATEAU}, {"steps": 10})
    assert plan.total == 510
    while plan.stage is plan.stages[0]:
        plan.advance(1.0)
    assert plan.total == 31


def test_a_restored_schedule_goes_on_as_if_it_had_not_stopped():
    stages = ({"steps": 100, "plateau": PLATEAU}, {"steps": 20, "unroll": 4})
    loss = lambda step: 1.0 if step > 30 else 2.0 - step / 30  # noqa: E731
    whole = walk(schedule(*stages), loss)
    first, second = schedule(*stages), schedule(*stages)
    for _ in range(40):
        first.advance(loss(first.step))
    second.restore(first.step, first.dump())
    assert walk(second, loss) == whole[40:]


def test_without_a_stored_place_stages_count_by_their_steps():
    plan = schedule({"steps": 4}, {"steps": 3, "unroll": 4, "rate": [3.0, 0.0]})
    plan.restore(5, None)
    assert (plan.step, plan.stage.unroll, plan.rate) == (5, 4, 2.0)
    plan.restore(7, None)
    assert plan.stage is None


def test_a_place_of_another_kind_is_refused():
    with pytest.raises(TypeError):
        schedule({"steps": 4}).restore(1, json.dumps({"epoch": 3}))
