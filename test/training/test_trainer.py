# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from re3_ros.errors import ConfigError, Re3Error, SourceError, WeightsError
from re3_ros.network import build, load, read_metadata
from re3_ros.training import TrainingConfig, train
from re3_ros.training._trunk import start_trunk
from re3_ros.weights import default_weights


@pytest.fixture
def config(recipe):
    return lambda *args, **changes: TrainingConfig.model_validate(recipe(*args, **changes))


def same(one, two):
    one, two = load_file(one), load_file(two)
    return one.keys() == two.keys() and all(torch.equal(t, two[name]) for name, t in one.items())


def test_a_run_writes_weights_logs_validation_and_curves(config, data_root, tmp_path):
    weights = train(config(keep=[3]), data_root, tmp_path)
    assert config().options.items() <= load(weights).options.items()
    assert read_metadata(weights)["steps"] == "4"
    assert read_metadata(tmp_path / "weights-3.safetensors")["steps"] == "3"
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert [row["unroll"] for row in rows] == ["2", "2", "3", "3"]
    assert all(0 < float(row["wait"]) < 1 for row in rows)
    validations = list(csv.DictReader((tmp_path / "validation.csv").open()))
    assert [row["step"] for row in validations] == ["0", "4"]
    assert all(0 <= float(row["two"]) <= 1 for row in validations)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_finished_run_that_is_started_again_changes_nothing(config, data_root, tmp_path):
    train(config(), data_root, tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix == ".csv"}
    train(config(), data_root, tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix == ".csv"}


