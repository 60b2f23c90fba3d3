# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
"""The long run can be begun: a short one goes through all that happens to a session."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest

STUDIES = Path(__file__).resolve().parents[2] / "studies"


@pytest.fixture
def soak_session(monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.syspath_prepend(STUDIES)
    import soak_session

    monkeypatch.setattr(soak_session, "SAMPLES", 50)
    yield soak_session
    for name in [name for name in sys.modules if name.startswith("soak")]:
        del sys.modules[name]


def test_a_short_run_is_reported(soak_session, tmp_path):
    import soak_report

    options = Namespace(frames=1000, shipped=False, traced=False, minutes=0)
    run = soak_session.run_session(options)
    assert run["frames"] == 1000
    assert run["refused"] > 0
    assert all(run["states"][state] > 0 for state in ("NEW", "TRACKING", "LOST"))
    assert "memory of the process" in soak_report.table({**run, "load": 0.0, "cores": 1})
