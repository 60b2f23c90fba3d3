# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The scripts say what is wrong, and exit as their callers expect."""

import os
import signal
import subprocess
import sys

import pytest
from waiting import PATIENCE

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


PARTS = """
set -euo pipefail
. {scripts}/lib.sh
. {scripts}/parts.sh
log={logs}
trap stop_parts EXIT
{body}
code=0
wait_for_parts || code=$?
echo "ended with $code"
"""


@pytest.fixture
def parts(scripts, tmp_path):
    """Return a function from lines that start parts to a bash that runs them."""

    def begin(body):
        text = PARTS.format(scripts=scripts, logs=tmp_path, body=body)
        return subprocess.Popen(
            ["bash", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return begin


def test_parts_run_side_by_side_and_all_codes_count(parts, tmp_path):
    meet = "meet() {{ touch {0}/$1; until [ -e {0}/$2 ]; do sleep 0.01; done; return $3; }}"
    body = f"{meet.format(tmp_path)}\nstart one meet a b 3\nstart two meet b a 0"
    out, err = parts(body).communicate(timeout=PATIENCE)
    assert out.splitlines()[-1] == "ended with 3"
    assert "one: exit code 3" in err
    assert "two: exit code 0" in err


def test_progress_of_parts_is_shown_at_once_and_the_rest_in_the_end(parts, tmp_path):
    body = 'work() { echo "file [ 7%]"; echo "a failure"; until [ -e "$1" ]; do sleep 0.01; done; }'
    running = parts(f"{body}\nstart one work {tmp_path}/go")
    assert running.stderr.readline() == "one:file [ 7%]\n"
    (tmp_path / "go").touch()
    out, _ = running.communicate(timeout=PATIENCE)
    assert out.splitlines() == ["a failure", "ended with 0"]


def test_a_limit_of_the_size_of_files_does_not_concern_the_log(parts):
    body = "work() { ulimit -f 1; for _ in {1..999}; do echo a line; done; }"
    out, err = parts(f"{body}\nstart one work").communicate(timeout=PATIENCE)
    assert out.count("a line") == 999, err
    assert out.splitlines()[-1] == "ended with 0"


def test_an_interrupt_reaches_all_parts(parts):
    code = "import time; print('began [ 0%]', flush=True); time.sleep(600)"
    start = f'start {{}} {sys.executable} -c "{code}"'
    running = parts("\n".join(start.format(name) for name in ("one", "two")))
    began = {running.stderr.readline() for _ in range(2)}
    assert began == {"one:began [ 0%]\n", "two:began [ 0%]\n"}
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE)
    assert out.count("KeyboardInterrupt") == 2, err
    assert "ended with" in out
    assert "ended with 0" not in out
