# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from re3_ros.errors import ConfigError
from re3_ros.training import read_config

SHIPPED = Path(__file__).parents[2] / "config" / "training"
STAGES = "stages: [{steps: 1, unroll: 2, batch: 2, self_training: 0, rate: [1, 1]}]\n"


def test_unknown_keys_and_bad_values_are_named(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("stages: []\nlearning_rte: 3\n")
    with pytest.raises(ConfigError, match=r"(?s)stages.*learning_rte") as error:
        read_config(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("- 1\n", "holds list"), ("", "holds NoneType"), ("a: [", "not a readable YAML file")],
)
def test_a_file_that_is_no_configuration_is_named(tmp_path, text, message):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml is not a readable"):
        read_config(tmp_path / "none.yaml")


def test_a_configuration_takes_over_what_it_does_not_say(tmp_path):
    (tmp_path / "base.yaml").write_text(STAGES + "seed: 3\noptions: {skip: 8, match: 4}\n")
    (tmp_path / "run.yaml").write_text("extends: base.yaml\noptions: {match: 6}\nthreads: 1\n")
    config = read_config(tmp_path / "run.yaml")
    assert config.options == {"skip": 8, "match": 6}
    assert (config.seed, config.threads, config.stages[0].batch) == (3, 1, 2)


def test_a_circle_of_configurations_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: b.yaml")
    (tmp_path / "b.yaml").write_text("extends: a.yaml")
    with pytest.raises(ConfigError, match=r"a\.yaml extends itself"):
        read_config(tmp_path / "a.yaml")


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_configurations_are_valid(path):
    assert read_config(path).stages
