# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json

import cv2
import pytest
import typer
from typer.testing import CliRunner

from re3_ros.cli._evaluate import register

pytestmark = pytest.mark.skipif(not hasattr(cv2, "legacy"), reason="needs opencv-contrib-python")


@pytest.fixture
def evaluate():
    """Return a function that runs the command with arguments."""
    app = typer.Typer()
    register(app)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_writes_the_report_and_says_where(evaluate, data, tmp_path):
    output = tmp_path / "out"
    result = evaluate("--data", data, "--trackers", "mosse, medianflow", "--output", output)
    assert result.exit_code == 0, result.output
    assert "AUC by sequence" in result.output
    assert f"wrote {output / 'success.png'}" in result.output.replace("\n", "")
    document = json.loads((output / "results.json").read_text())
    assert {row["tracker"] for row in document["summary"]} == {"mosse", "medianflow"}
    assert document["about"]["jobs"] == 1


def test_failures_are_told(evaluate, data, tmp_path):
    (data / "slow" / "groundtruth.txt").write_text("[bold]\n")
    result = evaluate("--data", data, "--trackers", "mosse", "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert "failed: mosse, slow:" in result.output
    assert "[bold]" in result.output


def test_public_sequences_are_the_default(evaluate, data, tmp_path, monkeypatch):
    shared = tmp_path / "elsewhere"
    (shared / "data").mkdir(parents=True)
    data.rename(shared / "data" / "bench")
    monkeypatch.setenv("RE3_SHARED", str(shared))
    result = evaluate("--trackers", "mosse", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "cache").is_dir()
