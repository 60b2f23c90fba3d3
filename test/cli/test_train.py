# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 train` and `re3 weights average` as a user types them."""

import json

import pytest
import yaml

from re3_ros.cli import main
from re3_ros.network import load, read_metadata

OPTIONS = {"skip": 4, "fine_skip": 2, "match": 4, "mixed": 8, "heat_maps": 2, "pyramid": False}
OPTIONS |= {"fc_width": 8, "lstm_width": 4}


@pytest.fixture
def config(tmp_path):
    stage = {"steps": 2, "unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]}
    values = {"options": OPTIONS, "procedural": 8, "held_stills": 0.5, "held_tracks": 1}
    values |= {"videos": "", "precision": "float32", "threads": 1, "keep": [1, 2]}
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(values | {"stages": [stage]}))
    return path


def test_a_run_needs_no_data_and_its_weights_can_be_averaged(config, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", str(config), "--output", str(run)]) == 0
    text = capsys.readouterr().out
    assert "2 steps; in the last 2 loss" in text
    assert "of the time" in text
    assert "closed-loop IoU" in text
    mean = tmp_path / "mean.safetensors"
    kept = [str(run / f"weights-{step}.safetensors") for step in (1, 2)]
    assert main(["weights", "average", *kept, "-o", str(mean)]) == 0
    assert OPTIONS.items() <= load(mean).options.items()
    parents = json.loads(read_metadata(mean)["parents"])
    assert [p["metadata"]["steps"] for p in parents] == ["1", "2"]


def test_a_missing_configuration_is_named(tmp_path, capsys):
    assert main(["train", str(tmp_path / "no.yaml"), "--output", str(tmp_path)]) == 2
    assert "no.yaml is not a readable YAML file" in capsys.readouterr().err
