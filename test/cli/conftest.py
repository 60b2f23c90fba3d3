# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The command run in this process, with the double of a network for weights."""

from pathlib import Path

import pytest

from re3_ros.bags import IMAGE, BagWriter, header, image_message
from re3_ros.cli import main


@pytest.fixture
def re3(capfd, monkeypatch, tmp_path, doubles):
    """Return a function that runs ``re3``: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("re3_ros.tracking._session.load", lambda *_: doubles.Finder())
    monkeypatch.setattr("re3_ros.weights.default_weights", lambda: Path("finder.safetensors"))

    def run(*arguments):
        code = main([str(a) for a in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def box(doubles):
    return doubles.xywh(doubles.truth(0))


@pytest.fixture
def bag(tmp_path, doubles):
    path = tmp_path / "in"
    with BagWriter(path) as writer:
        for i in range(12):
            stamp = 10**9 + i * 40_000_000
            message = image_message(doubles.picture(i), header(stamp, "lens"))
            writer.write("/camera/image_raw", IMAGE, message, stamp)
    return path
