# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The scripts say what is wrong, and exit as their callers expect."""

import os
import subprocess
import sys

import pytest

REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


def run(*command, **environment):
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def reports(tmp_path):
    def write(*numbers):
        paths = []
        for i, row in enumerate(numbers):
            paths.append(tmp_path / f"{i}.xml")
            paths[-1].write_text(REPORT.format(*row), encoding="utf-8")
        return paths

    return write


@pytest.fixture
def scripts(root):
    if not (root / "scripts").is_dir():
        pytest.skip("no scripts in this tree")
    return root / "scripts"


def test_other_processors_are_told_at_once(scripts, tmp_path):
    uname = tmp_path / "uname"
    uname.write_text("#!/bin/sh\necho Linux riscv64\n", encoding="utf-8")
    uname.chmod(0o755)
    result = run(scripts / "ros-env", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert result.returncode == 3
    assert "riscv64" in result.stderr


def test_unknown_python_is_named(scripts):
    command = f". {scripts / 'lib.sh'}; find_python"
    result = run("bash", "-c", command, RE3_PYTHON="python-of-the-moon")
    assert result.returncode == 1
    assert "python-of-the-moon" in result.stderr


def test_reports_are_added_up(scripts, reports):
    paths = reports((10, 0, 0, 2), (5, 0, 0, 0))
    result = run(sys.executable, scripts / "sum_reports.py", *paths)
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "13 passed, 0 failed, 2 skipped"


@pytest.mark.parametrize("row", [(10, 1, 0, 2), (10, 0, 1, 2), (2, 0, 0, 2), (0, 0, 0, 0)])
def test_failures_errors_and_empty_runs_fail(scripts, reports, row):
    result = run(sys.executable, scripts / "sum_reports.py", *reports(row))
    assert result.returncode == 1
