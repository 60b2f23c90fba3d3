# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import cv2
import pytest
import yaml

from re3_ros.cli import main
from re3_ros.errors import ConfigError
from re3_ros.training import preview, read_config
from re3_ros.training._preview import CROP


@pytest.fixture
def config_path(tmp_path):
    stage = {"steps": 1, "unroll": 2, "batch": 2, "self_training": 0, "rate": [1e-3, 1e-3]}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"stills": "stills", "videos": "videos", "stages": [stage]}))
    return path


def is_box_green(picture):
    """Return where the sheet has the colour of box lines; the pictures are red and grey."""
    blue, green, red = (picture[..., i].astype(int) for i in range(3))
    return (green > 150) & (green - red > 100) & (green - blue > 80)


def test_the_sheet_holds_all_pairs_with_boxes(config_path, data_root, tmp_path):
    path = tmp_path / "new" / "sheet.png"
    preview(read_config(config_path), data_root, path, tracks=3, frames=2)
    picture = cv2.imread(str(path))
    assert picture.shape[1] > 4 * CROP
    assert picture.shape[0] > 3 * CROP
    rows = is_box_green(picture).any(axis=1).nonzero()[0]
    assert rows.max() - rows.min() > 2 * CROP


def test_the_command_draws_what_the_seed_says(config_path, data_root, tmp_path, capfd):
    sheets = [tmp_path / f"{i}.png" for i in range(3)]
    for path, seed in zip(sheets, ("1", "1", "2"), strict=True):
        options = ["--tracks", "2", "--frames", "2", "--seed", seed, "--data", str(data_root)]
        assert main(["train", "preview", str(config_path), "-o", str(path), *options]) == 0
    assert "2 tracks of 2 steps" in capfd.readouterr().out
    one, same, other = (path.read_bytes() for path in sheets)
    assert one == same
    assert one != other


def test_only_png_is_written(config_path, data_root, tmp_path):
    with pytest.raises(ConfigError, match=r"sheet\.txt.*\.png"):
        preview(read_config(config_path), data_root, tmp_path / "sheet.txt", 1, 1)


@pytest.mark.parametrize("word", [(), ("run",)])
def test_training_needs_no_word_of_its_own(word, tmp_path, capfd):
    missing = tmp_path / "missing.yaml"
    assert main(["train", *word, str(missing), "--output", str(tmp_path / "run")]) == 2
    assert "missing.yaml is not a readable YAML file" in capfd.readouterr().err


def test_options_may_come_before_the_configuration(tmp_path, capfd):
    assert main(["train", "--output", str(tmp_path), str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml" in capfd.readouterr().err
