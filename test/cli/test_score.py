# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""`re3 score` and `re3 weights calibrate`, on a small network and drawn pictures."""

import json

import cv2
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from re3_ros.cli import _score, _weights
from re3_ros.errors import ConfigError
from re3_ros.network import build, load, read_metadata, save

SMALL = {"skip": 8, "fine_skip": 2, "match": 8, "mixed": 16, "heat_maps": 4}
SMALL |= {"fc_width": 32, "lstm_width": 16, "pyramid": False}
RUN = {
    "stills": "stills",
    "videos": "",
    "held_stills": 0.9,
    "stages": [{"steps": 1, "unroll": 2, "batch": 1, "self_training": 0, "rate": [0, 0]}],
}


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save(build("compact", **SMALL), path, {"training": json.dumps(RUN)})
    return path


@pytest.fixture
def data(tmp_path):
    """Return a folder with twelve stills, and one sequence."""
    rng = np.random.default_rng(0)
    folder, sequence = tmp_path / "data" / "stills", tmp_path / "bench" / "one" / "img"
    for path in (folder / "img", sequence):
        path.mkdir(parents=True)
    rows = ["file,mask,source,licence,w,h,box"]
    for i in range(12):
        image = rng.integers(0, 255, (120, 160, 3), np.uint8)
        cv2.imwrite(str(folder / "img" / f"{i}.png"), image)
        rows.append(f"img/{i}.png,,drawn,CC0,160,120,40 30 60 50")
        cv2.imwrite(str(sequence / f"{i:08d}.jpg"), image)
    (folder / "index.csv").write_text("\n".join(rows))
    (sequence.parent / "groundtruth.txt").write_text("40,30,60,50\n" * 12)
    return tmp_path / "data"


def run(module, *arguments):
    app = typer.Typer()
    app.callback()(lambda: None)
    module.register(app)
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_score_measures_sequences_and_what_was_held_back(weights, data, tmp_path):
    output = tmp_path / "out"
    options = ["--weights", weights, "--output", output, "--videos", 2, "--frames", 6]
    folders = ["--data", tmp_path / "bench", "--training-data", data]
    result = run(
        _score, "score", *options, *folders, "--tracker", "re3-procedure", "--runtime", "torch"
    )
    assert f"wrote {output / 'score.png'}" in result.output.replace("\n", "")
    document = json.loads((output / "score.json").read_text())
    frames = {name: values["frames"] for name, values in document["sets"].items()}
    assert frames == {"sequences": 11, "simulated videos": 10}
    assert document["about"]["tracker"] == "re3-procedure"


def test_a_tracker_without_scores_is_refused(weights, data):
    with pytest.raises(ConfigError, match="expected re3 or re3-procedure"):
        run(_score, "score", "--weights", weights, "--tracker", "kcf", "--training-data", data)


def test_calibrate_writes_weights_that_load(weights, data, tmp_path):
    output = tmp_path / "out.safetensors"
    options = ["--data", data, "--videos", 6, "--frames", 8]
    result = run(_weights, "weights", "calibrate", weights, output, *options)
    assert f"wrote {output}" in result.output
    assert "frames held back" in read_metadata(output)["calibration"]
    before, after = load(weights).head, load(output).head
    assert torch.equal(before.weight[:4], after.weight[:4])
    assert not torch.equal(before.weight[4], after.weight[4])


def test_calibrate_wants_to_know_what_was_held_back(weights, data, tmp_path):
    save(load(weights), weights, {})
    with pytest.raises(ConfigError, match="does not say what it was trained on"):
        run(_weights, "weights", "calibrate", weights, tmp_path / "out", "--data", data)
    config = tmp_path / "run.yaml"
    config.write_text(json.dumps(RUN))
    output = tmp_path / "out.safetensors"
    options = ["--data", data, "--config", config, "--videos", 6, "--frames", 8]
    run(_weights, "weights", "calibrate", weights, output, *options)
    assert output.is_file()
