# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
import json

import cv2
import pytest
import typer
from typer.testing import CliRunner

from re3_ros.cli._evaluate import register
from re3_ros.errors import ConfigError

pytestmark = pytest.mark.skipif(not hasattr(cv2, "legacy"), reason="needs opencv-contrib-python")


@pytest.fixture
def evaluate():
    """Return a function that runs the command with arguments."""
    app = typer.Typer()
    register(app)

    def run(*arguments, jobs=0):
        words = [*arguments, "--jobs", jobs]
        return CliRunner().invoke(app, [str(a) for a in words], env={"COLUMNS": "300"})

    return run


def test_a_slower_camera_shows_every_third_frame(evaluate, data, tmp_path):
    options = ["--data", data, "--trackers", "mosse", "--output", tmp_path / "out", "--stride", 3]
    assert evaluate(*options).exit_code == 0
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["about"]["stride"] == 3
    slow = document["summary"][0]["frames"]
    options[-1] = 1
    assert evaluate(*options, "--overwrite").exit_code == 0
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    whole = document["summary"][0]["frames"]  # not from the cache
    assert whole / 3 <= slow < whole / 3 + 2


def test_writes_the_report_and_says_where(evaluate, data, tmp_path):
    output = tmp_path / "out"
    result = evaluate("--data", data, "--trackers", "mosse, medianflow", "--output", output, jobs=1)
    assert result.exit_code == 0, result.output
    assert "AUC by sequence" in result.output
    assert f"wrote {output / 'success.png'}" in result.output.replace("\n", "")
    document = json.loads((output / "results.json").read_text())
    assert {row["tracker"] for row in document["summary"]} == {"mosse", "medianflow"}
    assert document["about"]["jobs"] == 1


def test_failures_are_told(evaluate, data, tmp_path):
    (data / "slow" / "groundtruth.txt").write_text("[bold]\n")
    result = evaluate("--data", data, "--trackers", "mosse", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert (tmp_path / "out" / "report.html").is_file()
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


def test_protocols_are_run_side_by_side(evaluate, data, tmp_path):
    output = tmp_path / "out"
    result = evaluate(
        "--data", data, "--trackers", "mosse,flow=medianflow", "--protocol", "ope, reinit",
        "--output", output,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for column in ("AUC", "robustness", "drops"):
        assert column in result.output
    document = json.loads((output / "results.json").read_text())
    assert set(document["tables"]) >= {"reinit", "reinit_sequences"}
    assert {row["tracker"] for row in document["tables"]["reinit"]["rows"]} == {"mosse", "flow"}
    assert (output / "report.html").is_file()


def test_a_report_without_one_pass(evaluate, data, tmp_path):
    output = tmp_path / "out"
    result = evaluate(
        "--data", data, "--trackers", "mosse", "--protocol", "reinit", "--output", output
    )
    assert result.exit_code == 0, result.output
    assert (output / "reinit.csv").read_text().splitlines()[1].startswith("mosse,")
    assert not list((output / "cache").rglob("*0.npz"))


def test_some_sequences_of_a_layout(evaluate, data, tmp_path):
    common = ("--data", data, "--trackers", "mosse", "--output", tmp_path / "out")
    result = evaluate(*common, "--layout", "simple", "--sequences", "slow")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["sequence"] for row in document["sequences"]] == ["slow"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--protocol", "ope,vots"), "no protocol vots; known are ope, reinit, occluded, vot"),
        (("--sequences", "slow,Bolt"), "no sequence Bolt; there are fast, slow"),
        (("--layout", "otb50"), "layout 'otb50' is unknown"),
        (("--trackers", "boosting"), "no tracker 'boosting'"),
        (("--protocol", "vot", "--vot", "/nowhere/python"), "has no working VOT toolkit"),
    ],
)
def test_bad_wishes_are_refused(evaluate, data, tmp_path, arguments, reason):
    result = evaluate("--data", data, "--output", tmp_path / "out", *arguments)
    assert isinstance(result.exception, ConfigError)
    assert reason in str(result.exception)
    assert "━" not in result.output  # no bars before an error
