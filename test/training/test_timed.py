# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs that have so many minutes."""

import csv
import itertools
import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.torch import load_file

from re3_ros.errors import ConfigError, WeightsError
from re3_ros.network import load, read_metadata
from re3_ros.training import Deadline, TrainingConfig, _trainer, train
from re3_ros.training._checkpoint import annealed
from re3_ros.training._schedule import Schedule
from re3_ros.training._timed import FALL, LEAST, WARM, TimedSchedule, seconds_since_start

STAGE = {"unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-5, 1e-3]}


def schedule(*stages, **changes):
    values = {"stages": [STAGE | {"steps": 1} | stage for stage in stages or ({},)], **changes}
    return TimedSchedule(TrainingConfig.model_validate(values))


def walk(plan, seconds=100.0, step=lambda number: 0.5, end=4.0):
    """Return (time, unroll, rate) of every step, and the time after the last."""
    now, took, steps = 0.0, 0.0, []
    while True:
        plan.tick(seconds - now, took, end)
        if plan.stage is None:
            return steps, now
        steps.append((now, plan.stage.unroll, plan.rate))
        took = step(plan.step)
        now += took
        plan.advance(1.0)


def test_the_rate_rises_holds_and_falls_by_the_clock():
    steps, end = walk(schedule())
    assert 95 < end <= 96  # of 100, four of them for the end
    when, _, rates = map(np.array, zip(*steps, strict=True))
    assert rates[0] <= 2 * WARM * 1e-3
    held = rates[(when > WARM * 96) & (when < (1 - FALL) * 96 - 1)]
    assert len(held) > 100
    assert np.all(held == 1e-3)
    falling = rates[when > (1 - FALL) * 96 + 1]
    assert np.all(np.diff(falling) < 0)
    assert falling[-1] <= 0.02 * 1e-3
    assert rates.min() >= LEAST * 1e-3


def test_stages_share_the_time_before_the_fall():
    steps, _ = walk(schedule({"steps": 1}, {"steps": 3, "unroll": 4}))
    assert steps[0][1] == 2
    changed = next(when for when, unroll, _ in steps if unroll == 4)
    assert changed == pytest.approx(96 * (1 - FALL) / 4, abs=1)
    assert all(unroll == 4 for when, unroll, _ in steps if when > changed)


def test_a_pace_that_changes_does_not_move_the_end():
    """As when another program takes half of the machine."""
    steps, end = walk(schedule(), step=lambda number: 0.2 if number < 150 else 0.9)
    assert 94 < end <= 96
    assert steps[-1][2] < 0.05 * 1e-3


def test_a_step_longer_than_all_the_time_is_not_begun_twice():
    steps, _ = walk(schedule(), seconds=10, step=lambda number: 30.0)
    assert len(steps) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"drop": {"step": 3, "factor": 0.1}},
        {"stages": [STAGE | {"steps": 3, "plateau": {"patience": 2}}]},
    ],
)
def test_what_counts_steps_is_refused(changes):
    values = {"stages": [STAGE | {"steps": 1}], **changes}
    with pytest.raises(ConfigError, match="`plateau` and `drop` go by steps"):
        TimedSchedule(TrainingConfig.model_validate(values))


def test_a_run_by_steps_does_not_go_on_where_one_by_the_clock_ended():
    plan = schedule()
    plan.advance(1.0)
    by_steps = Schedule(TrainingConfig.model_validate({"stages": [STAGE | {"steps": 1}]}))
    with pytest.raises(ValueError, match="--minutes"):
        by_steps.restore(1, plan.dump())


def test_the_time_of_a_process_is_known():
    code = "import time; time.sleep(0.3)\nfrom re3_ros.training._timed import seconds_since_start"
    code += "\nprint(seconds_since_start())"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.3 <= float(done.stdout) <= time.monotonic() - began + 0.1
    assert seconds_since_start() > 0


@pytest.fixture
def config(recipe):
    return TrainingConfig.model_validate(recipe(steps=(1, 3), average=0.5, save_every=50))


class Ticking(Deadline):
    """A deadline whose clock goes on by an hour each time somebody looks at it."""

    looks: list[int]

    @property
    def left(self):
        self.looks[0] += 1
        return self.end - 3600 * self.looks[0]


def steps(number):
    """Return a deadline that leaves time for about so many steps."""
    deadline = Ticking(60 * (number + 2), 3600 * (number + 2))
    object.__setattr__(deadline, "looks", [0])
    return deadline


