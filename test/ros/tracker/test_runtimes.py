# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""A node whose fastest runtime cannot be had."""

import os
import sys

import pytest

pytestmark = pytest.mark.ros

BROKEN = "raise AttributeError('this torch has no attribute float8_e4m3fn')\n"


@pytest.fixture
def broken_openvino(tmp_path, monkeypatch):
    """Let processes that are started find an OpenVINO that cannot be imported.

    And a torch that is new enough for it, wherever this runs.
    """
    for name in ("openvino", "torch"):
        about = tmp_path / f"{name}-3000.0.dist-info"
        about.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 3000.0\n"
        (about / "METADATA").write_text(text, encoding="utf-8")
    (tmp_path / "openvino.py").write_text(BROKEN)
    given = filter(None, [os.environ.get("PYTHONPATH", ""), *sys.path])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *given]))


def test_the_log_says_in_a_line_why_and_the_node_tracks_with_torch(
    broken_openvino, make_tracker, tmp_path
):
    from re3_ros.network import build, save

    path = tmp_path / "small.safetensors"
    save(build("compact", mixed=8, heat_maps=2, fc_width=8, lstm_width=8, match=8), path, {})
    it = make_tracker("/fallback", runtime="auto", weights=str(path)).bring_up()
    lines = [line for line in it.log.read_text().splitlines() if "cannot be had" in line]
    assert len(lines) == 1, it.log.read_text()
    assert "[WARN]" in lines[0]
    assert "[fallback.re3_tracker]" in lines[0]
    assert "is tried: AttributeError: this torch has no attribute float8_e4m3fn" in lines[0]
    assert "Traceback" not in it.log.read_text()
    status = it.follow()
    assert "torch" in status.device
