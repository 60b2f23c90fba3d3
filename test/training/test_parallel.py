# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes that torchrun starts train as one does."""

import csv
import os
import subprocess
import sys

import pytest
import torch
import yaml
from safetensors.torch import load_file

from re3_ros.training import TrainingConfig, train
from re3_ros.training._parallel import ProcessGroup, parallel


def torchrun(config, data, output, processes=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "re3_ros.cli", "train", str(config)]
    command += ["--output", str(output), "--data", str(data)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def figures(path):
    with path.open() as file:
        return [[float(row[k]) for k in ("loss", "iou")] for row in csv.DictReader(file)]


@pytest.mark.parametrize(("draw", "carry"), [("step", 0), ("track", 0), ("step", 6)])
def test_two_processes_make_the_steps_of_one(recipe, data_root, tmp_path, draw, carry):
    values = recipe(draw=draw, steps=(2, 2), average=0.5)
    for stage in values["stages"]:
        stage.update(batch=4, carry=carry)
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(values))
    result = torchrun(tmp_path / "run.yaml", data_root, tmp_path / "two")
    assert result.returncode == 0, result.stderr
    train(TrainingConfig.model_validate(values), data_root, tmp_path / "one")
    one, two = (load_file(tmp_path / n / "run.safetensors") for n in ("one", "two"))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        if name.startswith("exp_avg."):  # the running mean of the gradients
            difference = (tensor - two[name]).norm() / tensor.norm().clamp(min=1e-12)
            assert difference < 3e-2, name
        if name.startswith("network."):
            apart = (tensor - two[name]).abs() > 2e-4
            assert apart.float().mean() < 0.02, name  # Adam's step has the sign of a tiny gradient
    alone, together = (figures(tmp_path / n / "log.csv") for n in ("one", "two"))
    assert len(together) == 4  # only one process writes
    for a, b in zip(alone, together, strict=True):
        assert a[0] == pytest.approx(b[0], rel=1e-3)


def test_a_batch_that_does_not_divide_ends_the_run_at_once(recipe, data_root, tmp_path):
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(recipe()))
    result = torchrun(tmp_path / "run.yaml", data_root, tmp_path / "three", processes=3)
    assert result.returncode != 0
    assert "a batch of 2 tracks does not divide among 3 processes" in result.stderr
    assert not (tmp_path / "three" / "log.csv").exists()


def test_alone_there_is_nothing_to_join(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with parallel("cpu") as (group, device):
        assert group == ProcessGroup(0, 1)
        assert device.type == "cpu"
        assert not torch.distributed.is_initialized()
    assert group.mean(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
