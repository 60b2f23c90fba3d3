# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from re3_ros.training import TrainingConfig

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}


def test_all_parts_are_measured(script, data_root):
    stage = {"steps": 1, "unroll": 3, "batch": 2, "self_training": 0.5, "rate": [1e-3, 1e-3]}
    stage["frozen"] = ["trunk."]
    config = TrainingConfig.model_validate(
        {"options": SMALL, "stills": "stills", "precision": "float32", "stages": [stage]}
    )
    bench = script.Bench(config, config.stages[0], data_root, "cpu")
    weights = [p.detach().clone() for p in bench.network.parameters()]
    rates = script.measure(bench, rounds=1, threads=1)
    moved = [bool((a != b).any()) for a, b in zip(weights, bench.network.parameters(), strict=True)]
    assert any(moved)  # the network did learn, and
    assert not all(moved)  # what the stage freezes stayed
    assert set(rates) == {"tracks drawn", "numpy, 1 thread(s)", "torch, cpu", "network"}
    assert min(rates.values()) > 0


def test_ratios_count_the_drawing_too(script):
    rates = {"tracks drawn": 300.0, "network": 50.0, "numpy": 600.0}
    both = script.together(rates)
    assert both["numpy"]["simulator"] == pytest.approx(200)
    assert both["numpy"]["ratio"] == pytest.approx(4)


def test_the_trainer_is_timed_as_it_is(script, data_root):
    stage = {"steps": 100, "unroll": 2, "batch": 2, "self_training": 0.5, "rate": [1e-3, 1e-3]}
    config = TrainingConfig.model_validate(
        {"options": SMALL, "stills": "stills", "precision": "float32", "stages": [stage]}
    )
    assert script.train_pace(config, config.stages[0], data_root, "cpu", 2) > 0
    bench = script.Bench(config, config.stages[0], data_root, "cpu")
    assert 50 < bench.operations() < 300
