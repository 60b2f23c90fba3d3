# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The command as such: help, version, and how failures look."""

import subprocess
import sys

import pytest

from re3_ros import __version__
from re3_ros.cli import main

COMMANDS = ("track", "bag", "demo", "train", "evaluate", "trax", "weights")


def test_version(capfd):
    assert main(["--version"]) == 0
    assert capfd.readouterr().out.strip() == f"re3_ros {__version__}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capfd, command):
    assert main([command, "--help"]) == 0
    assert "--help" in capfd.readouterr().out


def test_help_names_all_commands(capfd):
    assert main(["--help"]) == 0
    out = capfd.readouterr().out
    assert all(command in out for command in COMMANDS)


def test_unknown_command(capfd):
    assert main(["trakc"]) == 2
    assert "trakc" in capfd.readouterr().err


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from re3_ros.cli import main; main(['--help']); "
        "print([m for m in ('torch', 'cv2', 'numpy', 'matplotlib', 'rosbags') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_error_of_the_system_is_one_line(capfd, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "big.mp4")

    monkeypatch.setattr("re3_ros.cli._app.app", full)
    assert main([]) == 2
    assert capfd.readouterr().err == "Error: big.mp4: No space left on device\n"


def test_mistakes_of_ours_are_not_hidden(monkeypatch):
    def broken(*_, **__):
        raise KeyError("bug")

    monkeypatch.setattr("re3_ros.cli._app.app", broken)
    with pytest.raises(KeyError):
        main([])
