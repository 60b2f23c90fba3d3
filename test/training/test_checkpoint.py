# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint survives what may happen to the process and to the disk while it is written."""

import os
import resource
import signal
import subprocess
import sys
import time

import pytest
import torch
import yaml
from safetensors.torch import load_file
from waiting import wait_until

from re3_ros.errors import Re3Error
from re3_ros.network import build
from re3_ros.training import TrainingConfig, train
from re3_ros.training._checkpoint import load_run, save_run, write_tensors
from re3_ros.training._schedule import Schedule


@pytest.fixture
def full_disk():
    """Let no file grow beyond 100 kB, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def parts(recipe):
    """Return network, average, optimiser and schedule of a run that has not begun."""
    config = TrainingConfig.model_validate(recipe())
    network = build("compact", **config.options)
    average = {name: p.detach().clone() for name, p in network.named_parameters()}
    return network, average, torch.optim.AdamW(network.parameters()), Schedule(config)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_cannot_be_written_leaves_the_older_file(parts, tmp_path, request):
    path = tmp_path / "run.safetensors"
    save_run(path, *parts)
    before = path.read_bytes()
    parts[-1].advance(1.0)
    request.getfixturevalue("full_disk")
    with pytest.raises(
        Re3Error, match=r"run\.safetensors cannot be written .*needs [\d,]{7,} bytes"
    ):
        save_run(path, *parts)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.safetensors"]
    load_run(path, *parts)
    assert parts[-1].step == 0


def test_a_run_on_a_full_disk_says_so(recipe, data_root, tmp_path, full_disk):
    config = TrainingConfig.model_validate(recipe())
    with pytest.raises(Re3Error, match="make room and start the run again"):
        train(config, data_root, tmp_path)
    assert "log.csv" in names(tmp_path)
    assert not [name for name in names(tmp_path) if "safetensors" in name]


def test_small_files_fit_under_the_limit_of_these_tests(tmp_path, full_disk):
    write_tensors(tmp_path / "small", {"a": torch.zeros(9)}, {})
    assert load_file(tmp_path / "small")["a"].shape == (9,)


def start(config, data, output):
    command = [sys.executable, "-m", "re3_ros.cli", "train", str(config)]
    command += ["--output", str(output), "--data", str(data)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def wait_for(path, process):
    wait_until(lambda: path.exists() or process.poll() is not None)
    assert process.poll() is None, process.stderr.read().decode()


@pytest.mark.parametrize("pause", [0.0, 0.4])
def test_a_run_killed_at_any_time_ends_like_one_that_was_not(recipe, data_root, tmp_path, pause):
    config = recipe(steps=(3, 3), prefetch=1)
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    killed = start(tmp_path / "run.yaml", data_root, tmp_path / "killed")
    wait_for(tmp_path / "killed" / "run.safetensors", killed)
    time.sleep(pause)  # a step and the saving after it take about as long
    killed.kill()
    assert killed.wait() == -signal.SIGKILL, killed.stderr.read().decode()
    again = start(tmp_path / "run.yaml", data_root, tmp_path / "killed")
    assert again.wait() == 0, again.stderr.read().decode()
    train(TrainingConfig.model_validate(config), data_root, tmp_path / "whole")
    whole, ours = (load_file(tmp_path / n / "run.safetensors") for n in ("whole", "killed"))
    assert whole.keys() == ours.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, ours[name]), name
    logs = [(tmp_path / n / "log.csv").read_text().splitlines() for n in ("whole", "killed")]
    figures = [[line.rsplit(",", 2)[0] for line in log] for log in logs]  # without the speeds
    assert figures[0] == figures[1]
