# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import re
from pathlib import Path

import pytest
import torch

from re3_ros.errors import ConfigError
from re3_ros.network import build
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


def flat(values, prefix=""):
    """Return the settings of a configuration by their full names."""
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    found = {}
    for key, value in pairs:
        if isinstance(value, dict) or (isinstance(value, (list, tuple)) and value):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def difference(one, two):
    """Return the names of the settings in which two shipped configurations differ."""
    one, two = (flat(read_config(SHIPPED / f"{name}.yaml").model_dump()) for name in (one, two))
    return {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}


@pytest.mark.parametrize(
    ("row", "other", "settings"),
    [
        ("table1_g", "paper", set()),
        ("table1_f", "table1_g", {"options.lstm_layers"}),
        ("table1_e", "table1_f", {"options.skip_widths"}),
        ("table1_d", "table1_e", {"video_share"}),
        ("table1_c", "table1_d", {f"stages.{k}.self_training" for k in range(1, 5)}),
        (
            "table1_b",
            "table1_c",
            {f"options.{k}" for k in ("fc_width", "fc_layers", "lstm_layers")},
        ),
        ("table1_j", "table1_g", {"reset_interval"}),
        ("table1_k", "table1_g", {"network"}),
        ("ablation/no_skips", "ablation/full", {"options.skip_widths"}),
        (
            "ablation/no_self_training",
            "ablation/full",
            {f"stages.{k}.self_training" for k in range(1, 5)},
        ),
    ],
)
def test_each_row_of_table_1_differs_in_the_named_thing_alone(row, other, settings):
    named = {
        name for name in difference(row, other) if not re.match(r"options\.skip_widths\.", name)
    }
    assert named == settings


@pytest.mark.parametrize(
    ("row", "other", "missing"),
    [
        ("table1_a", "table1_b", "imagenet_vid"),
        ("table1_h", "table1_g", "alov"),
        ("table1_i", "table1_g", "imagenet_vid"),
    ],
)
def test_rows_without_a_data_set_differ_in_that_alone(row, other, missing):
    one, two = (read_config(SHIPPED / f"{name}.yaml") for name in (row, other))
    kept = [s for s in two.datasets if (s.layout, s.role) != (missing, "train")]
    assert list(one.datasets) == kept
    assert len(two.datasets) == len(kept) + 1
    assert one.model_copy(update={"datasets": two.datasets}) == two


def test_the_schedule_of_the_paper():
    stages = read_config(SHIPPED / "paper.yaml").stages
    assert [(s.unroll, s.batch) for s in stages] == [(2, 64), (4, 32), (8, 16), (16, 8), (32, 4)]
    assert [s.self_training for s in stages] == [0, 0.25, 0.5, 0.75, 0.75]


def test_the_networks_of_all_rows_can_be_built(monkeypatch):
    for row in "abcdefghijk":
        config = read_config(SHIPPED / f"table1_{row}.yaml")
        with torch.device("meta"):
            network = build(config.network, **config.options)
        assert network.state_shape[0] == {"a": 0, "b": 0, "c": 2, "d": 2, "e": 2, "f": 2}.get(
            row, 4
        )
