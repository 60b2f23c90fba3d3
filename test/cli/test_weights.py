# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from re3_ros import network
from re3_ros.cli import _weights
from re3_ros.errors import WeightsError
from re3_ros.network.published import import_published

FIXTURES = Path(__file__).parents[1] / "network" / "fixtures"


def run(*arguments):
    app = typer.Typer()
    _weights.register(app)
    result = CliRunner().invoke(app, ["weights", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("layout", ["tf-large", "tf-small", "pt-large", "pt-small"])
def test_import_writes_weights_that_load(tmp_path, layout):
    output = tmp_path / "out.safetensors"
    result = run("import", FIXTURES / layout, "--output", output)
    assert f"has the layout {layout}" in result.output
    assert network.load(output).options == import_published(FIXTURES / layout).options
    metadata = network.read_metadata(output)
    assert (metadata["layout"], metadata["source"]) == (layout, layout)
    assert "GPL-3.0" in metadata["licence"]


def test_half_precision_and_a_named_layout(tmp_path):
    output = tmp_path / "out.safetensors"
    run("import", FIXTURES / "pt-large", "--output", output, "--half", "--layout", "pt-large")
    assert network.describe(output).dtypes == ("F16",)


def test_show(tmp_path):
    output = tmp_path / "out.safetensors"
    run("import", FIXTURES / "tf-small", "-o", output)
    text = run("show", output).output
    info = network.describe(output)
    for part in (
        "tf-small",
        f"{info.parameters:,}",
        info.sha256,
        "matches",
        '"fc_width": 5',
        "F32",
    ):
        assert part in text
    assert "int8            ranges of 0 convolutions" in text
    output.with_name("out.safetensors.sha256").write_text("0" * 64)
    assert "DIFFERS" in run("show", output).output


def test_a_failed_import_writes_nothing(tmp_path):
    output = tmp_path / "out.safetensors"
    with pytest.raises(WeightsError, match="is missing"):
        run("import", FIXTURES / "tf-small", "-o", output, "--layout", "tf-large")
    assert not list(tmp_path.iterdir())


def test_the_output_must_be_named():
    result = run("import", FIXTURES / "tf-small")
    assert result.exit_code == 2
    assert "--output" in result.output