def test_what_there_was_before_the_fall_is_where_the_next_run_goes_on(config, data_root, tmp_path):
    first = train(config, data_root, tmp_path, deadline=steps(15))
    done = int(read_metadata(first)["steps"])
    before = tmp_path / "before_fall.safetensors"
    assert annealed(tmp_path / "run.safetensors")
    assert not annealed(before)
    rates = [float(row["rate"]) for row in csv.DictReader((tmp_path / "log.csv").open())]
    fell = len(load_rates(before))
    assert 0 < fell < done
    assert max(rates[:fell]) == 1e-3
    assert rates[fell:] == sorted(rates[fell:], reverse=True)
    assert rates[-1] < 0.4 * 1e-3

    annealed_weights = load_file(first)
    second = train(config, data_root, tmp_path, deadline=steps(15))
    rows = [int(row["step"]) for row in csv.DictReader((tmp_path / "log.csv").open())]
    assert rows == list(range(int(read_metadata(second)["steps"])))
    assert len(rows) > fell
    kept = load_file(tmp_path / f"weights-{done}.safetensors")
    assert all((kept[name] == tensor).all() for name, tensor in annealed_weights.items())


def load_rates(path):
    """Return a list as long as the steps that a checkpoint has done."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return [None] * json.loads(file.metadata()["schedule"])["step"]


def test_a_run_killed_before_its_fall_goes_on_from_its_checkpoint(config, data_root, tmp_path):
    train(config, data_root, tmp_path, deadline=steps(9))
    shutil.copy(tmp_path / "before_fall.safetensors", tmp_path / "run.safetensors")
    (tmp_path / "before_fall.safetensors").unlink()
    train(config, data_root, tmp_path, deadline=steps(9))
    assert annealed(tmp_path / "run.safetensors")


def test_without_the_state_before_its_fall_a_run_does_not_go_on(config, data_root, tmp_path):
    train(config, data_root, tmp_path, deadline=steps(9))
    (tmp_path / "before_fall.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"before_fall\.safetensors is not a checkpoint"):
        train(config, data_root, tmp_path, deadline=steps(9))


def test_the_rate_has_fallen_when_a_slow_step_leaves_no_time_for_another():
    it = schedule()
    left, step = 100.0, 0.0
    rates = []
    for took in itertools.cycle([0.5, 0.5, 0.5, 4.0]):
        it.tick(left, step, 0.0)
        if it.stage is None:
            break
        rates.append(it.rate)
        it.advance(1.0)
        left, step = left - took, took
    assert 0 < left <= 4.0
    assert rates[-1] < 0.05 * max(rates)


def test_less_than_the_start_takes_is_refused_and_leaves_nothing(config, data_root, tmp_path):
    late = Deadline(1.0, time.monotonic() + 20)
    message = r"--minutes 1 is too short: 40 seconds go by without a step .*; give 2 or more"
    with pytest.raises(ConfigError, match=message):
        train(config, data_root, tmp_path / "run", deadline=late)
    assert not (tmp_path / "run").exists()


def test_so_is_what_validations_alone_take(config, data_root, tmp_path, monkeypatch):
    monkeypatch.setattr(_trainer._Run, "validate", slow(_trainer._Run.validate, 25.0))
    message = r"--minutes 1 is too short: 5\d seconds go by without a step .*; give 2 or more"
    with pytest.raises(ConfigError, match=message):
        train(config, data_root, tmp_path / "run", deadline=Deadline(1.0, time.monotonic() + 60))
    assert not (tmp_path / "run").exists()


def slow(validate, seconds):
    """Return a validation that seems to have taken so long, as the run's clock has it."""

    def taking(run):
        validate(run)
        object.__setattr__(run.deadline, "end", run.deadline.end - seconds)
        run._spent["validation"] = seconds

    return taking


def test_where_others_hold_the_processors_the_end_gets_more_time(
    config, data_root, tmp_path, monkeypatch
):
    ends, tick = [], TimedSchedule.tick
    clock, now = time.perf_counter, [0.0]

    def noting(schedule, left, step, end):
        ends.append(end)
        tick(schedule, left, step, end)

    def read():
        now[0] = clock()
        return now[0]

    monkeypatch.setattr(TimedSchedule, "tick", noting)
    monkeypatch.setattr(time, "perf_counter", read)
    # Of the same moment: between two clocks, others may hold the processor for any time.
    monkeypatch.setattr(time, "process_time", lambda: now[0] / 4)
    train(config, data_root, tmp_path, deadline=steps(4))
    assert ends[1] - ends[0] == pytest.approx(3 * _trainer.MARGIN)


def test_two_minutes_are_two_minutes(two_minutes):
    """Start-up, the last save and the last validation included."""
    assert two_minutes.process.returncode == 0, two_minutes.err
    assert two_minutes.took == pytest.approx(120, abs=5)
    rates = [float(row["rate"]) for row in csv.DictReader((two_minutes.folder / "log.csv").open())]
    assert max(rates) == 1e-3
    assert rates[-1] < 0.05 * 1e-3
    network = load(two_minutes.folder / "weights.safetensors")
    average = load_file(two_minutes.folder / "run.safetensors")
    for name, parameter in network.named_parameters():
        whole = average[f"average.{name}"]
        np.testing.assert_allclose(parameter.detach(), whole, rtol=1e-3, atol=1e-3)
    assert "closed-loop IoU" in two_minutes.out
