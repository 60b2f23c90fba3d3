# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""What the command puts into its report, with a small network of ours."""

import pytest
import typer
from typer.testing import CliRunner

from re3_ros.cli._evaluate import register
from re3_ros.errors import ConfigError
from re3_ros.network import build, save


@pytest.fixture
def evaluate(sequence_folder, tmp_path):
    """Return a function that runs the command on a sequence of 12 frames."""
    app = typer.Typer()
    register(app)
    save(build("compact", fc_width=16, lstm_width=8), tmp_path / "w.safetensors", {})
    fixed = ["--data", sequence_folder.parent, "--weights", tmp_path / "w.safetensors"]
    fixed += ["--jobs", 0, "--trackers", "re3-procedure", "--output", tmp_path / "out"]
    return lambda *more: CliRunner().invoke(app, [str(a) for a in (*fixed, *more)])


def test_both_protocols_share_a_report(evaluate, tmp_path):
    result = evaluate("--protocol", "ope,reinit")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Accuracy over speed, restarted" in page
    assert "Recurrent state on moving" in page
    names = {p.name for p in (tmp_path / "out").glob("*.png")}
    assert {"success.png", "accuracy_robustness.png", "state_moving.png"} <= names


def test_the_path_of_the_state_can_be_left_out(evaluate, tmp_path):
    assert evaluate("--state", "").exit_code == 0
    assert "Recurrent state" not in (tmp_path / "out" / "report.html").read_text()


def test_a_path_on_an_unknown_sequence_is_refused(evaluate):
    result = evaluate("--state", "walking")
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == "no sequence walking; there are moving"


def test_restarts_alone_make_a_report(evaluate, tmp_path):
    result = evaluate("--protocol", "reinit")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Accuracy and robustness" in page
    assert "Accuracy over speed, restarted" not in page
    assert not (tmp_path / "out" / "success.png").exists()