def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    config, data_root, tmp_path, monkeypatch
):
    plateau = {"patience": 2, "smoothing": 0.5, "least": 0.5}
    values = config(steps=(20, 2)).model_dump()
    values["stages"][0]["plateau"] = plateau
    ends_early = TrainingConfig.model_validate(values)
    train(ends_early, data_root, tmp_path / "whole")
    from re3_ros.training import _trainer

    step = _trainer._Run.step

    def stopping(run, loader, stage):
        if run.schedule.step == 2:
            raise KeyboardInterrupt
        return step(run, loader, stage)

    monkeypatch.setattr(_trainer._Run, "step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train(ends_early, data_root, tmp_path / "parts")
    monkeypatch.undo()
    train(ends_early, data_root, tmp_path / "parts")
    rows = list(csv.DictReader((tmp_path / "whole" / "log.csv").open()))
    assert 3 < len(rows) < 22
    assert same(*(tmp_path / part / "run.safetensors" for part in ("whole", "parts")))


def test_drawing_ahead_changes_nothing(config, data_root, tmp_path):
    train(config(), data_root, tmp_path / "now")
    train(config(prefetch=3), data_root, tmp_path / "ahead")
    assert same(*(tmp_path / part / "run.safetensors" for part in ("now", "ahead")))


def test_crops_from_the_device_train_like_those_from_the_host(config, data_root, tmp_path):
    """The renderers differ by less than a grey level on average; so do the losses, a little."""
    losses = []
    for render in ("numpy", "torch"):
        train(config(steps=(1, 1), render=render), data_root, tmp_path / render)
        rows = csv.DictReader((tmp_path / render / "log.csv").open())
        losses.append([float(row["loss"]) for row in rows])
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_run_on_a_gpu_is_reduced_and_goes_on(config, data_root, tmp_path):
    options = {"precision": "bfloat16", "render": "torch", "prefetch": 2, "draw": "track"}
    weights = train(config(**options), data_root, tmp_path, "cuda")
    assert config().options.items() <= load(weights).options.items()
    assert train(config(**options), data_root, tmp_path, "cuda") == weights


def test_frozen_parameters_stay(config, data_root, tmp_path):
    train(config(steps=(2, 1)), data_root, tmp_path / "a")
    frozen = config(steps=(2, 1)).model_copy(update={"stages": config(steps=(2, 1)).stages[:1]})
    train(frozen, data_root, tmp_path / "b")
    torch.manual_seed(0)
    network = build("compact", **config().options)
    start_trunk(network, "", data_root)
    start = network.state_dict()["trunk.conv1.weight"]
    name = "network.trunk.conv1.weight"
    assert torch.equal(load_file(tmp_path / "b" / "run.safetensors")[name], start)
    assert not torch.equal(load_file(tmp_path / "a" / "run.safetensors")[name], start)


def test_adam_takes_the_decay_through_its_moments(config, data_root, tmp_path):
    """As in the paper: where decay is far above the gradient, a step has the size of the rate."""
    values = config(steps=(1, 1)).model_dump() | {"optimiser": "adam", "weight_decay": 1e5}
    values["stages"] = values["stages"][:1]
    train(TrainingConfig.model_validate(values), data_root, tmp_path)
    torch.manual_seed(0)
    name = "head.weight"
    start = build("compact", **config().options).state_dict()[name]
    end = load_file(tmp_path / "run.safetensors")[f"network.{name}"]
    large = start.abs() > 1e-4
    step = (start - end)[large] / start[large].sign()
    np.testing.assert_allclose(step.numpy(), 1e-3, rtol=0.05)


def test_a_loss_that_is_not_finite_stops_with_the_batch_and_the_run_saved(
    config, data_root, tmp_path
):
    values = config(steps=(3, 1), save_every=100).model_dump()
    values["stages"][0]["rate"] = [1e35, 1e35]
    with pytest.raises(Re3Error, match=r"(loss|gradient) is (nan|inf) at step 1; .*bad_batch"):
        train(TrainingConfig.model_validate(values), data_root, tmp_path)
    batch = load_file(tmp_path / "bad_batch.safetensors")
    assert batch["crops.0"].shape == (2, 3, 128, 128)
    assert batch["crops.1"].shape == (4, 3, 128, 128)
    assert batch["crops.1"].dtype == torch.uint8
    assert batch["crops.1"].any()
    assert batch["boxes.1"].shape == batch["labels.1"].shape == (2, 4)
    assert not batch["outputs.1"].isfinite().all()
    done = load_file(tmp_path / "run.safetensors")
    assert all(tensor.isfinite().all() for name, tensor in done.items() if "exp_avg" in name)


def test_a_damaged_checkpoint_is_refused(config, data_root, tmp_path):
    (tmp_path / "run.safetensors").write_bytes(b"rubbish")
    with pytest.raises(WeightsError, match=r"run\.safetensors is not a checkpoint"):
        train(config(), data_root, tmp_path)


def test_a_checkpoint_of_another_network_is_refused(config, data_root, tmp_path):
    train(config(steps=(1, 1)), data_root, tmp_path)
    wider = config(options=config().options | {"fc_width": 48})
    with pytest.raises(WeightsError, match=r"run\.safetensors is not a checkpoint"):
        train(wider, data_root, tmp_path)


def test_an_unknown_clip_is_named(config, data_root, tmp_path):
    with pytest.raises(SourceError, match=r"no clip three in .*videos"):
        train(config(held_out=["three"]), data_root, tmp_path)


def test_held_tracks_without_held_stills_are_refused(config, data_root, tmp_path):
    with pytest.raises(ConfigError, match="raise held_stills"):
        train(config(held_tracks=2, held_stills=0), data_root, tmp_path)


def test_a_folder_without_stills_is_named(config, data_root, tmp_path):
    with pytest.raises(SourceError, match=r"nowhere.*index\.csv"):
        train(config(stills="nowhere"), data_root, tmp_path)


def test_a_run_goes_on_from_the_weights_that_come_with_the_package(config, data_root, tmp_path):
    stage = {"steps": 1, "unroll": 2, "batch": 1, "self_training": 0, "rate": [0, 0]}
    still = config(options={}, start_from="shipped", stages=[stage])
    shipped, trained = load(default_weights()), load(train(still, data_root, tmp_path))
    ours = trained.state_dict()
    assert all(torch.equal(t, ours[name]) for name, t in shipped.state_dict().items())
    assert shipped.activation_ranges
    assert not trained.activation_ranges  # what int8 needs is observed on other weights anew
