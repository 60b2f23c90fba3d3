# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv

import pytest
import torch
from safetensors.torch import load_file

from re3_ros.errors import ConfigError, Re3Error, SourceError, WeightsError
from re3_ros.network import load, read_metadata
from re3_ros.training import TrainingConfig, read_config, train

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16}


def config(steps=(2, 2), **changes):
    stages = [
        {"steps": steps[0], "unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]},
        {"steps": steps[1], "unroll": 3, "batch": 2, "self_training": 0.5, "rate": [1e-3, 1e-4]},
    ]
    stages[0]["frozen"] = ["trunk."]
    values = {
        "options": SMALL,
        "stills": "stills",
        "videos": "videos",
        "held_out": ["two"],
        "precision": "float32",
        "threads": 1,
        "save_every": 1,
        "stages": stages,
    }
    return TrainingConfig.model_validate(values | changes)


def test_a_run_writes_weights_logs_and_validation(data_root, tmp_path):
    weights = train(config(), data_root, tmp_path)
    assert load(weights).options == SMALL
    assert read_metadata(weights)["steps"] == "4"
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert [row["unroll"] for row in rows] == ["2", "2", "3", "3"]
    (validation,) = csv.DictReader((tmp_path / "validation.csv").open())
    assert 0 <= float(validation["two"]) <= 1


def test_an_interrupted_run_ends_like_an_uninterrupted_one(data_root, tmp_path, monkeypatch):
    train(config(), data_root, tmp_path / "whole")
    from re3_ros.training import _trainer

    step = _trainer._Run.step

    def stopping(run, number, stage, rate):
        if number == 3:
            raise KeyboardInterrupt
        return step(run, number, stage, rate)

    monkeypatch.setattr(_trainer._Run, "step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train(config(), data_root, tmp_path / "parts")
    monkeypatch.undo()
    train(config(), data_root, tmp_path / "parts")
    whole, parts = (load_file(tmp_path / p / "run.safetensors") for p in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name


def test_frozen_parameters_stay(data_root, tmp_path):
    train(config(steps=(2, 1)), data_root, tmp_path / "a")
    frozen = config(steps=(2, 1)).model_copy(update={"stages": config(steps=(2, 1)).stages[:1]})
    train(frozen, data_root, tmp_path / "b")
    torch.manual_seed(0)
    from re3_ros.network import build

    start = build("compact", **SMALL).state_dict()["trunk.conv1.weight"]
    name = "network.trunk.conv1.weight"
    assert torch.equal(load_file(tmp_path / "b" / "run.safetensors")[name], start)
    assert not torch.equal(load_file(tmp_path / "a" / "run.safetensors")[name], start)


def test_a_loss_that_is_not_finite_stops_with_the_run_saved(data_root, tmp_path, monkeypatch):
    from re3_ros.training import Result, Unroll

    nan = Result(torch.tensor(float("nan")), 0.0, 0.0, 0.0)
    monkeypatch.setattr(Unroll, "__call__", lambda *_: nan)
    with pytest.raises(Re3Error, match="loss is nan at step 0"):
        train(config(), data_root, tmp_path)
    assert (tmp_path / "run.safetensors").exists()


def test_a_damaged_checkpoint_is_refused(data_root, tmp_path):
    (tmp_path / "run.safetensors").write_bytes(b"rubbish")
    with pytest.raises(WeightsError, match=r"run\.safetensors is not a checkpoint"):
        train(config(), data_root, tmp_path)


def test_an_unknown_clip_is_named(data_root, tmp_path):
    with pytest.raises(SourceError, match="has no clip three"):
        train(config(held_out=["three"]), data_root, tmp_path)


def test_unknown_keys_and_bad_values_are_named(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("stages: []\nlearning_rte: 3\n")
    with pytest.raises(ConfigError, match=r"(?s)stages.*learning_rte") as error:
        read_config(path)
    assert str(path) in str(error.value)


def test_the_shipped_configuration_is_valid():
    from pathlib import Path

    path = Path(__file__).parents[2] / "config" / "training" / "compact.yaml"
    assert read_config(path).network == "compact"
