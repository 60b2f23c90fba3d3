# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import csv

import pytest

from re3_ros.errors import ConfigError
from re3_ros.training._journal import Journal, read_columns, tensorboard_writer


def rows(path):
    return list(csv.DictReader(path.open(newline="")))


def test_rows_of_steps_that_were_lost_are_taken_out(tmp_path):
    journal = Journal(tmp_path, 0)
    for step in range(5):
        journal.log({"step": step, "loss": 1.0 + step, "iou": 0.5})
    journal.validate({"step": 3, "mean": 0.5, "clip": 0.5})
    journal.validate({"step": 5, "mean": 0.6, "clip": 0.6})
    again = Journal(tmp_path, 3)
    assert [row["step"] for row in rows(tmp_path / "log.csv")] == ["0", "1", "2"]
    assert again.holds_validation(3)
    assert not again.holds_validation(5)


def test_a_row_written_by_halves_is_taken_out(tmp_path):
    (tmp_path / "log.csv").write_text("step,loss,iou\n0,1.0,0.5\n1,1.")
    Journal(tmp_path, 9).log({"step": 1, "loss": 2.0, "iou": 0.6})
    assert [row["loss"] for row in rows(tmp_path / "log.csv")] == ["1.0", "2.0"]


def test_a_table_keeps_the_columns_it_began_with(tmp_path):
    (tmp_path / "log.csv").write_text("step,loss\n0,1.0\n")
    Journal(tmp_path, 1).log({"step": 1, "loss": 2.0, "wait": 0.5})
    assert rows(tmp_path / "log.csv") == [
        {"step": "0", "loss": "1.0"},
        {"step": "1", "loss": "2.0"},
    ]


def test_columns_are_numbers_and_a_missing_table_has_none(tmp_path):
    assert read_columns(tmp_path / "log.csv") == {}
    (tmp_path / "log.csv").write_text("step,rate\n0,1e-3\n1,\n")
    columns = read_columns(tmp_path / "log.csv")
    assert columns["rate"][0] == 1e-3
    assert columns["rate"][1] != columns["rate"][1]


def test_figures_go_to_tensorboard(tmp_path):
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="TensorBoard is optional: pip install 're3_ros[train]'",
    )
    journal = Journal(tmp_path, 0, tensorboard_writer(tmp_path, 0))
    journal.log({"step": 4, "loss": 1.5, "iou": 0.25})
    events = loader.EventAccumulator(str(tmp_path)).Reload()
    (event,) = events.Scalars("training/loss")
    assert (event.step, event.value) == (4, 1.5)


def test_a_missing_tensorboard_is_named_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 're3_ros\[train\]'"):
        tensorboard_writer(tmp_path, 0)
